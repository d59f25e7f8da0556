"""The XML that an instance answers with when nobody asked for JSON."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from portctl.sandbox.core.exchange import Answer


def as_xml(answer: Answer) -> Answer:
    """The same answer in XML."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><response>{_elements(answer.body)}</response>'
    return Answer(
        answer.status, text, answer.headers, "application/xml;charset=UTF-8", answer.route, answer.caller, answer.note
    )


def _elements(value: Any) -> str:
    if not isinstance(value, dict):
        return escape("" if value is None else str(value))
    parts: list[str] = []
    for name, item in value.items():
        for each in item if isinstance(item, list) else [item]:
            parts.append(f"<{name}>{_elements(each)}</{name}>")
    return "".join(parts)
