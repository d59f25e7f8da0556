"""The ledger in a file: replaced whole, guarded by its serial, locked by one."""

from __future__ import annotations

import errno
import json
import os
import pathlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from portctl.errors import LockHeld, PortctlError
from portctl.ledger.backend import FileBackend
from portctl.ledger.document import new_ledger
from portctl.model.address import Address
from portctl.model.ledger import Entry
from portctl.providers.catalogue import catalogue


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


@pytest.mark.parametrize(
    ("path", "identity", "why"),
    [
        (
            ("entries", 0, "identity"),
            ["shop/repo"],
            "entries[0].identity has length 1, and that of gitlab/Variable has 3",
        ),
        (("entries", 0, "identity"), [*"abcd"], "entries[0].identity has length 4, and that of gitlab/Variable has 3"),
        (("deleted", 0, 2), ["a", "b"], "deleted[0][2] has length 2, and that of port/ActionPermissions has 1"),
    ],
)
def test_an_identity_of_another_length_than_its_kind_has_is_no_ledger(
    path: tuple[Any, ...], identity: list[str], why: str, tmp_path: pathlib.Path
) -> None:
    file = tmp_path / "ledger.json"
    backend = FileBackend(file, project="p", environment="e", catalogue=catalogue())
    entry = Entry(
        address=Address("gitlab", "Variable", "x"),
        identity=("shop/repo", "KEY", "*"),
        created=True,
    )
    deleted = {
        ("port@default", "port/ActionPermissions", ("a",)): 1.0,
        ("shop@default", "shop/Shelf", ("of", "a", "later", "version")): 1.0,
    }
    kept = backend.save(replace(backend.load().with_entry(entry), deleted=deleted))
    assert backend.load() == kept

    document = json.loads(file.read_text(encoding="utf-8"))
    value = document
    for step in path[:-1]:
        value = value[step]
    value[path[-1]] = identity
    file.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(PortctlError) as caught:
        backend.load()
    assert str(caught.value) == f"Unreadable ledger: {file} is not a ledger of portctl: {why}"


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


def test_a_link_is_followed_and_stays_a_link(tmp_path: pathlib.Path) -> None:
    """One ledger, whatever name it goes by: the same content, and the same lock."""
    real, link = tmp_path / "share" / "ledger.json", tmp_path / "project" / "ledger.json"
    real.parent.mkdir()
    direct, linked = (FileBackend(path, project="p", environment="e") for path in (real, link))
    kept = direct.save(direct.load())
    link.parent.mkdir()
    link.symlink_to(real)
    saved = linked.save(linked.load().with_consumed("x"))

    assert (saved.lineage, link.is_symlink()) == (kept.lineage, True)
    assert direct.load() == saved
    with direct.lock("ann"), pytest.raises(LockHeld, match="is held by ann"), linked.lock("bob"):
        pass
    assert sorted(file.name for file in link.parent.iterdir()) == ["ledger.json"]
    assert sorted(file.name for file in real.parent.iterdir()) == ["ledger.json", "ledger.json.lock"]


@pytest.mark.parametrize("where", ["ledger.json", "", "loop"])
def test_a_link_that_leads_nowhere_is_no_new_ledger(where: str, tmp_path: pathlib.Path) -> None:
    """The disk that holds the ledger may not be mounted: nothing is forgotten, and nothing is made in its place."""
    link = tmp_path / "project" / where
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(link if where == "loop" else tmp_path / "unmounted" / where)
    backend = FileBackend(link if where else link / "ledger.json", project="p", environment="e")
    for use in (backend.load, lambda: backend.save(new_ledger("p", "e")), lambda: backend.lock("ann").__enter__()):
        with pytest.raises(PortctlError) as caught:
            use()
        assert caught.value.summary == "Unreadable ledger"
        told = f"{link} is a link, and what it leads to is not there"
        assert caught.value.detail == (told if where else f"{told}; the ledger is {backend.where}")
        assert caught.value.hint.startswith("Is a disk not mounted?")
    assert [file.name for file in tmp_path.iterdir()] == ["project"]


@pytest.mark.parametrize(
    ("make", "summary"),
    [
        (lambda path: path.mkdir(), "Unreadable ledger"),
        (os.mkfifo, "Unreadable ledger"),
        (lambda path: path.symlink_to("/dev/zero"), "Unreadable ledger"),
        (lambda path: path.symlink_to("/dev/null"), "Unreadable ledger"),
    ],
    ids=["folder", "pipe", "endless-device", "empty-device"],
)
def test_what_is_no_file_is_no_ledger_and_is_not_replaced(
    make: Callable[[pathlib.Path], None], summary: str, tmp_path: pathlib.Path
) -> None:
    path = tmp_path / "ledger.json"
    make(path)
    before = os.stat(path)
    backend = FileBackend(path, project="p", environment="e")
    for use in (backend.load, lambda: backend.save(new_ledger("p", "e"))):
        with pytest.raises(PortctlError) as caught:
            use()
        assert caught.value.summary == summary
    assert os.stat(path)[:2] == before[:2]


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES])
@pytest.mark.parametrize("call", ["open", "fchmod", "write", "fsync", "close", "replace"])
def test_a_save_that_fails_leaves_the_old_ledger_and_no_litter(
    call: str, error: int, backend: FileBackend, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = backend.save(backend.load())
    backend.save(kept)  # so that there is an older one
    before = backend.load()

    real = getattr(os, call)

    def fail(*arguments: Any, **more: Any) -> Any:
        reading = call == "open" and not arguments[1] & os.O_WRONLY
        if reading or (call == "close" and not os.get_blocking(arguments[0])):
            return real(*arguments, **more)
        raise OSError(error, os.strerror(error))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, fail)
        if call == "fchmod" and error == errno.EACCES:
            backend.save(before)  # a file system without modes
            return
        with pytest.raises(PortctlError) as caught:
            backend.save(before.with_consumed("x"))
    assert str(caught.value) == f"Ledger cannot be saved: {backend.where}: {os.strerror(error)}"
    assert backend.load() == before
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["ledger.json"]


def test_a_lock_that_cannot_be_had_for_another_reason_says_which(
    backend: FileBackend, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Network disks know no locks, or have none left."""

    def fail(*_: Any) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    beside = tmp_path / "deep" / "ledger.json.lock"
    with monkeypatch.context() as patched:
        patched.setattr("fcntl.flock", fail)
        with pytest.raises(PortctlError) as caught, backend.lock("ann"):
            pass
    assert str(caught.value) == f"Ledger cannot be locked: {beside}: No locks available"
    beside.unlink()
    makes: tuple[Callable[[], None], ...] = (
        lambda: beside.symlink_to("elsewhere"),
        beside.mkdir,
        lambda: os.mkfifo(beside),
    )
    for make in makes:
        make()
        with pytest.raises(PortctlError, match="Ledger cannot be locked"), backend.lock("ann"):
            pass
        beside.rmdir() if beside.is_dir() else beside.unlink()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == []


def test_a_lock_is_had_although_nothing_can_be_written_into_it(
    backend: FileBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    with backend.lock("ann"), pytest.raises(LockHeld, match="is held by another run"), backend.lock("bob"):
        pass
