"""What a story costs: the seconds of `approve-in-port`, and the requests to each service, played over and over.

Run: python -m benchmarks.story [-n 5]
"""

from __future__ import annotations

import argparse
import contextlib
import pathlib
import statistics
import sys
import time
from collections import Counter
from typing import Any

from portctl.story.narration import Telling
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import ORGANISATION, Said, Services
from portctl.story.stage import stage

ROOT = pathlib.Path(__file__).parents[1]
SCENARIO = "approve-in-port"
SERVICES = ("port", "gitlab", "servicenow")
PEOPLE = (ORGANISATION, "developer", "engineer")


class Counting(Services):
    """Counts what people ask and watchers look at: that is not what the workflow costs."""

    def __init__(self, document: dict[str, Any]) -> None:
        super().__init__(document)
        self.asked: Counter[str] = Counter()

    def port(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        self.asked["port"] += 1
        return super().port(method, path, body, person=person)

    def gitlab(self, method: str, path: str, body: Any = None, *, person: str = ORGANISATION) -> Said:
        self.asked["gitlab"] += 1
        return super().gitlab(method, path, body, person=person)

    def snow(self, method: str, path: str, body: Any = None, *, person: str = "approver") -> Said:
        self.asked["servicenow"] += 1
        return super().snow(method, path, body, person=person)

    def answered(self) -> Counter[str]:
        """What the services have answered so far, to whomever."""
        found: Counter[str] = Counter()
        for name, count in self.steer("GET", "/counters")["counters"].items():
            found[name.split(" ")[0]] += count
        return found


def measured(services: Counting) -> tuple[float, dict[str, int]]:
    """Seconds of one story, and its requests by service."""
    before = services.answered() - services.asked
    begin = time.perf_counter()
    telling = Telling(services)
    SCENARIOS[SCENARIO](telling)
    seconds = time.perf_counter() - begin
    telling.settle()
    after = services.answered() - services.asked
    return seconds, {name: after[name] - before[name] for name in SERVICES}


def told(number: int) -> list[tuple[float, dict[str, int]]]:
    with stage(ROOT) as running, contextlib.closing(Counting(running.document)) as services:
        for person in PEOPLE:
            services.port("GET", "/organization", person=person)  # signing in is no part of a story
        return [measured(services) for _ in range(number)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("-n", type=int, default=5, metavar="TIMES", help="how often it is played (5)")
    rows = told(parser.parse_args().n)
    seconds = [each for each, _ in rows]
    sys.stdout.write(f"{SCENARIO}, {len(rows)} times: ")
    sys.stdout.write(f"median {statistics.median(seconds):.2f} s, slowest {max(seconds):.2f} s\n")
    for name in SERVICES:
        found = [requests[name] for _, requests in rows]
        sys.stdout.write(f"{name:>11}: {statistics.median(found):.0f} requests, at most {max(found)}\n")


if __name__ == "__main__":
    main()
