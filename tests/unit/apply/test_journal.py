"""One line before and one after every write."""

from __future__ import annotations

import json
import os
import pathlib
import threading

from portctl.apply.journal import JOURNALS_KEPT, Journal, remove_old


def lines(path: pathlib.Path) -> list[object]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_newest_journals_are_kept(tmp_path: pathlib.Path) -> None:
    for age in range(JOURNALS_KEPT + 3):
        file = tmp_path / f"{age:03}.jsonl"
        file.write_text("")
        os.utime(file, (1000 - age, 1000 - age))
    (tmp_path / "note.txt").write_text("mine")
    remove_old(tmp_path)
    left = sorted(file.name for file in tmp_path.iterdir())
    assert left == [*(f"{age:03}.jsonl" for age in range(JOURNALS_KEPT)), "note.txt"]
    remove_old(tmp_path / "nowhere")


def test_intents_and_results_are_tied_by_number(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "deep" / "run.jsonl"
    times = iter([1.0, 2.0, 3.0, 4.0])
    journal = Journal(path, now=lambda: next(times))
    assert not path.parent.exists()
    first = journal.intent("POST", "/v1/a")
    second = journal.intent("PUT", "/v1/b")
    journal.result(second, 200)
    journal.result(first, None)
    journal.close()
    journal.close()

    assert lines(path) == [
        {"write": 1, "method": "POST", "path": "/v1/a", "at": 1.0},
        {"write": 2, "method": "PUT", "path": "/v1/b", "at": 2.0},
        {"write": 2, "status": 200, "at": 3.0},
        {"write": 1, "status": None, "at": 4.0},
    ]
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_intent_is_on_disk_before_the_request_leaves(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "run.jsonl"
    Journal(path, now=lambda: 1.0).intent("DELETE", "/v1/a")

    assert lines(path) == [{"write": 1, "method": "DELETE", "path": "/v1/a", "at": 1.0}]


def test_threads_do_not_mix_their_lines(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "run.jsonl"
    journal = Journal(path)

    def write() -> None:
        for _ in range(20):
            journal.result(journal.intent("POST", "/v1/a"), 201)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal.close()

    numbers = sorted(line["write"] for line in lines(path) if isinstance(line, dict) and "method" in line)
    assert numbers == list(range(1, 81))
    assert len(lines(path)) == 160
