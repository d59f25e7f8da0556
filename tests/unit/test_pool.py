"""Ready work runs side by side, in order of need, within the width of each lane."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.pool import run_all, run_graph
from tests.unit.examples.documents import FEW
from tests.waiting import PATIENCE_SECONDS

DAGS = st.lists(st.sets(st.integers(0, 9), max_size=3), max_size=10).map(
    lambda rows: {str(at): [str(need) for need in needs if need < at] for at, needs in enumerate(rows)}
)


def lane(key: str) -> str:
    return "odd" if int(key) % 2 else "even"


@pytest.mark.parametrize("workers", [1, 4])
@FEW
@given(DAGS)
def test_every_key_runs_once_after_all_it_needs(workers: int, needs: dict[str, list[str]]) -> None:
    ended: list[str] = []

    def work(key: str) -> None:
        assert all(need in ended for need in needs[key])
        ended.append(key)

    run_graph(needs, work, lane=lane, widths={"odd": 2}, workers=workers)
    assert sorted(ended) == sorted(needs)


def test_one_worker_takes_what_is_ready_in_the_given_order() -> None:
    ended: list[str] = []
    needs = {"3": ["1"], "2": [], "1": [], "4": ["elsewhere"]}
    run_graph(needs, ended.append, lane=lane, widths={}, workers=1)

    assert ended == ["2", "1", "3", "4"]


def test_a_lane_is_never_wider_than_it_may_be() -> None:
    running = {"odd": 0, "even": 0}
    widest = {"odd": 0, "even": 0}
    lock = threading.Lock()
    two_at_once = threading.Barrier(2)

    def work(key: str) -> None:
        with lock:
            running[lane(key)] += 1
            widest[lane(key)] = max(widest[lane(key)], running[lane(key)])
        if lane(key) == "odd":
            two_at_once.wait(PATIENCE_SECONDS)
        with lock:
            running[lane(key)] -= 1

    run_graph({str(number): [] for number in range(16)}, work, lane=lane, widths={"odd": 2, "even": 1}, workers=8)
    assert widest == {"odd": 2, "even": 1}


@pytest.mark.parametrize("workers", [1, 4])
def test_an_exception_stops_what_has_not_begun_and_is_raised(workers: int) -> None:
    ended: list[str] = []

    def work(key: str) -> None:
        if key == "1":
            raise KeyboardInterrupt
        ended.append(key)

    with pytest.raises(KeyboardInterrupt):
        run_graph({"1": [], "2": ["1"], "3": ["2"]}, work, lane=lane, widths={}, workers=workers)
    assert ended == []


def test_what_waits_for_room_in_its_lane_does_not_begin_after_an_exception() -> None:
    ended: list[str] = []
    told: list[str] = []
    stopped = threading.Event()

    def work(key: str) -> None:
        ended.append(key)
        if key == "0":
            assert stopped.wait(20)
        elif key == "1":
            raise KeyboardInterrupt

    def stopping(error: BaseException) -> None:
        told.append(repr(error))
        stopped.set()

    needs: dict[str, list[str]] = {"0": [], "2": [], "4": [], "1": []}
    with pytest.raises(KeyboardInterrupt):
        run_graph(needs, work, lane=lane, widths={"odd": 1, "even": 1}, workers=4, stopping=stopping)
    assert (sorted(ended), told) == (["0", "1"], ["KeyboardInterrupt()"])


@pytest.mark.parametrize("workers", [1, 4])
def test_a_circle_is_an_error_and_no_hang(workers: int) -> None:
    with pytest.raises(ValueError, match="the graph has a cycle"):
        run_graph({"1": ["2"], "2": ["1"]}, print, lane=lane, widths={}, workers=workers)


@pytest.mark.parametrize("workers", [1, 4])
def test_results_come_in_the_order_of_the_items_and_the_first_error_is_raised(workers: int) -> None:
    def work(item: int) -> int:
        if item < 0:
            raise ValueError(item)
        time.sleep(0.002 * (3 - item))
        return item * 2

    assert run_all([0, 1, 2, 3], work, workers=workers) == [0, 2, 4, 6]
    assert run_all([], work, workers=workers) == []
    with pytest.raises(ValueError, match="-1"):
        run_all([1, -1, -2], work, workers=workers)
