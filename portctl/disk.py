"""Files: read so that no command hangs on one, written whole or not at all.

Every error is an OSError that names the file, whatever step of the work failed. All writes of portctl go through here
and through functions of `os`, so that a test can let each of them fail.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import pathlib
import secrets
import select
import stat
from collections.abc import Iterator

MOST_BYTES = 64 * 1024 * 1024
_PIECE = 65_536
_PIPE_SECONDS = 60.0
_NO_SUPPORT = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EACCES})


def read_bytes(path: pathlib.Path, *, most_bytes: int = MOST_BYTES) -> bytes:
    """The content of a file, or of a pipe as a shell makes it for `<(command)`.

    Anything else, more than `most_bytes`, and a pipe into which nobody writes are errors: none of them may end.
    """
    with _named(path):
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            _check_kind(file)
            content = bytearray()
            while piece := _piece(file):
                content += piece
                if len(content) > most_bytes:
                    raise OSError(errno.EFBIG, f"more than {most_bytes:,} bytes")
            return bytes(content)
        finally:
            os.close(file)


def read_text(path: pathlib.Path, *, most_bytes: int = MOST_BYTES) -> str:
    """As `read_bytes`, line breaks as they are; UnicodeDecodeError for what is not UTF-8."""
    return read_bytes(path, most_bytes=most_bytes).decode()


def make_folder(path: pathlib.Path) -> None:
    """Make a folder and those above it, where they are missing."""
    with _named(path):
        path.mkdir(parents=True, exist_ok=True)


def write_whole(path: pathlib.Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` in the place of a file in one step, on disk before this returns; the folder is made.

    A reader, and a crash at any moment, finds the old content or the new. A link is followed, a file that is there
    keeps its mode. What is no file (a device, a folder) is not replaced.
    """
    with _named(path):
        real = pathlib.Path(os.path.realpath(path))
        real.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            there = os.stat(real)
            if not stat.S_ISREG(there.st_mode):
                raise OSError(errno.EINVAL, "it is there and no file")
            mode = stat.S_IMODE(there.st_mode)
        beside = real.with_name(f"{real.name}.{secrets.token_hex(4)}")
        file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
        try:
            try:
                with contextlib.suppress(PermissionError):  # file systems without modes
                    os.fchmod(file, mode)
                write_all(file, text.encode())
                os.fsync(file)
            finally:
                os.close(file)
            os.replace(beside, real)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(beside)
            raise
        _keep_entry(real.parent)


def write_all(file: int, content: bytes) -> None:
    """Write all of `content`: one call may write a part, and say only at the next that there is no room."""
    while content:
        content = content[os.write(file, content) :]


def open_own(path: pathlib.Path, flags: int, mode: int = 0o600) -> int:
    """Open a file that nobody but portctl writes, made with its folder. Links and what is no file are refused."""
    with _named(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, mode)
        try:
            _check_kind(file, pipes=False)
        except BaseException:
            os.close(file)
            raise
        return file


def lock(file: int, path: pathlib.Path) -> bool:
    """Whether the lock of an open file could be had. It goes when the file is closed, or its process ends."""
    with _named(path):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_within(path: pathlib.Path, folder: pathlib.Path) -> bool:
    """Whether `path` lies below `folder` once links are followed. A link that leads to itself lies where it stands."""
    return pathlib.Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def dangling(path: pathlib.Path) -> pathlib.Path | None:
    """The link on the way to `path`, itself included, that leads nowhere: what it stands for may be elsewhere."""
    nearest = next(each for each in (path, *path.parents) if os.path.lexists(each))
    return None if os.path.exists(nearest) else nearest


def what_helps(error: OSError) -> str:
    """What to do about `error`, in a sentence; "" where what it says is all that can be said."""
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT | errno.EFBIG:
            return "Make room there, then run the same command again."
        case errno.EROFS | errno.EACCES | errno.EPERM:
            return "Let this user write there, then run the same command again."
        case errno.EIO:
            return "The disk reports an error: look at it before anything else."
    return ""


@contextlib.contextmanager
def _named(path: pathlib.Path) -> Iterator[None]:
    """Errors name `path`, and not a file beside it or none at all."""
    try:
        yield
    except ValueError as error:
        raise OSError(errno.EINVAL, "no file has such a name", repr(str(path))) from error
    except OSError as error:
        raise OSError(error.errno, error.strerror or "it cannot be used", str(path)) from error


def _check_kind(file: int, *, pipes: bool = True) -> None:
    mode = os.fstat(file).st_mode
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not (stat.S_ISREG(mode) or (pipes and stat.S_ISFIFO(mode))):
        raise OSError(errno.EINVAL, "it is a pipe, a device or a socket, and no file")


def _piece(file: int) -> bytes:
    """The next bytes, b"" at the end."""
    try:
        return os.read(file, _PIECE)
    except BlockingIOError:
        poll = select.poll()
        poll.register(file, select.POLLIN)
        if not poll.poll(_PIPE_SECONDS * 1000):
            raise OSError(errno.ETIMEDOUT, f"nothing came out of the pipe for {_PIPE_SECONDS:g} seconds") from None
        return os.read(file, _PIECE)


def _keep_entry(folder: pathlib.Path) -> None:
    """Let the folder's new entry outlive a crash, where the file system knows of such things."""
    file = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    except OSError as error:
        if error.errno not in _NO_SUPPORT:
            raise
    finally:
        os.close(file)
