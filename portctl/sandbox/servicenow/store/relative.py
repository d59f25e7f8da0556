"""Query operators that compare a date with a moment some time ago or ahead: `RELATIVEGT@hour@ago@24`.

Source: ServiceNow docs, "MobileGlideRecord", addEncodedQuery.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from portctl.sandbox.servicenow.errors import not_emulated

RELATIVE: Mapping[str, Callable[[str, str], bool]] = {
    "RELATIVEGT": operator.gt,
    "RELATIVEGE": operator.ge,
    "RELATIVELT": operator.lt,
    "RELATIVELE": operator.le,
}
_VALUE = re.compile(r"@(minute|hour|day|dayofweek|week)@(ago|ahead)@(\d{1,6})")
_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "dayofweek": timedelta(days=1),
    "week": timedelta(weeks=1),
}


def holds_relative(word: str, text: str, value: str, now: datetime) -> bool:
    """Whether a stored date is on the right side. Errors: 501 for months, quarters and years."""
    match = _VALUE.fullmatch(text)
    if match is None:
        raise not_emulated(f"the query operator {word}{text}")
    away = _UNITS[match[1]] * int(match[3])
    moment = now - away if match[2] == "ago" else now + away
    return RELATIVE[word](value, moment.strftime("%Y-%m-%d %H:%M:%S"))
