"""Files of all sorts: what is read of them, what is refused, and that nothing hangs."""

from __future__ import annotations

import errno
import os
import pathlib
import socket
import subprocess
import sys
import threading

import pytest

from portctl import disk


def test_a_file_is_read_up_to_a_limit(tmp_path: pathlib.Path) -> None:
    file = tmp_path / "file"
    file.write_bytes("ü".encode() * 100_000)
    assert disk.read_text(file) == "ü" * 100_000
    assert disk.read_bytes(file, most_bytes=200_000) == file.read_bytes()
    with pytest.raises(OSError, match="more than 199,999 bytes") as caught:
        disk.read_bytes(file, most_bytes=199_999)
    assert caught.value.filename == str(file)
    with pytest.raises(OSError, match="more than 67,108,864 bytes"):
        disk.read_bytes(_endless(tmp_path))


def _endless(folder: pathlib.Path) -> pathlib.Path:
    """A file of 70 MB that takes no room."""
    file = folder / "endless"
    with file.open("wb") as opened:
        opened.truncate(70 * 1024 * 1024)
    return file


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("folder", "Is a directory"),
        ("socket", "No such device or address"),
        ("/dev/zero", "it is a pipe, a device or a socket, and no file"),
        ("/dev/tty", "device"),
        ("loop", "Too many levels of symbolic links"),
        ("dangling", "No such file or directory"),
        ("file/below", "Not a directory"),
        ("x" * 300, "File name too long"),
        ("nul\0", "no file has such a name"),
    ],
)
def test_what_is_no_file_is_refused_by_its_name(name: str, why: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "dangling").symlink_to("nowhere")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match=why) as caught:
            disk.read_bytes(tmp_path / name)
    assert name.removesuffix("\0") in str(caught.value.filename)


def test_a_pipe_that_nobody_writes_into_is_empty_and_one_that_somebody_does_is_read(tmp_path: pathlib.Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert disk.read_bytes(pipe) == b""
    end = os.open(pipe, os.O_RDWR)

    def write() -> None:
        os.write(end, b"a" * 200_000)
        os.close(end)

    writer = threading.Thread(target=write)
    writer.start()
    assert disk.read_bytes(pipe) == b"a" * 200_000
    writer.join()


def test_what_a_shell_makes_of_a_command_is_read(tmp_path: pathlib.Path) -> None:
    script = f"exec {sys.executable} -c 'import pathlib, sys; from portctl.disk import read_text; "
    script += "print(read_text(pathlib.Path(sys.argv[1])))' <(echo from a command)"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout == "from a command\n\n"
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_out_of_which_nothing_comes_is_given_up(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    end = os.open(pipe, os.O_RDWR)
    monkeypatch.setattr(disk, "_PIPE_SECONDS", 0.01)
    with pytest.raises(TimeoutError, match="nothing came out of the pipe"):
        disk.read_bytes(pipe)
    os.close(end)


def test_a_file_is_written_whole_through_links_and_keeps_its_mode(tmp_path: pathlib.Path) -> None:
    real, link = tmp_path / "deep" / "real", tmp_path / "link"
    link.symlink_to("middle")
    (tmp_path / "middle").symlink_to(real)
    disk.write_whole(link, "first ü")
    assert (real.read_text(encoding="utf-8"), real.stat().st_mode & 0o777) == ("first ü", 0o600)
    real.chmod(0o644)
    disk.write_whole(link, "second")
    assert (real.read_text(encoding="utf-8"), real.stat().st_mode & 0o777) == ("second", 0o644)
    assert (link.is_symlink(), sorted(file.name for file in real.parent.iterdir())) == (True, ["real"])


@pytest.mark.parametrize("name", ["folder", "pipe", "/dev/null", "/dev/full", "loop"])
def test_what_is_no_file_is_not_replaced(name: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    before = os.lstat(tmp_path / name)
    with pytest.raises(OSError, match=r"no file|symbolic links") as caught:
        disk.write_whole(tmp_path / name, "text")
    assert caught.value.filename == str(tmp_path / name)
    assert os.lstat(tmp_path / name)[:2] == before[:2]


def test_a_write_that_fails_leaves_the_old_content_and_nothing_else(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "file"
    disk.write_whole(file, "old")
    for name in ("open", "fchmod", "write", "fsync", "close", "replace"):
        with monkeypatch.context() as patched:

            def fail(*_: object, **__: object) -> None:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

            patched.setattr(os, name, fail)
            with pytest.raises(OSError, match="No space left on device") as caught:
                disk.write_whole(file, "new")
        assert (name, caught.value.filename, file.read_text()) == (name, str(file), "old")
        assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_own_files_are_no_links_and_nothing_else(tmp_path: pathlib.Path) -> None:
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name, why in (("link", "symbolic links"), ("folder", "Is a directory"), ("pipe", "it is a pipe")):
        with pytest.raises(OSError, match=why) as caught:
            disk.open_own(tmp_path / name, os.O_RDWR)
        assert caught.value.filename == str(tmp_path / name)
    assert not (tmp_path / "target").exists()
