"""Three-way merges, file by file. Renames are not followed: moved on one side and edited on the other conflicts."""

from __future__ import annotations

import tempfile
from pathlib import Path

from portctl.sandbox.gitlab.git.repository import Entry, GitFailed, Repository
from portctl.sandbox.gitlab.git.writing import Blob


class Conflict(Exception):
    """Both sides changed the same lines, or one deleted what the other changed."""


def merged(repository: Repository, ours: str, theirs: str) -> dict[str, Blob | None]:
    """What to change in `ours` so that it holds the changes of `theirs`. Errors: Conflict."""
    start = repository.merge_base(ours, theirs)
    base = repository.files(start) if start else {}
    own, other = repository.files(ours), repository.files(theirs)
    changes: dict[str, Blob | None] = {}
    for path in sorted({*base, *other}):
        was, here, there = (_identity(files.get(path)) for files in (base, own, other))
        if there in (was, here):
            continue
        if here == was:
            entry = other.get(path)
            changes[path] = None if entry is None else Blob(sha=entry.sha, mode=entry.mode)
        else:
            changes[path] = _lines_merged(repository, base.get(path), own.get(path), other.get(path))
    return changes


def _identity(entry: Entry | None) -> tuple[str, str] | None:
    return None if entry is None else (entry.mode, entry.sha)


def _lines_merged(repository: Repository, base: Entry | None, ours: Entry | None, theirs: Entry | None) -> Blob:
    if base is None or ours is None or theirs is None:
        raise Conflict
    with tempfile.TemporaryDirectory(prefix="merge-") as folder:
        files = []
        for name, entry in (("ours", ours), ("base", base), ("theirs", theirs)):
            file = Path(folder) / name
            file.write_bytes(repository.blob(entry.sha))
            files.append(str(file))
        try:
            content = repository.run("merge-file", "-p", "-q", *files)
        except GitFailed as error:
            raise Conflict from error
    return Blob(content, mode=theirs.mode if ours.mode == base.mode else ours.mode)
