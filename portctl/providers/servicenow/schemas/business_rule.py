"""Business rules. Source: ServiceNow docs, "Business rules"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.servicenow.schemas.common import FLAG, NUMBER, TABLE, closed, name, one_of, text

LONGEST_SCRIPT = 65_000


def business_rule() -> Mapping[str, Any]:
    """The schema of servicenow/BusinessRule. `script` is text, or names a file (`source:`, `template:`)."""
    script = {"type": "string", "maxLength": LONGEST_SCRIPT}
    return closed(
        ["name", "collection", "when"],
        name=name(80),
        collection=TABLE,
        active=FLAG,
        when=one_of("before", "after", "async", "display"),
        order=NUMBER,
        priority=NUMBER,
        action_insert=FLAG,
        action_update=FLAG,
        action_delete=FLAG,
        action_query=FLAG,
        filter_condition=text(4000),
        advanced=FLAG,
        condition=text(1000),
        script={"anyOf": [script, closed(["content"], content=script)]},
        description=text(4000),
        abort_action=FLAG,
    )
