"""A job sees its own processes and files, not those of the sandbox, of whoever started it, or of other jobs."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from portctl.sandbox.gitlab.ci.runner import confinement
from portctl.sandbox.server import address_file
from tests.sandbox.gitlab_ci.workshop import Workshop
from tests.servers import gitlab_client, running_sandbox

WARNING = "WARNING: on this machine jobs see the processes and files of their user"
LOOK = """
look:
  script:
    - for place in "$STATE" "$STATE.json" "$JOBS"; do umount -l "$place" 2>/dev/null || true; done
    - echo "environments $(cat /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n' | grep -c "^CANARY=" || true)"
    - echo "stranger $(kill -0 $STRANGER 2>/dev/null && echo found || echo none)"
    - echo "state $(cat $STATE/state.json 2>/dev/null | grep -c . || true)"
    - echo "addresses $(cat $STATE.json 2>/dev/null)"
    - echo "others $(cat $JOBS/other/file 2>/dev/null)"
    - echo mine > mine; pwd | grep -c "^$JOBS/job-[0-9]*-[^/]*/builds/platform/pipelines$"; ls $JOBS | grep -c .
"""
NOTHING = ["environments 0", "stranger none", "state 0", "addresses ", "others ", "1", "1"]
EVERYTHING = ["environments 1", "stranger found", "state 1", "addresses here", "others theirs", "1", "2"]


@pytest.fixture
def stranger() -> Iterator[int]:
    """A process of the same user that has a secret in its environment."""
    with subprocess.Popen([sys.executable, "-c", "input()"], env={"CANARY": "1"}, stdin=subprocess.PIPE) as process:
        yield process.pid
        process.kill()


def look(folder: Path, stranger: int, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], str]:
    """What a job finds of this machine, and its log."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    state = folder / "state"
    with running_sandbox(state_dir=state) as sandbox, gitlab_client(sandbox) as client:
        workshop = Workshop(sandbox, client)
        assert workshop.run("first: {script: [echo first]}") == {"first": "success"}
        (jobs,) = folder.glob("sandbox-jobs-*")
        (jobs / "other").mkdir()
        (jobs / "other" / "file").write_text("theirs")
        address_file(state).write_text("here")
        (state / "state.json").write_text("{}")
        told = f"variables: {{STATE: '{state}', JOBS: '{jobs}', STRANGER: '{stranger}'}}"
        assert workshop.run(f"{told}\n{LOOK}") == {"look": "success"}
        return workshop.output("look"), workshop.log("look")


@pytest.mark.fact("ci-40")
def test_a_job_sees_nothing_of_the_machine_but_its_own(
    tmp_path: Path, stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, log = look(tmp_path, stranger, monkeypatch)
    assert (output, WARNING in log) == ((NOTHING, False) if confinement.is_possible() else (EVERYTHING, True))


@pytest.fixture
def another_system(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(sys, "platform", "plan9")
    confinement.is_possible.cache_clear()
    yield
    confinement.is_possible.cache_clear()


@pytest.mark.fact("ci-40")
@pytest.mark.usefixtures("another_system")
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="what can be seen is looked for in /proc")
def test_where_jobs_cannot_be_confined_their_log_says_so(
    tmp_path: Path, stranger: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    output, log = look(tmp_path, stranger, monkeypatch)
    assert (output, WARNING in log) == (EVERYTHING, True)
