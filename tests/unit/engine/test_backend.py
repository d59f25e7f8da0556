"""The ledger in a file: replaced whole, guarded by its serial, locked by one."""

from __future__ import annotations

import json
import pathlib
from dataclasses import replace

import pytest

from portctl.engine.backend import FileBackend
from portctl.errors import LockHeld, PortctlError


@pytest.fixture
def backend(tmp_path: pathlib.Path) -> FileBackend:
    return FileBackend(tmp_path / "deep" / "ledger.json", project="p", environment="e")


def test_a_ledger_that_was_never_saved_is_new(backend: FileBackend, tmp_path: pathlib.Path) -> None:
    ledger = backend.load()

    assert (ledger.project, ledger.environment, ledger.serial, ledger.entries) == ("p", "e", 0, {})
    assert backend.where == str(tmp_path / "deep" / "ledger.json")
    assert list(tmp_path.iterdir()) == []


def test_what_is_saved_is_loaded_with_the_next_serial(backend: FileBackend, tmp_path: pathlib.Path) -> None:
    first = backend.save(backend.load())
    second = backend.save(first.with_consumed("x"))

    assert (first.serial, second.serial) == (1, 2)
    assert backend.load() == second
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["ledger.json"]


def test_a_ledger_that_moved_underneath_is_not_overwritten(backend: FileBackend, tmp_path: pathlib.Path) -> None:
    ledger = backend.save(backend.load())
    kept = backend.save(ledger.with_consumed("somebody else's"))

    for late in (ledger, replace(kept, serial=0), replace(kept, lineage="another")):
        with pytest.raises(PortctlError, match="Ledger changed underneath"):
            backend.save(late)
    assert backend.load() == kept
    (tmp_path / "deep" / "ledger.json").unlink()
    with pytest.raises(PortctlError, match="Ledger changed underneath"):
        backend.save(kept)


def test_the_ledger_of_another_project_or_environment_is_refused(backend: FileBackend, tmp_path: pathlib.Path) -> None:
    backend.save(backend.load())
    path = tmp_path / "deep" / "ledger.json"

    with pytest.raises(PortctlError) as caught:
        FileBackend(path, project="p", environment="other").load()
    assert str(caught.value) == f"Ledger of another project: {path} belongs to p/e, not to p/other"


def test_a_ledger_says_which_version_saved_it(tmp_path: pathlib.Path) -> None:
    backend = FileBackend(tmp_path / "ledger.json", project="p", environment="e", tool="1.2.3")
    backend.save(backend.load())
    assert backend.load().tool == "1.2.3"


def test_a_folder_is_no_ledger(tmp_path: pathlib.Path) -> None:
    with pytest.raises(PortctlError) as caught:
        FileBackend(tmp_path, project="p", environment="e").load()
    assert str(caught.value) == f"Unreadable ledger: {tmp_path}: Is a directory"
    assert "ledger.path" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "why"), [(b"\xff\xfe", "it is not text in UTF-8"), (b"{", r"it is not JSON \(line 1, column 2\)")]
)
def test_an_unreadable_ledger_is_an_error_and_never_a_new_one(
    backend: FileBackend, tmp_path: pathlib.Path, content: bytes, why: str
) -> None:
    backend.save(backend.load())
    (tmp_path / "deep" / "ledger.json").write_bytes(content)

    with pytest.raises(PortctlError, match=f"Unreadable ledger: .* is not a ledger of portctl: {why}"):
        backend.load()


def test_a_save_that_fails_leaves_the_old_ledger_and_no_litter(
    backend: FileBackend, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = backend.save(backend.load())

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="disk full"):
        backend.save(kept.with_consumed("x"))
    assert backend.load() == kept
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["ledger.json"]


def test_one_run_holds_the_lock_and_the_next_learns_who(backend: FileBackend, tmp_path: pathlib.Path) -> None:
    other = FileBackend(tmp_path / "deep" / "ledger.json", project="p", environment="e")
    with backend.lock("ann, run 1"), pytest.raises(LockHeld) as caught, other.lock("bob, run 2"):
        pass
    assert caught.value.detail.startswith(f"{backend.where} is held by ann, run 1 (process ")
    assert caught.value.exit_code == 6
    with other.lock("bob, run 2"):
        held = json.loads((tmp_path / "deep" / "ledger.json.lock").read_text(encoding="utf-8"))
    assert held["holder"] == "bob, run 2"


def test_the_lock_is_let_go_after_an_error_and_a_strange_lock_file_is_no_obstacle(
    backend: FileBackend, tmp_path: pathlib.Path
) -> None:
    with pytest.raises(ZeroDivisionError), backend.lock("ann"):
        raise ZeroDivisionError
    lock_file = tmp_path / "deep" / "ledger.json.lock"
    assert lock_file.read_text(encoding="utf-8") == ""
    with backend.lock("ann"):
        lock_file.write_text("[]", encoding="utf-8")
        with pytest.raises(LockHeld, match="is held by another run"), backend.lock("bob"):
            pass
