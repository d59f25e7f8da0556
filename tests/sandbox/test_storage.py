"""The sandbox's state on a disk that fails, and files that are none."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from portctl.sandbox import launcher
from portctl.sandbox.core.storage import Saver, read_json
from portctl.sandbox.process import run


def test_a_state_that_cannot_be_saved_is_said_once_and_saved_as_soon_as_it_can_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, said, told = tmp_path / "state.json", [], threading.Event()
    state = {"changes": 0}
    failed = threading.Semaphore(0)

    def say(text: str) -> None:
        said.append(text)
        told.set()

    def full(*_: object) -> None:
        failed.release()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    saver = Saver(file, lambda: dict(state), say)
    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        saver.start()
        saver.changed()
        for _ in range(3):
            assert failed.acquire(timeout=60)
    state["changes"] = 1
    told.clear()
    assert told.wait(timeout=60)
    saver.stop()
    why = f"the state is not saved: {file}: No space left on device; it is tried again until it is"
    assert said == [why, "the state is saved again"]
    assert read_json(file) == {"changes": 1}
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]


def test_a_sandbox_that_ends_on_a_full_disk_says_so_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    said: list[str] = []
    saver = Saver(tmp_path / "state.json", dict, said.append)
    saver.start()
    monkeypatch.setattr(os, "replace", full)
    saver.stop()
    assert [line.partition(": ")[0] for line in said] == ["the state is not saved"]


def test_a_sandbox_without_a_place_for_its_files_ends_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    assert run(["--dir", str(tmp_path / "file" / "sandbox")]) == 1
    assert capsys.readouterr().err == f"{tmp_path}/file/sandbox: Not a directory\n"


@pytest.mark.parametrize("name", ["sandbox.json", "sandbox/lock", "sandbox/log"])
def test_a_pipe_in_the_place_of_a_file_is_refused_and_never_waited_for(name: str, tmp_path: Path) -> None:
    file = tmp_path / ".portctl" / name
    file.parent.mkdir(parents=True)
    os.mkfifo(file)
    for use in (launcher.status, launcher.up):
        with pytest.raises(launcher.ControlError) as caught:
            use(tmp_path)
        assert str(caught.value) == f"{file} is there and no file"
