"""Business rule: a script that runs when records change. Source: ServiceNow docs, "Business rules"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Kind, Merge, Output, Privilege, Verb
from portctl.model.value import Attributes
from portctl.providers.servicenow.fields import SHOWN
from portctl.providers.servicenow.keys import row_id
from portctl.providers.servicenow.refusals import API
from portctl.providers.servicenow.schemas.business_rule import business_rule
from portctl.providers.servicenow.values import script_text, texts

DEFAULTS = {
    "active": "true",
    "order": "100",
    "priority": "100",
    "action_insert": "false",
    "action_update": "false",
    "action_delete": "false",
    "action_query": "false",
    "advanced": "false",
    "abort_action": "false",
}


def _canonical(attributes: Attributes) -> Attributes:
    if "script" not in attributes:
        return texts(attributes)
    return texts({**attributes, "script": script_text(attributes["script"])})


KIND = Kind(
    provider="servicenow",
    name="BusinessRule",
    source="ServiceNow docs, Business rules (sys_script)",
    summary="A script that the instance runs when records of a table change.",
    identity=("name", "collection"),
    collection=f"{API}/sys_script",
    item="{collection}/{sys_id}",
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    clear=DEFAULTS,
    server_owned=("sys_id", "sys_created_by", "sys_updated_on"),
    defaults=DEFAULTS,
    empty=("*",),
    text=("script", "description"),
    texts=("script",),
    server_id="sys_id",
    maker="sys_created_by",
    foretold=lambda identity: row_id("sys_script", {"name": identity[0], "collection": identity[1]}),
    outputs=(Output("sys_id", "sys_id"),),
    canonical=_canonical,
    remarks=(
        "`collection` is the table. `script: {source: FILE}` takes the script from a file beside the manifest.",
        "Scripts and conditions are checked offline: ES5, and no names that nothing defines (docs/rules.md).",
        "Line ends, blanks at the end of lines and empty lines around the script do not count.",
    ),
    readable=SHOWN,
    schema=business_rule,
    privilege=Privilege.both("business_rule_admin, or admin"),
)
