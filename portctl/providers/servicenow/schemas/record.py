"""Records of any table, by natural key. Source: ServiceNow REST API reference, "Table API"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.servicenow.schemas.common import SCALAR, TABLE, closed, text

_NAME = r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?"
_TERM = rf"{_NAME}=(?!javascript:)[^\x00-\x1f^]+"
_COLUMN = text(160, rf"^{_NAME}$", "a column, or reference.column for the record that a reference points to")


def record() -> Mapping[str, Any]:
    """The schema of servicenow/Record."""
    columns = {"type": "object", "propertyNames": _COLUMN, "additionalProperties": SCALAR}
    secrets = {"type": "object", "propertyNames": TABLE, "additionalProperties": {"type": "string"}}
    return closed(
        ["table", "key"],
        table=TABLE,
        key=text(1000, rf"^{_TERM}(\^{_TERM})*$", "column=value, several joined by ^, as in an encoded query"),
        references={"type": "object", "propertyNames": TABLE, "additionalProperties": TABLE},
        columns=columns,
        secrets=secrets,
    )
