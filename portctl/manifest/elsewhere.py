"""Files that look like manifests and stand where nobody reads them: what they declare would be missing without a word.

Looked at are the project's own folder and those one and two levels below, nearest first, and no more of a large
repository than `MOST_ENTRIES` entries and `_MOST_FILES` files: a warning that may be missing there costs no time.
"""

from __future__ import annotations

import contextlib
import os
import pathlib
import re
from collections.abc import Iterator
from itertools import islice

from portctl.config.project import PROJECT_FILE
from portctl.manifest.tree import MANIFEST_SUFFIXES
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.project import Project
from portctl.source import Source

_LEVELS = 2
MOST_ENTRIES = 5_000
"""Of all folders together."""
_MOST_FILES = 200
_HEAD_BYTES = 8_192
"""So much of a file is read: its first lines say what it is."""

_OF_OTHERS = ("node_modules", "venv", "__pycache__")
"""Folders full of what somebody else wrote. Hidden ones (`.git`, `.venv`) are left out as well."""

_TOP = rb"""(?:^|(?:^|[{,])\s*(?=["']))["']?"""
"""Where a key of the top level may begin: at the beginning of a line, or in quotes, as in JSON."""

_VERSION = re.compile(_TOP + rb"""apiVersion["']?\s*:\s*["']?portctl/""", re.MULTILINE)
_KIND = re.compile(_TOP + rb"""kind["']?\s*:\s*["']?[a-z]+(@[\w-]+)?/[A-Z]""", re.MULTILINE)
"""An environment file has a version, and no kind."""


def read_by_nobody(project: Project) -> Iterator[Diagnostic]:
    """One warning that names the first such file, and how many there are."""
    candidates = (file for file in _files(project) if file.suffix.lower() in MANIFEST_SUFFIXES)
    found = [file for file in islice(candidates, _MOST_FILES) if _looks_like_a_manifest(file)]
    if not found:
        return
    first = min(found).relative_to(project.root)
    more = f", and so do {len(found) - 1} more files" if len(found) > 2 else ", and so does another file"
    folder = first.parent.as_posix()
    yield Diagnostic(
        rule="manifest",
        severity=Severity.WARNING,
        summary="Manifest that is not read",
        source=Source(first.as_posix().encode(errors="backslashreplace").decode()),
        detail=f"It looks like a manifest{more if len(found) > 1 else ''}, and stands in no manifest folder.",
        hint=f"Name {folder} under `manifests:` in {PROJECT_FILE}, or move the file into a folder that is named there."
        if first.parent.parts
        else "Move it into one of the manifest folders.",
    )


def _files(project: Project) -> Iterator[pathlib.Path]:
    """The files of the folders that are looked at, without those of manifest folders and of other projects."""
    left = MOST_ENTRIES
    level = [project.root]
    for _ in range(_LEVELS + 1):
        below: list[pathlib.Path] = []
        for folder in level:
            entries = _entries(folder, left)
            left -= len(entries)
            if folder != project.root and any(entry.name == PROJECT_FILE for entry in entries):
                continue
            for entry in entries:
                path = folder / entry.name
                if entry.is_file(follow_symlinks=False):
                    yield path
                elif entry.is_dir(follow_symlinks=False) and _is_looked_at(path, project):
                    below.append(path)
        level = below


def _entries(folder: pathlib.Path, most: int) -> list[os.DirEntry[str]]:
    """Up to `most`, by name; none of a folder that cannot be read."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return sorted(islice(entries, most), key=lambda entry: entry.name)
    return []


def _is_looked_at(folder: pathlib.Path, project: Project) -> bool:
    named = folder.relative_to(project.root).as_posix() in project.manifests
    return not named and not folder.name.startswith(".") and folder.name not in _OF_OTHERS


def _looks_like_a_manifest(file: pathlib.Path) -> bool:
    with contextlib.suppress(OSError), file.open("rb") as content:
        head = content.read(_HEAD_BYTES)
        return _VERSION.search(head) is not None and _KIND.search(head) is not None
    return False
