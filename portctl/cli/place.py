"""Which project a command about the sandbox belongs to."""

from __future__ import annotations

from pathlib import Path

from portctl.cli.session import current


def project_folder() -> Path:
    """The folder of the project file, from the current one upwards; without such a file the current one."""
    start = current().directory.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "portctl.yaml").exists()), start)
