"""A disk that is full, read-only or broken, at any write of an apply: said so, nothing forked, nothing lost."""

from __future__ import annotations

import json
import os
import pathlib
from collections import Counter
from collections.abc import Callable

import pytest

from tests.failing_disk import FAILURES, FailingDisk
from tests.sampling import chosen
from tests.unit.cli.conftest import BLUEPRINT, Ended, Place

OTHER = BLUEPRINT.replace("change", "other").replace("tier", "rank")


def create(place: Place) -> None:
    place.write("blueprints/other.yaml", OTHER)


def change_and_delete(place: Place) -> None:
    """One is updated, one deleted, one made."""
    assert place.run("apply", "--yes").code == 0
    an_hour_passes(place)
    place.write("blueprints/change.yaml", BLUEPRINT.replace("Tier", "Level"))
    (place.root / "integrations/secret.yaml").unlink()
    create(place)


def an_hour_passes(place: Place) -> None:
    """Make the ledger older: right after a write, a plan waits for lists that may lag behind."""
    file = place.root / ".portctl/ledger/sandbox.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    for entry in document["entries"]:
        entry["written"] -= 3600
    file.write_text(json.dumps(document), encoding="utf-8")


def litter(root: pathlib.Path) -> list[str]:
    """Files that an unfinished write has left."""
    kept = (".gitignore", "sandbox.json", "sandbox.json.lock")
    return [
        str(file) for file in root.rglob("*") if "ledger" in file.parts and file.is_file() and file.name not in kept
    ]


def made(place: Place) -> Counter[str]:
    """How often each object was created at the service, with what was deleted taken away."""
    return Counter(
        exchange.path if exchange.method == "PUT" else str(exchange.response_body["blueprint"]["identifier"])
        for exchange in place.sandbox.journal.exchanges()
        if (exchange.method, exchange.path, exchange.status) == ("POST", "/v1/blueprints", 201)
    )


def says_why(ended: Ended, error: int) -> bool:
    said = ended.err + ended.out
    return os.strerror(error) in said and "bug in portctl" not in said and "Traceback" not in said


@pytest.mark.parametrize("begin", [create, change_and_delete], ids=["create", "change-and-delete"])
@pytest.mark.parametrize("once", [True, False], ids=["once", "from-then-on"])
def test_an_apply_on_a_disk_that_fails_is_finished_by_the_next_one(
    begin: Callable[[Place], None],
    once: bool,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
    covered: list[str],
) -> None:
    fresh = {file: file.read_bytes() for file in place.root.rglob("*") if file.is_file()}

    def anew() -> None:
        place.sandbox.reset()
        for file in sorted(place.root.rglob("*"), reverse=True):
            file.rmdir() if file.is_dir() and not any(file.iterdir()) else None
            if file.is_file() and file not in fresh:
                file.unlink()
        for file, content in fresh.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        begin(place)

    anew()
    disk = FailingDisk(place.root, monkeypatch)
    assert place.run("apply", "--yes", "--allow-deletes", "1").code == 0
    calls = list(disk.calls)
    assert {call.split()[0] for call in calls} >= {"open", "write", "fsync", "replace", "fchmod", "ftruncate"}
    cases = [(number, name) for number in range(1, len(calls) + 1) for name in FAILURES]
    tried = chosen(f"disk {begin.__name__} {once}", cases, 6)
    for number, name in tried:
        disk.heal()
        anew()
        disk.fail(number, FAILURES[name], once=once)
        failed = place.run("apply", "--yes", "--workers", "1", "--allow-deletes", "1")
        reached = len(disk.calls) >= number
        disk.heal()
        case = (number, calls[number - 1], name, failed)
        assert failed.code in (0, 1, 7), case
        assert failed.code == 0 or (reached and says_why(failed, FAILURES[name])), case
        assert litter(place.root) == [], case
        finished = place.run("apply", "--yes", "--allow-deletes", "1")
        assert finished.code == 0, (case, finished)
        assert place.run("plan", "--detailed-exitcode").code == 0, case
        assert set(made(place).values()) == {1}, case
        listed = {line.split()[0] for line in place.run("state", "list").out.splitlines()}
        expected = {"port/Blueprint:change", "port/Blueprint:other"}
        assert listed == expected | ({"port/Secret:TOKEN"} if begin is create else set()), case
    covered.append(f"disk that fails ({begin.__name__}, once={once}): {len(tried)} of {len(cases)} places and errors")
