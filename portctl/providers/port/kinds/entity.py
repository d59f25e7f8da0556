"""Port entity. Source: Port API reference, "Entities"; reads are searches by `$identifier`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from portctl.model.kind import Coverage, Kind, Merge, Privilege, Ref, Search, Verb
from portctl.model.value import Attributes, Masked, Value, map_leaves
from portctl.providers.port.fields import MADE_AT, MADE_BY, SERVER_OWNED, SHOWN, SYSTEM_BLUEPRINT
from portctl.providers.port.schemas.entity import entity

_TIME = r"\d\d:\d\d:\d\d(\.\d{1,6})?"
_DATE_TIME = re.compile(rf"\d{{4}}-\d\d-\d\d([Tt\s]{_TIME}([Zz]|[+-]\d\d(:?\d\d)?)|\s{_TIME})")
_PAGE = 1000
_BY_SEARCH = "found by search"


def _search(names: Sequence[str], cursor: str) -> Attributes:
    rule = {"property": "$identifier", "operator": "in", "value": tuple(names)}
    start = {"from": cursor} if cursor else {}
    return {"query": {"combinator": "and", "rules": (rule,)}, "limit": _PAGE, **start}


def _encode(attributes: Attributes) -> Attributes:
    """The blueprint stands in the path; a PATCH refuses it in the body."""
    return {key: value for key, value in attributes.items() if key != "blueprint"}


def _canonical(attributes: Attributes) -> Attributes:
    """One team is a list of one; times are instants; what a search finds is what stands there."""
    result = dict(attributes)
    if isinstance(result.get("relations"), Mapping):
        result["relations"] = {name: _found(value) for name, value in result["relations"].items()}
    if "team" in result:
        result["team"] = _found(result["team"])
    if isinstance(result.get("team"), str) and result["team"]:
        result["team"] = (result["team"],)
    properties = result.get("properties")
    if isinstance(properties, Mapping):
        result["properties"] = {name: map_leaves(value, _instant) for name, value in properties.items()}
    return result


def _found(value: Value) -> Value:
    """Port answers a search with the identifiers that it finds: they cannot be compared with it."""
    return Masked(_BY_SEARCH) if isinstance(value, Mapping) else value


def _instant(_: object, leaf: Value) -> Value:
    """The UTC spelling of a time, which is how Port stores it (one without zone as UTC); anything else unchanged."""
    if not isinstance(leaf, str) or _DATE_TIME.fullmatch(leaf) is None:
        return leaf
    try:
        moment = datetime.fromisoformat(leaf.upper())
        moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return leaf
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


KIND = Kind(
    provider="port",
    name="Entity",
    source="Port API reference, Entities",
    summary="One entry of the catalog. Only what the manifest names is compared and written.",
    identity=("blueprint", "identifier"),
    collection="/v1/blueprints/{blueprint}/entities",
    item="{collection}/{identifier}",
    scope=("blueprint",),
    search=Search("{collection}/search", _search, size=_PAGE),
    envelope=("entity",),
    list_envelope=("entities",),
    update=Verb.PATCH,
    coverage=Coverage.DECLARED,
    merge=Merge.PATCH,
    patch_depth=2,
    server_owned=(*SERVER_OWNED, "scorecards"),
    server_id=MADE_AT,
    maker=MADE_BY,
    defaults={"properties.*": None},
    empty=("title", "icon", "team", "relations.*", "relations", "properties"),
    sets=("team", "relations.*"),
    canonical=_canonical,
    encode=_encode,
    references=(
        Ref("blueprint", "port/Blueprint", SYSTEM_BLUEPRINT),
        Ref("relations.*", "port/Entity", loose=True),
        Ref("relations.*.*", "port/Entity", loose=True),
    ),
    deferrable=("relations",),
    remarks=(
        "Mirror, calculation and aggregation properties are derived by Port: do not name them in a manifest.",
        "Read with one search of at most 1,000 identifiers per blueprint and page.",
        "A relation may name any entity; entities declared here are created first.",
        "A relation or team given as a search is sent where nothing stands yet; what Port has found then stays.",
    ),
    readable=SHOWN,
    schema=entity,
    privilege=Privilege(read="any member", write="Admin, or the role `<blueprint>-moderator`"),
)
