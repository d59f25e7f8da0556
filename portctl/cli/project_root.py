"""Which project a command belongs to, and the folder in it that is for this machine alone."""

from __future__ import annotations

import os
from pathlib import Path

from portctl.cli.common_options import current
from portctl.disk import make_folder, write_whole

PRIVATE = ".portctl"
_ALL_OF_IT = (
    "# Written by portctl: credentials of the sandbox and notes of this machine. None of it is for others.\n*\n"
)


def project_folder() -> Path:
    """The folder of the project file, from the current one upwards; without such a file the current one.

    Raises InvalidInput where the folder that was named is none.
    """
    from portctl.config.project import require_folder

    require_folder(current().directory)
    start = current().directory.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / "portctl.yaml").exists()), start)


def private_folder(project: Path) -> Path:
    """The folder for what belongs to this machine, made where it is missing. git sees nothing of it."""
    return ignoring(project / PRIVATE, _ALL_OF_IT)


def ignoring(folder: Path, ignored: str) -> Path:
    """`folder`, made where it is missing, with a .gitignore. One that is there already is the user's."""
    make_folder(folder)
    if not os.path.lexists(folder / ".gitignore"):
        write_whole(folder / ".gitignore", ignored, mode=0o644)
    return folder
