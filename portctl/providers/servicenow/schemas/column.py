"""Columns of tables. Source: ServiceNow docs, "Dictionary entry form"; "Field types"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.servicenow.schemas.common import FLAG, NUMBER, TABLE, closed, one_of, text

TYPES = (
    "string",
    "integer",
    "boolean",
    "glide_date_time",
    "glide_date",
    "reference",
    "choice",
    "glide_list",
    "url",
    "email",
    "json",
    "html",
    "journal_input",
    "decimal",
    "script",
    "password2",
)
LONGEST_NAME = 30
"""The server takes 80 characters; not every database below it does."""


def column() -> Mapping[str, Any]:
    """The schema of servicenow/Column."""
    return closed(
        ["name", "element", "internal_type"],
        name=TABLE,
        element=text(
            LONGEST_NAME,
            "^(u|x_[a-z0-9]+)(_[a-z0-9]+)+$",
            "u_ (or the prefix of a scoped application, x_...), then lower-case words and single underscores",
        ),
        column_label=text(80),
        internal_type=one_of(*TYPES),
        reference=TABLE,
        max_length=NUMBER,
        mandatory=FLAG,
        read_only=FLAG,
        default_value={"type": ["string", "boolean", "number"]},
        unique=FLAG,
        active=FLAG,
        display=FLAG,
        comments=text(4000),
        attributes=text(1000),
        choice=NUMBER,
    )
