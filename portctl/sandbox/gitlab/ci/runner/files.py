"""The files that a job leaves behind: found by path patterns, packed, and unpacked for the next one."""

from __future__ import annotations

import os
import stat
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from portctl.sandbox.gitlab.ci.patterns import BadPattern, path_pattern

LARGEST_BYTES = 100 * 1024 * 1024


def find_files(root: Path, patterns: Iterable[str], excluded: Iterable[str] = ()) -> tuple[list[Path], list[str]]:
    """Files below `root` (relative, sorted) that fit, and the patterns that nothing fits. A folder means all in it."""
    known = sorted(_walk(root))
    left_out = [path_pattern(pattern) for pattern in excluded]
    found: set[Path] = set()
    unmatched: list[str] = []
    for pattern in patterns:
        fitting = {path for path in known if _fits(pattern, path, root)}
        if not fitting:
            unmatched.append(pattern)
        found |= fitting
    return sorted(path for path in found if not any(each.fullmatch(path.as_posix()) for each in left_out)), unmatched


def _walk(root: Path) -> Iterator[Path]:
    for folder, names, files in os.walk(root):
        if Path(folder) == root and ".git" in names:
            names.remove(".git")
        yield from ((Path(folder) / name).relative_to(root) for name in files)


def _fits(pattern: str, path: Path, root: Path) -> bool:
    written = pattern.removeprefix(f"{root}/").removeprefix("./").rstrip("/")
    if written in ("", ".", str(root)):
        return True
    if written.startswith("/") or ".." in PurePosixPath(written).parts:
        return False
    try:
        wanted = path_pattern(written)
    except BadPattern:
        return False
    places = [path, *path.parents][:-1]
    return any(wanted.fullmatch(place.as_posix()) for place in places)


def pack(root: Path, paths: Iterable[Path], archive: Path) -> int:
    """Write a zip file; its size in bytes. What is neither file nor link is left out."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in paths:
            file = root / path
            mode = file.lstat().st_mode
            if stat.S_ISLNK(mode):
                entry = zipfile.ZipInfo(path.as_posix())
                entry.external_attr = mode << 16
                packed.writestr(entry, str(file.readlink()))
            elif stat.S_ISREG(mode):
                packed.write(file, path.as_posix())
    return archive.stat().st_size


def unpack(archive: Path, root: Path) -> int:
    """Put the files of a zip file below `root`, with their modes; how many there were."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            mode = entry.external_attr >> 16
            target = root / entry.filename
            if not target.resolve().is_relative_to(root.resolve()):
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            target.unlink(missing_ok=True)
            if stat.S_ISLNK(mode):
                target.symlink_to(packed.read(entry).decode())
                continue
            target.write_bytes(packed.read(entry))
            target.chmod(stat.S_IMODE(mode) or 0o644)
        return len(packed.infolist())
