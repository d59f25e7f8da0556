"""Commands that stand in for what is in the image of a job: package managers, portctl and Python."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

_INSTALLER = """#!/bin/sh
# Stands in for a package manager: nothing is installed, what is asked for must be there.
command=""
skip=""
for word; do
  if [ -n "$skip" ]; then skip=""; continue; fi
  case "$word" in
    -t|--virtual|-X|--repository|-p|--root|-o) skip=yes ;;
    -*) ;;
    *)
      if [ -z "$command" ]; then command=$word; continue; fi
      case "$command" in add|install) ;; *) continue ;; esac
      package=${word%%[=~<>@]*}
      command -v "$package" >/dev/null || {
        echo "$(basename "$0"): the sandbox installs nothing, and has no command \\"$package\\"" >&2
        exit 1
      } ;;
  esac
done
exit 0
"""
_PORTCTL = """#!/bin/sh
# Stands in for the portctl of an image: it is the installation that this sandbox belongs to.
exec {python} -P -c 'import sys; sys.path.insert(0, sys.argv.pop(1)); from portctl.cli import main; main()' {root} "$@"
"""
_PYTHON = """#!/bin/sh
# Python with the packages of this installation, which has what the tests of the sandbox's services need.
exec {python} "$@"
"""
_ROOT = Path(__file__).resolve().parents[5]


def stand_ins(folder: Path) -> Path:
    """Where the commands are, written if need be."""
    place = folder / "stand-ins"
    place.mkdir(parents=True, exist_ok=True)
    for name in ("apk", "apt-get", "apt"):
        _write(place / name, _INSTALLER)
    _write(place / "portctl", _PORTCTL.format(python=shlex.quote(sys.executable), root=shlex.quote(str(_ROOT))))
    return place


def python(place: Path) -> Path:
    """The command `python3` in a folder, written if need be. A link would lose the packages of a virtual one."""
    _write(place / "python3", _PYTHON.format(python=shlex.quote(sys.executable)))
    return place


def _write(file: Path, content: str) -> None:
    """Jobs may be running it: what is right already stays as it is."""
    if file.is_file() and file.read_text(encoding="utf-8") == content:
        return
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(content, encoding="utf-8")
    fresh.chmod(0o755)
    fresh.replace(file)
