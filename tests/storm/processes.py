"""Living processes, as the kernel lists them."""

from __future__ import annotations

from pathlib import Path

_HELPERS = ("jq_child.py", "rules/child.py")
"""What the sandbox keeps for the next program in jq, and the next script of ServiceNow."""


def living(root: int, folder: Path) -> list[str]:
    """The descendants of a process but for its helpers, and whatever works below a folder."""
    parents: dict[int, int] = {}
    words: dict[int, str] = {}
    inside: set[int] = set()
    for place in Path("/proc").iterdir():
        try:
            if not place.name.isdigit():
                continue
            state, parent, *_ = (place / "stat").read_text().rpartition(")")[2].split()
            words[int(place.name)] = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if state not in ("Z", "X"):
                parents[int(place.name)] = int(parent)
                if (place / "cwd").resolve().is_relative_to(folder):
                    inside.add(int(place.name))
        except OSError:
            continue  # it has ended meanwhile
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    found = [words[pid].strip() for pid in sorted((family | inside) - {root})]
    return [each for each in found if not each.endswith(_HELPERS)]
