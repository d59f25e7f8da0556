"""What differs between two commits, file by file, as GitLab shows it."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.gitlab.git.repository import Repository

_NO_MODE = "000000"


@dataclass(frozen=True, slots=True)
class FileDiff:
    """`text`: the hunks, without the header."""

    old_path: str
    new_path: str
    old_mode: str
    new_mode: str
    text: str

    def shown(self) -> dict[str, object]:
        return {
            "diff": self.text,
            "new_path": self.new_path,
            "old_path": self.old_path,
            "a_mode": "0" if self.old_mode == _NO_MODE else self.old_mode,
            "b_mode": "0" if self.new_mode == _NO_MODE else self.new_mode,
            "new_file": self.old_mode == _NO_MODE,
            "renamed_file": self.old_path != self.new_path,
            "deleted_file": self.new_mode == _NO_MODE,
            "generated_file": False,
            "collapsed": False,
            "too_large": False,
        }


def differences(repository: Repository, before: str | None, after: str) -> list[FileDiff]:
    """`before` None: everything is new."""
    ends = ["--root", after] if before is None else [before, after]
    raw = repository.run("diff-tree", "-r", "-M", "-z", "--raw", "--no-commit-id", *ends).decode("utf-8", "replace")
    patch = repository.run("diff-tree", "-r", "-M", "-p", "--no-color", "--no-commit-id", *ends)
    texts = _hunks(patch.decode("utf-8", "replace"))
    heads = list(_heads(raw.split("\0")))
    return [FileDiff(*head, text) for head, text in zip(heads, texts, strict=True)]


def _heads(parts: list[str]) -> list[tuple[str, str, str, str]]:
    """Old path, new path, old mode, new mode of each file."""
    found = []
    rest = iter(parts)
    for head in rest:
        if not head:
            continue
        old_mode, new_mode, _, _, kind = head.removeprefix(":").split(" ")
        old_path = next(rest)
        new_path = next(rest) if kind[0] in "RC" else old_path
        found.append((old_path, new_path, old_mode, new_mode))
    return found


def _hunks(patch: str) -> list[str]:
    texts: list[list[str]] = []
    inside = False
    for line in patch.splitlines(keepends=True):
        if line.startswith("diff --git "):
            texts.append([])
            inside = False
        elif line.startswith("@@ "):
            inside = True
        if inside and texts:
            texts[-1].append(line)
    return ["".join(lines) for lines in texts]
