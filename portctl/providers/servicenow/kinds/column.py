"""Column of a table, of our own making. Source: ServiceNow docs, "Data dictionary"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Hazard, Kind, Merge, OnDelete, Output, Privilege, Verb
from portctl.providers.servicenow.fields import SHOWN
from portctl.providers.servicenow.keys import row_id
from portctl.providers.servicenow.refusals import API
from portctl.providers.servicenow.schemas.column import column
from portctl.providers.servicenow.values import texts

DEFAULTS = {"mandatory": "false", "read_only": "false", "unique": "false", "active": "true", "display": "false"}

KIND = Kind(
    provider="servicenow",
    name="Column",
    source="ServiceNow docs, Data dictionary (sys_dictionary)",
    summary="A column that a table gets besides its own.",
    identity=("name", "element"),
    collection=f"{API}/sys_dictionary",
    item="{collection}/{sys_id}",
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    clear=DEFAULTS,
    server_owned=("sys_id", "sys_created_by", "sys_updated_on"),
    defaults=DEFAULTS,
    empty=("*",),
    server_id="sys_id",
    maker="sys_created_by",
    foretold=lambda identity: row_id("sys_dictionary", {"name": identity[0], "element": identity[1]}),
    outputs=(Output("sys_id", "sys_id"), Output("element", "element")),
    canonical=texts,
    hazards=(
        Hazard("internal_type", "values that do not fit the new type are lost", removed=False),
        Hazard("max_length", "longer values are cut", removed=False, shrinking=True),
    ),
    deletion_hazard="every record loses its value in this column",
    on_delete=OnDelete.KEEP,
    remarks=(
        "`name` is the table, `element` the column; `element` begins with `u_`, or with the prefix of an application.",
        "After its creation the column is waited for until records of the table show it.",
        "What would lose data asks for consent only where a record has a value in the column, visible or not.",
    ),
    readable=SHOWN,
    schema=column,
    privilege=Privilege.both("personalize_dictionary, or admin"),
)
