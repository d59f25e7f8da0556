"""The files under the manifest folders of a project. Nothing is skipped silently: that would be a silent delete."""

from __future__ import annotations

import errno
import os
import pathlib

from portctl.disk import is_within
from portctl.findings import Findings
from portctl.model.project import Project
from portctl.source import Source

MANIFEST_SUFFIXES = (".yaml", ".yml", ".json")
_IGNORED = (".gitkeep", ".gitignore", ".gitattributes", ".DS_Store")


def find_files(project: Project, findings: Findings) -> tuple[str, ...]:
    """Every file that has to be accounted for, relative to the project, sorted.

    Markdown and git's own files are left out; symbolic links may not leave the project or stand for folders.
    """
    found: list[str] = []
    for folder in project.manifests:
        top = project.root / folder
        if not is_there(top):
            if folder in project.named:
                findings.error(
                    "No such folder",
                    project.named[folder],
                    detail=f"{folder} does not exist, and what it declared would count as gone.",
                    hint="Correct the name, make the folder, or take it out of `manifests:`.",
                )
            continue
        if not is_within(top, project.root) or not top.is_dir():
            findings.error("Not a folder of this project", Source(folder), detail="It is a file, or leads elsewhere.")
            continue

        def unreadable(error: OSError) -> None:
            where = pathlib.Path(error.filename).relative_to(project.root).as_posix()
            findings.error("Folder cannot be read", Source(where), detail=f"{error.strerror}.")

        for above, folders, names in os.walk(top, onerror=unreadable):
            folders.sort()
            for name in folders:
                path = pathlib.Path(above, name)
                if path.is_symlink():
                    hint = "Put the files here, or name their folder under `manifests:`."
                    findings.error(
                        "Link to a folder", _source(path, project), detail="Such links are not followed.", hint=hint
                    )
            for name in names:
                path = pathlib.Path(above, name)
                if _counts(path, project, findings):
                    found.append(_name(path, project))
    return tuple(sorted(found))


def is_there(top: pathlib.Path) -> bool:
    """Whether it exists; what has too long a name for that does not."""
    try:
        return top.exists()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def _counts(path: pathlib.Path, project: Project, findings: Findings) -> bool:
    if path.name in _IGNORED or path.suffix.lower() == ".md":
        return False
    if not is_within(path, project.root):
        findings.error(
            "Link out of the project",
            _source(path, project),
            detail="The file is a link that leads out of the project.",
            hint="Copy the file into the project.",
        )
        return False
    if not path.is_file():
        what = _what(path)
        findings.error(
            "Not a file",
            _source(path, project),
            detail=f"It is {what}, and manifests are read from files.",
            hint="Put a file in its place, or remove it.",
        )
        return False
    if not _name(path, project).isprintable():
        findings.error("Unprintable file name", _source(path, project), detail="Rename the file.")
        return False
    return True


def _what(path: pathlib.Path) -> str:
    """What is neither a file nor a folder, in words."""
    if not path.exists():
        return "a link that leads nowhere"
    if path.is_fifo():
        return "a pipe"
    return "a socket" if path.is_socket() else "a device"


def _name(path: pathlib.Path, project: Project) -> str:
    return path.relative_to(project.root).as_posix()


def _source(path: pathlib.Path, project: Project) -> Source:
    return Source(_name(path, project).encode(errors="backslashreplace").decode())


def unrecognised(file: str, findings: Findings) -> None:
    findings.error(
        "Unrecognised file",
        Source(file),
        detail="It is no manifest, and no manifest names it as `template:` or `source:`.",
        hint="Name it in a manifest, or move it out of the manifest folders.",
    )
