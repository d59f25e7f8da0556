"""What is tried of too many cases: all of them on demand, else a sample that differs from run to run.

`PORTCTL_EXHAUSTIVE=1` tries all. `PORTCTL_SEED=N` repeats the sample of the run that printed N.
"""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

Case = TypeVar("Case")

SEED = int(os.environ.get("PORTCTL_SEED") or random.SystemRandom().randrange(1_000_000))
EXHAUSTIVE = bool(os.environ.get("PORTCTL_EXHAUSTIVE"))


def chosen(name: str, cases: Sequence[Case], at_most: int) -> Sequence[Case]:
    """`at_most` of `cases`, in their order; all of them in an exhaustive run. `name` keeps samples apart."""
    if EXHAUSTIVE or len(cases) <= at_most:
        return cases
    places = random.Random(f"{SEED} {name}").sample(range(len(cases)), at_most)
    return [cases[place] for place in sorted(places)]
