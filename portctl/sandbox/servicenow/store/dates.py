"""Date-times: UTC in the database, a user's zone and format on display."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from portctl.sandbox.servicenow.store.instance import Actor

STORED = "%Y-%m-%d %H:%M:%S"
STORED_DAY = "%Y-%m-%d"
_LETTERS = (
    ("yyyy", "%Y"),
    ("MM", "%m"),
    ("dd", "%d"),
    ("HH", "%H"),
    ("hh", "%I"),
    ("mm", "%M"),
    ("ss", "%S"),
    ("a", "%p"),
)


def is_stored_form(text: str, kind: str) -> bool:
    """Whether the text is a date (`glide_date`) or a date-time as the database writes it."""
    try:
        datetime.strptime(text, STORED_DAY if kind == "glide_date" else STORED)
    except ValueError:
        return False
    return True


def to_display(text: str, kind: str, actor: Actor) -> str:
    if not text:
        return ""
    if kind == "glide_date":
        return datetime.strptime(text, STORED_DAY).strftime(_day_format(actor))
    moment = datetime.strptime(text, STORED).replace(tzinfo=UTC).astimezone(_zone(actor))
    return moment.strftime(_format(actor))


def from_display(text: str, kind: str, actor: Actor) -> str:
    """The database's form of what the user typed; empty where it cannot be read."""
    try:
        if kind == "glide_date":
            return datetime.strptime(text, _day_format(actor)).strftime(STORED_DAY)
        moment = datetime.strptime(text, _format(actor)).replace(tzinfo=_zone(actor))
    except ValueError:
        return ""
    return moment.astimezone(UTC).strftime(STORED)


def internal(text: str, actor: Actor) -> str:
    """The user's zone in the database's format."""
    if not text:
        return ""
    return datetime.strptime(text, STORED).replace(tzinfo=UTC).astimezone(_zone(actor)).strftime(STORED)


def _zone(actor: Actor) -> ZoneInfo:
    return ZoneInfo(actor.time_zone or "UTC")


def _day_format(actor: Actor) -> str:
    return _python(actor.date_format or "yyyy-MM-dd")


def _format(actor: Actor) -> str:
    return f"{_day_format(actor)} {_python(actor.time_format or 'HH:mm:ss')}"


def _python(text: str) -> str:
    for letters, directive in _LETTERS:
        text = text.replace(letters, directive)
    return text
