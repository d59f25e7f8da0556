"""CI/CD variable of a group. Source: GitLab docs, "Group-level variables API"."""

from __future__ import annotations

from portctl.model.kind import Kind, Merge, Privilege, Verb
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.schemas.variable import group_variable
from portctl.providers.gitlab.variable_fields import DEFAULTS, REMARKS, SCOPE_FILTER, SHOWN, canonical, decode, encode

KIND = Kind(
    provider="gitlab",
    name="GroupVariable",
    source="GitLab docs, Group-level variables API",
    summary="A CI/CD variable of a group, which all its projects inherit. The group itself is not managed.",
    identity=("group", "key", "environment_scope"),
    collection=f"{API}/groups/{{group}}/variables",
    item="{collection}/{key}",
    item_query=SCOPE_FILTER,
    scope=("group",),
    update=Verb.PUT,
    merge=Merge.NONE,
    defaults=DEFAULTS,
    empty=("description",),
    text=("value",),
    unseen=("value",),
    encode=encode,
    decode=decode,
    canonical=canonical,
    remarks=(*REMARKS, "An `environment_scope` other than `*` takes GitLab Premium."),
    readable=SHOWN,
    schema=group_variable,
    privilege=Privilege.both("Owner in the group"),
)
