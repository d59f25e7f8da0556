"""Limits of single routes: so many requests in a window of the sandbox's clock."""

from __future__ import annotations

from portctl.sandbox.gitlab.store.instance import Instance

_TABLE = "rates"
_PERIOD_SECONDS = 60


def exceeded(instance: Instance, key: str, most: int) -> bool:
    """Whether this request is one more than `most` in a minute; what is refused is not counted."""
    now = instance.world.clock.seconds()
    row = instance.state.get(_TABLE, key)
    if row is None or now >= row["start"] + _PERIOD_SECONDS:
        row = {"start": now, "count": 0}
    if row["count"] >= most:
        return True
    instance.state.put(_TABLE, key, {**row, "count": row["count"] + 1})
    return False
