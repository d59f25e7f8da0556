"""Every file that portctl reads, in whose place there is something else: told by its name, and never waited for."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portctl.cli.run import run
from tests.unit.cli.conftest import BLUEPRINT, PROJECT
from tests.waiting import PATIENCE_SECONDS

ENVIRONMENT = """\
apiVersion: portctl/v1
instances:
  port:
    default: {url: "https://localhost:1", clientId: id, clientSecret: "<% secret('TOKEN') %>"}
  gitlab:
    default: {url: "https://localhost:2", token: "<% secret('OTHER') %>"}
"""
PIPELINE = """\
apiVersion: portctl/v1
kind: gitlab/Project
metadata: {name: code}
spec: {path_with_namespace: a/b}
---
apiVersion: portctl/v1
kind: gitlab/Files
metadata: {name: files, in: "gitlab/Project:code"}
spec: {branch: main, files: {.gitlab-ci.yml: {source: ci.yml}}}
"""
MAKES: dict[str, Callable[[pathlib.Path], Any]] = {
    "pipe": os.mkfifo,
    "folder": os.mkdir,
    "endless device": lambda path: path.symlink_to("/dev/zero"),
    "empty device": lambda path: path.symlink_to("/dev/null"),
    "link to itself": lambda path: path.symlink_to(path),
    "link to nowhere": lambda path: path.symlink_to("nowhere"),
}
FILES = {
    "portctl.yaml": ("validate",),
    "environments/prod.yaml": ("validate",),
    "blueprints/change.yaml": ("validate",),
    "pipelines/ci.yml": ("validate",),
    "values.yaml": ("validate", "--values", "values.yaml"),
    "plan.json": ("show", "plan.json"),
    "token": ("plan",),
    ".env": ("plan",),
    "ledger/prod.json": ("state", "list"),
    ".portctl/sandbox.json": ("validate",),
}
HARMLESS = {(".portctl/sandbox.json", "link to nowhere"), ("blueprints/change.yaml", "folder")}
"""No sandbox is up, and a folder of manifests."""


@pytest.fixture
def project(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """Every file of a project that uses all of them. What waits for more than a minute is broken off."""
    secrets = "secrets:\n  TOKEN: {file: token}\n  OTHER: {dotenv: OTHER}\n"
    texts = {
        "portctl.yaml": PROJECT.replace("secrets:\n  TOKEN: {env: TOKEN}\n", secrets).replace("sandbox", "prod"),
        "environments/prod.yaml": ENVIRONMENT,
        "blueprints/change.yaml": BLUEPRINT.replace("<% values.title %>", "Change"),
        "pipelines/files.yaml": PIPELINE,
        "pipelines/ci.yml": "job: {script: 'true'}\n",
        "values.yaml": "title: x\n",
        "token": "t0ken-of-port\n",
        ".env": "OTHER=0ther-secret\n",
    }
    for name, text in texts.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def too_long(*_: object) -> None:
        raise AssertionError("it waits for a file")

    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)


@pytest.mark.parametrize("what", MAKES)
@pytest.mark.parametrize("name", FILES)
def test_what_stands_in_the_place_of_a_file_is_told_and_not_waited_for(
    name: str, what: str, project: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = project / name
    file.unlink(missing_ok=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    MAKES[what](file)
    code = run(FILES[name])
    told = capsys.readouterr()
    said = told.out + told.err
    assert "bug in portctl" not in said
    assert "Traceback" not in said
    if (name, what) in HARMLESS:
        assert code == 0, said
        return
    assert code in (1, 3, 64), (code, said)
    assert file.name in said, said


def test_a_file_that_vanishes_between_listing_and_reading_is_told(
    project: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else changes the folder meanwhile: a manifest less would be a delete."""
    real = os.open

    def vanishing(path: Any, *rest: Any, **more: Any) -> int:
        if str(path).endswith("blueprints/change.yaml"):
            (project / "blueprints/change.yaml").unlink(missing_ok=True)
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", vanishing)
    assert run(["validate"]) == 3
    assert capsys.readouterr().out.startswith(
        "error[manifest]: File cannot be read\n  blueprints/change.yaml:1:1\n  No such file or directory.\n"
    )


