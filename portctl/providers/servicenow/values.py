"""Values as the database has them: text. Source: ServiceNow REST API reference, "Table API": everything is a string."""

from __future__ import annotations

from collections.abc import Mapping

from portctl.model.value import Attributes, Value


def as_text(value: Value) -> Value:
    """`true` is "true", 100 is "100", null is ""; text, and text with placeholders, stays."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


def texts(attributes: Attributes) -> Attributes:
    """Every value of `attributes` as text, at any depth."""
    return {key: texts(value) if isinstance(value, Mapping) else as_text(value) for key, value in attributes.items()}


def script_text(value: Value) -> Value:
    """A script without what editors and the instance's own forms change: line ends, blanks at the end of lines."""
    if isinstance(value, Mapping):
        value = value.get("content", "")
    if not isinstance(value, str):
        return value
    lines = [line.rstrip() for line in value.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return "\n".join(lines).strip("\n")
