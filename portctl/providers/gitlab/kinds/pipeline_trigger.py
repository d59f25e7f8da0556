"""Pipeline trigger token. Source: GitLab docs, "Pipeline trigger tokens API"."""

from __future__ import annotations

from datetime import UTC, datetime

from portctl.model.kind import Kind, Merge, Output, OutputClass, Privilege, Readable, Verb
from portctl.model.value import Attributes
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.schemas.trigger import trigger

_KNOWN = ("id", "token", "description", "created_at", "updated_at", "last_used", "expires_at", "owner")


def _decode(item: Attributes) -> Attributes:
    """Fields that we do not know are not ours."""
    return {name: value for name, value in item.items() if name in _KNOWN}


def _canonical(attributes: Attributes) -> Attributes:
    """A date is its first instant, and an instant has one spelling."""
    text = attributes.get("expires_at")
    if not isinstance(text, str):
        return attributes
    try:
        moment = datetime.fromisoformat(text)
        instant = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return attributes
    return {**attributes, "expires_at": instant.isoformat().replace("+00:00", "Z")}


KIND = Kind(
    provider="gitlab",
    name="PipelineTrigger",
    source="GitLab docs, Pipeline trigger tokens API",
    summary="A token that starts pipelines of a project. They run as the user who made it.",
    parent="gitlab/Project",
    identity=("description",),
    collection=f"{API}/projects/{{parent}}/triggers",
    item="{collection}/{id}",
    update=Verb.PUT,
    merge=Merge.NONE,
    server_owned=("id", "token", "owner", "created_at", "updated_at", "last_used"),
    empty=("expires_at", "superseded"),
    decode=_decode,
    canonical=_canonical,
    outputs=(Output("token", "token", OutputClass.OWNER, secret=True), Output("id", "id")),
    immutable=("expires_at",),
    server_id="id",
    replaced="superseded",
    remarks=(
        "GitLab shows the token to its owner only. Others who plan are told so, and what uses it is assumed unchanged.",
        "A replacement is created first, then what uses the token is written, then the old one goes.",
        (
            "`superseded` lists tokens that this project has replaced and that still work: the next apply revokes "
            "them, and they count as deletes. Other tokens of the same description are left alone."
        ),
        "Let one service account apply: a token, and the pipelines that it starts, belong to who made it.",
    ),
    readable=(Readable("**", "Leave it out. Secrets of jobs belong in a gitlab/Variable with `hidden: true`."),),
    schema=trigger,
    privilege=Privilege.both("Maintainer in the project"),
)