@pytest.mark.parametrize(
    "name", ["portctl.yaml", "environments/prod.yaml", "blueprints/change.yaml", "pipelines/ci.yml"]
)
def test_a_file_that_may_not_be_read_is_told(
    name: str, project: pathlib.Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may read everything, so it is the system's answer that is replaced."""
    real = os.open

    def refusing(path: Any, *rest: Any, **more: Any) -> int:
        if str(path) == str(project / name):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest, **more)

    monkeypatch.setattr(os, "open", refusing)
    assert run(["validate"]) == 3
    told = capsys.readouterr()
    assert "Permission denied" in told.out + told.err
    assert name in told.out + told.err


def test_values_come_from_a_command_as_a_shell_gives_them(project: pathlib.Path) -> None:
    line = f"{sys.executable} -m portctl validate --values <(echo 'title: y')"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=project, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", ["version", "validate", "validate --json", "render", "--help"])
def test_output_that_has_no_room_is_an_error_and_no_traceback(command: str, project: pathlib.Path) -> None:
    line = f"{sys.executable} -m portctl {command} > /dev/full"
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, check=False, cwd=project, timeout=PATIENCE_SECONDS
    )
    why = "No space left on device; of the output, if that goes into a file or a pipe"
    assert (done.returncode, done.stderr) == (1, f"error: The system refused\n  {why}\n")


def test_somebody_without_a_name_and_a_home_can_work(project: pathlib.Path) -> None:
    """As in a container whose user has no entry in /etc/passwd."""
    bare = {name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")}
    words = [sys.executable, "-m", "portctl", "validate"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=project, timeout=PATIENCE_SECONDS, env=bare
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("depth", [150, 900, 5_000])
@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("plan.json", ("show", "plan.json"), 3),
        ("plan.json", ("apply", "plan.json"), 3),
        ("plan.json", ("validate", "--values", "plan.json"), 3),
        ("ledger/prod.json", ("state", "list"), 1),
        ("blueprints/nested.json", ("validate",), 3),
        (".portctl/sandbox.json", ("validate",), 3),
        (".portctl/sandbox.json", ("sandbox", "status"), 3),
        (".portctl/sandbox/state.json", ("sandbox", "status"), 3),
        ("", ("validate", "--set-json", "a=NESTED"), 3),
        ("", ("sandbox", "up", "--fault", '{"kind": "status", "value": NESTED}'), 64),
        ("", ("sandbox", "up", "--fault", "NESTED"), 64),
    ],
)
def test_json_that_is_nested_too_deep_is_refused_wherever_it_is_read(
    name: str,
    arguments: tuple[str, ...],
    expected: int,
    depth: int,
    project: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nested = "[" * depth + "]" * depth
    if name:
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(f'{{"portctlPlan": 2, "format": 1, "value": {nested}}}', encoding="utf-8")
    code = run([each.replace("NESTED", nested) for each in arguments])
    told = capsys.readouterr()
    assert "This is a bug" not in told.err
    assert code == expected, told


def test_a_sandbox_beside_no_project_says_where_it_is_kept(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".portctl" / "sandbox").mkdir(parents=True)
    (tmp_path / ".portctl" / "sandbox" / "state.json").write_text('{"seed": 1}', encoding="utf-8")
    assert run(["sandbox", "up", "--seed", "2", "-C", str(tmp_path)]) == 3
    note = f"note: {tmp_path} is no project (it has no portctl.yaml); the sandbox is kept in .portctl/ there.\n"
    assert capsys.readouterr().err.startswith(f"{note}error: The sandbox has another seed\n")
    (tmp_path / "portctl.yaml").write_text(PROJECT, encoding="utf-8")
    assert run(["sandbox", "up", "--seed", "2", "-C", str(tmp_path)]) == 3
    assert capsys.readouterr().err.startswith("error: The sandbox has another seed\n")
