"""CI/CD variable of a project. Source: GitLab docs, "Project-level CI/CD variables API"."""

from __future__ import annotations

from portctl.model.kind import Kind, Merge, Privilege, Verb
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.schemas.variable import variable
from portctl.providers.gitlab.variable_fields import DEFAULTS, REMARKS, SCOPE_FILTER, SHOWN, canonical, decode, encode

KIND = Kind(
    provider="gitlab",
    name="Variable",
    source="GitLab docs, Project-level CI/CD variables API",
    summary="A CI/CD variable of a project, for all environments or for some.",
    parent="gitlab/Project",
    identity=("key", "environment_scope"),
    collection=f"{API}/projects/{{parent}}/variables",
    item="{collection}/{key}",
    item_query=SCOPE_FILTER,
    update=Verb.PUT,
    merge=Merge.NONE,
    defaults=DEFAULTS,
    empty=("description",),
    text=("value",),
    unseen=("value",),
    encode=encode,
    decode=decode,
    canonical=canonical,
    remarks=REMARKS,
    readable=SHOWN,
    schema=variable,
    privilege=Privilege.both("Maintainer in the project"),
)
