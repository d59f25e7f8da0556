"""This project, applied to a sandbox of its own."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

from portctl.manifest.project import load_project
from portctl.sandbox import control

ROOT = pathlib.Path(__file__).parents[2]
_APPLY_SECONDS = 120.0


@contextlib.contextmanager
def stage(folder: pathlib.Path) -> Iterator[control.Running]:
    """A sandbox in `folder`, which is empty; vendors' limits are on."""
    for name in ("environments", *load_project(ROOT).manifests):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "portctl.yaml", folder)
    running = control.up(folder)
    try:
        command = [sys.executable, "-m", "portctl", "-C", str(folder), "apply", "--yes", "-e", "sandbox"]
        ended = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_APPLY_SECONDS
        )
        if ended.returncode != 0:
            raise RuntimeError(f"the project was not applied:\n{ended.stdout}{ended.stderr}")
        yield running
    finally:
        control.down(folder)
