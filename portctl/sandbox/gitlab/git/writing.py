"""New commits, each written by one `git fast-import`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portctl.sandbox.gitlab.git.repository import Repository

EXECUTABLE, REGULAR = "100755", "100644"


@dataclass(frozen=True, slots=True)
class Signature:
    name: str
    email: str
    epoch_seconds: int

    def line(self) -> str:
        name, email = (text.translate(_UNSAFE) for text in (self.name, self.email))
        return f"{name} <{email}> {self.epoch_seconds} +0000"


@dataclass(frozen=True, slots=True)
class Blob:
    """A file to be written: its content, or the id of one that the repository has."""

    content: bytes | None = None
    sha: str | None = None
    mode: str = REGULAR


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCommit:
    """`changes`: path to what stands there afterwards, None for nothing. `parents`: empty for a first commit."""

    branch: str
    parents: Sequence[str]
    author: Signature
    committer: Signature
    message: str
    changes: Mapping[str, Blob | None]


def write_commit(repository: Repository, new: NewCommit) -> str:
    """Write the commit, put the branch on it (wherever it was), and say its id."""
    message = new.message.encode()
    lines = [
        f"commit refs/heads/{new.branch}\nmark :1\nauthor {new.author.line()}\n".encode(),
        f"committer {new.committer.line()}\ndata {len(message)}\n".encode() + message + b"\n",
    ]
    if new.parents:
        lines.append(f"from {new.parents[0]}\n".encode())
    lines += [f"merge {parent}\n".encode() for parent in new.parents[1:]]
    removed = [path for path, blob in new.changes.items() if blob is None]
    lines += [f"D {_quoted(path)}\n".encode() for path in removed]
    lines += [_modification(path, blob) for path, blob in new.changes.items() if blob is not None]
    reset = f"reset refs/heads/{new.branch}\n".encode() if not new.parents else b""
    stream = b"".join([reset, *lines, b"\nget-mark :1\ndone\n"])
    written = repository.run("fast-import", "--quiet", "--force", "--done", "--date-format=raw", feed=stream)
    return written.decode().split()[0]


def _modification(path: str, blob: Blob) -> bytes:
    if blob.content is None:
        return f"M {blob.mode} {blob.sha} {_quoted(path)}\n".encode()
    return f"M {blob.mode} inline {_quoted(path)}\ndata {len(blob.content)}\n".encode() + blob.content + b"\n"


def _quoted(path: str) -> str:
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


_UNSAFE = str.maketrans("", "", "<>\n\0")
