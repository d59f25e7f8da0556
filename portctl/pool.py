"""Run ready steps side by side. One worker means inline, in order, with the same code path."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, nullcontext
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def run_all(items: Sequence[Item], work: Callable[[Item], Result], *, workers: int) -> list[Result]:
    """`work` of every item, results in the order of `items`; the first error is raised after all have ended."""
    if workers <= 1 or len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(workers, len(items))) as executor:
        return [future.result() for future in [executor.submit(work, item) for item in items]]


def run_graph(
    needs: Mapping[str, Sequence[str]],
    work: Callable[[str], None],
    *,
    lane: Callable[[str], str],
    widths: Mapping[str, int],
    workers: int,
    stopping: Callable[[BaseException], None] = lambda _: None,
) -> None:
    """Call `work` for every key, each after all it needs; at most `widths[lane]` of one lane at a time.

    `work` must not raise for an expected failure: what a failure means for others is its business.
    An exception stops handing out work, is told to `stopping`, waits for what is under way, and is raised; another one
    while it waits is raised at once.
    """
    if workers <= 1:
        pending = dict(needs)
        while pending:
            key = next((key for key, wanted in pending.items() if not any(need in pending for need in wanted)), None)
            if key is None:
                raise ValueError("the graph has a cycle")
            del pending[key]
            work(key)
        return
    stopped = threading.Event()
    gates = {name: threading.BoundedSemaphore(width) for name, width in widths.items()}

    def guarded(key: str) -> None:
        gate: AbstractContextManager[object] = gates.get(lane(key)) or nullcontext()
        with gate:
            if not stopped.is_set():
                work(key)

    executor = ThreadPoolExecutor(max_workers=workers)
    try:
        _drive(dict(needs), executor, guarded)
    except BaseException as error:
        stopped.set()
        executor.shutdown(wait=False, cancel_futures=True)
        stopping(error)
        executor.shutdown()
        raise
    executor.shutdown()


def _drive(pending: dict[str, Sequence[str]], executor: ThreadPoolExecutor, work: Callable[[str], None]) -> None:
    running: dict[Future[None], str] = {}
    finished: set[str] = set()
    known = set(pending)
    while pending or running:
        for key in [key for key, wanted in pending.items() if all(n in finished or n not in known for n in wanted)]:
            del pending[key]
            running[executor.submit(work, key)] = key
        if not running:
            raise ValueError("the graph has a cycle")
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            finished.add(running.pop(future))
            future.result()
