"""What a plan costs: requests and seconds at 1, 50 and 250 objects of each listed kind, on the sandbox.

Run: python -m benchmarks.plan
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
import time
from typing import Any

from portctl.sandbox.server import Sandbox
from tests.laws.samples import SECRETS, manifest
from tests.laws.world import World

SIZES = (1, 50, 250)


def documents(number: int) -> list[dict[str, Any]]:
    """`number` blueprints, secrets, webhooks and entities of one blueprint."""
    found = [manifest("port/Secret", {"secretName": "LAW_TOKEN", "secretValue": "<% secret('LAW_TOKEN') %>"})]
    for n in range(number):
        found += [
            manifest("port/Blueprint", {"identifier": f"b{n}", "title": f"B{n}", "schema": {"properties": {}}}),
            manifest("port/Webhook", {"identifier": f"w{n}", "title": f"W{n}", "enabled": True, "mappings": []}),
            manifest("port/Secret", {"secretName": f"S{n}", "secretValue": "<% secret('LAW_TOKEN') %>"}),
            manifest("port/Entity", {"identifier": f"e{n}", "blueprint": "b0", "title": f"E{n}", "properties": {}}),
        ]
    return found


def measured(number: int) -> tuple[int, float, float]:
    """Requests of a plan, its seconds, and the seconds of the apply before it."""
    with Sandbox() as sandbox, tempfile.TemporaryDirectory() as folder:
        world = World(pathlib.Path(folder), sandbox)
        world.manifests({"many.yaml": documents(number)})
        world.environment(SECRETS)
        started = time.perf_counter()
        world.apply()
        applied = time.perf_counter() - started
        started = time.perf_counter()
        plan = world.plan()
        return sum(plan.requests.values()), time.perf_counter() - started, applied


def main() -> None:
    rows = {number: measured(number) for number in SIZES}
    first = rows[SIZES[0]]
    sys.stdout.write("objects  requests  ratio   plan s  ratio  apply s\n")
    for number, (requests, seconds, applied) in rows.items():
        sys.stdout.write(
            f"{4 * number + 1:>7}  {requests:>8}  {requests / first[0]:>5.2f}  {seconds:>7.2f}  "
            f"{seconds / first[1]:>5.1f}  {applied:>7.2f}\n"
        )


if __name__ == "__main__":
    main()
