"""Where stories are played: a sandbox of its own, with a copy of a project applied to it."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence

from portctl.config.project import load_project
from portctl.errors import InvalidInput, PortctlError
from portctl.sandbox import launcher

_APPLY_SECONDS = 300.0
_LAST_LINES = 12


@contextlib.contextmanager
def stage(
    project: pathlib.Path, *, switches: Sequence[str] = (), faults: Sequence[str] = ()
) -> Iterator[launcher.Running]:
    """A new sandbox in a temporary folder, which goes away afterwards. Switches and faults as for `sandbox up`.

    Errors: InvalidInput without a project; PortctlError where the sandbox fails, or the project cannot be applied.
    """
    folder = pathlib.Path(tempfile.mkdtemp(prefix="portctl-demo-"))
    try:
        _copy(project, folder)
        running = launcher.up(folder, switches=tuple(switches), faults=tuple(faults))
        _apply(folder)
        yield running
    except launcher.ControlError as error:
        raise PortctlError("The sandbox failed", str(error)) from error
    finally:
        with contextlib.suppress(launcher.ControlError):
            launcher.down(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _copy(project: pathlib.Path, folder: pathlib.Path) -> None:
    """What the project file names, and nothing else of the folder."""
    if not (project / "portctl.yaml").is_file():
        raise InvalidInput("No project", f"{project} has no portctl.yaml", hint="Run it in a project that deploys.")
    try:
        for name in ("environments", *load_project(project).manifests):
            if (project / name).is_dir():
                shutil.copytree(project / name, folder / name)
    except shutil.Error as error:
        source, _, why = error.args[0][0]
        hint = f"It is copied to {folder.parent}; TMPDIR names another place."
        raise PortctlError("The project cannot be copied", f"{source}: {why}", hint=hint) from error
    shutil.copy(project / "portctl.yaml", folder)


def _apply(folder: pathlib.Path) -> None:
    """By the command itself, as a person would call it."""
    command = [sys.executable, "-m", "portctl", "-C", str(folder), "apply", "--yes", "-e", "sandbox"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_APPLY_SECONDS
    )
    if ended.returncode != 0:
        last = "\n".join((ended.stdout + ended.stderr).splitlines()[-_LAST_LINES:])
        raise PortctlError("The project could not be applied", f"portctl apply:\n{last}")
