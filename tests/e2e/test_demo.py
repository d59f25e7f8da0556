"""The demo runs from beginning to end, fails where the sandbox does, and leaves nothing behind."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

from tests.waiting import PATIENCE_SECONDS

DEMO = pathlib.Path(__file__).parents[2] / "demo" / "run"
DROPPED = '{"kind": "drop_field", "method": "POST", "path": "^/v1/actions", "field": "title"}'
REFUSED = '{"kind": "status", "method": "DELETE", "path": "^/v1/actions/", "status": 422}'


def demo(scratch: pathlib.Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script as `make demo` runs it, with a folder of its own for temporary files."""
    path = f"{pathlib.Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "TMPDIR": str(scratch)}
    return subprocess.run(
        [str(DEMO), *arguments], capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, env=environment
    )


def processes(scratch: pathlib.Path) -> list[str]:
    """Command lines of the processes that work in `scratch`."""
    lines = []
    for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(scratch) in line:
            lines.append(line)
    return lines


def test_every_step_of_the_demo_does_what_it_says(tmp_path: pathlib.Path) -> None:
    done = demo(tmp_path)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "demo: all 8 steps did what they say"), done.stderr
    assert "NOT SO" not in done.stdout + done.stderr
    assert (list(tmp_path.iterdir()), processes(tmp_path)) == ([], [])


@pytest.mark.parametrize(
    ("fault", "step", "code"),
    [(DROPPED, 3, 7), (REFUSED, 6, 1)],
    ids=["a title that Port drops", "a deletion that Port refuses"],
)
def test_with_one_fault_the_demo_fails_and_names_the_step(
    fault: str, step: int, code: int, tmp_path: pathlib.Path
) -> None:
    done = demo(tmp_path, "--fault", fault)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr.splitlines()[-1] == f"demo: FAILED in step {step} (exit {code})"
    assert done.stdout.count("\n=== ") == step
    assert (list(tmp_path.iterdir()), processes(tmp_path)) == ([], [])
