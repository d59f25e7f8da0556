"""Properties of the gate over random histories: events in any order, lost, late and repeated, and crashes everywhere.

A sample is played with every run of the tests. By hand, more of them, and others with another seed:
`PORTCTL_HISTORIES=100000 PORTCTL_HISTORIES_SEED=1 pytest tests/unit/gate/test_histories.py`.
"""

from __future__ import annotations

import os
from collections import Counter

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from portctl.gate.decide import TABLES
from tests.unit.gate.events import play

SAMPLE = 1500
HISTORIES = int(os.environ.get("PORTCTL_HISTORIES", SAMPLE))
SEED = int(os.environ.get("PORTCTL_HISTORIES_SEED", "0"))


def test_nothing_is_deployed_unapproved_or_twice_and_everybody_is_told_the_truth(covered: list[str]) -> None:
    """The laws are in the small world, where they are broken: `law(...)`."""
    played: Counter[str] = Counter()
    reached: set[str] = set()

    @seed(SEED)
    @settings(
        max_examples=HISTORIES,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.binary(min_size=40, max_size=280))
    def histories(drawn: bytes) -> None:
        history = play(drawn)
        deployments = history.world.deployments.values()
        played["histories"] += 1
        played["events"] += len(history.events)
        played["decisions"] += history.world.decisions
        played["deploy steps"] += sum(len(each.steps) for each in deployments)
        played["forged calls"] += sum(pipeline.forged for pipeline in history.world.pipelines)
        reached.update(history.world.rules)

    histories()
    every = {f"{question}: {rule.name}" for question, table in TABLES.items() for rule in table}
    left = sorted(every - reached)
    covered.append(f"gate: {', '.join(f'{number} {what}' for what, number in played.items())}")
    covered.append(f"gate: {len(every) - len(left)} of {len(every)} rules reached, not {', '.join(left) or 'none'}")
    assert played["histories"] >= HISTORIES
    assert played["deploy steps"] > HISTORIES / 10
