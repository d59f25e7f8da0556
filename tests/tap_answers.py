"""The law of Port's answers: what was not sent is not answered, but for what Port says that it works out itself.

Every object that an answer shows is held against what was sent for it. `OWN` is the list of what Port adds, each
entry with who says so. Objects that were there before the test, or that were changed in a way that this module does
not follow (faults, references that follow a rename), are looked at only where they are written.
"""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portctl.sandbox.core.exchange import decode_segments
from portctl.sandbox.core.journal import Exchange

Test = Callable[[Any, Any], bool]
"""Whether an answered value may stand where another one (or `MISSING`) was sent."""
Rule = tuple[str, Test, str]
"""Where (dotted; `*` is any key), which values, who says so. What stands below such a value is not looked at."""


class Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()
UNSET = Missing()
"""Sent by nobody, and known to be there: what a blueprint declares, and the meta properties of an entity."""
UNKNOWN = Missing()
"""A version of an object of which nobody knows what was sent for it."""
MAPS = ("calculationProperties", "mirrorProperties", "aggregationProperties", "relations")
OTHER_READINGS = ("filled-defaults", "patch-schema", "date-time")
"""Switches that change what is answered or kept; an exchange under their other reading is not looked at."""


def anything(_answered: Any, _sent: Any) -> bool:
    return True


def new(_answered: Any, sent: Any) -> bool:
    """Made up by Port where nothing was sent."""
    return sent is MISSING


def kept(_answered: Any, sent: Any) -> bool:
    """Written before."""
    return sent is UNSET


def unset(answered: Any, sent: Any) -> bool:
    return answered in (None, []) and (sent is UNSET or sent is None)


def same_instant(answered: Any, sent: Any) -> bool:
    try:
        return datetime.fromisoformat(answered) == datetime.fromisoformat(sent)
    except (TypeError, ValueError):
        return False


def dropped_to_direct(answered: Any, sent: Any) -> bool:
    """Inherited ownership whose owner is not ready."""
    if not isinstance(sent, dict) or "path" not in sent:
        return False
    return bool(answered == {**{name: value for name, value in sent.items() if name != "path"}, "type": "Direct"})


def dropped_to_null(answered: Any, _sent: Any) -> bool:
    return answered is None


def one_as_list(answered: Any, sent: Any) -> bool:
    return bool(answered == [sent])


def found(_answered: Any, sent: Any) -> bool:
    """What a search stands for."""
    return isinstance(sent, dict) and "combinator" in sent


def _stamps(source: str) -> tuple[Rule, ...]:
    names = ("id", "createdAt", "createdBy", "updatedAt", "updatedBy")
    return tuple((name, anything, source) for name in names)


OWN: dict[str, tuple[Rule, ...]] = {
    "blueprint": (
        *_stamps("Port API reference, Get a blueprint"),
        ("ownership", dropped_to_direct, "tests of Port's Terraform provider; fact 42"),
        ("aggregationProperties.*.pathFilter", dropped_to_null, "Port's own CLI; fact 41"),
    ),
    "action": _stamps("Port API reference, Get an action"),
    "webhook": (
        *_stamps("Port API reference, Get a webhook"),
        ("identifier", new, "Port API reference, Create a webhook: it is made up where none is sent"),
        ("webhookKey", anything, "Port API reference, Get a webhook"),
        ("url", anything, "Port API reference, Get a webhook"),
        ("security.secret", anything, "not known; switch webhook-secret"),
    ),
    "secret": _stamps("Port API reference, Get an organization secret"),
    "team": (
        *_stamps("Port API reference, Get a team"),
        ("provider", anything, "Port API reference, Get a team"),
        ("users", anything, "Port API reference, Get a team: people where addresses were sent"),
    ),
    "entity": (
        *_stamps("Port documentation, Meta properties"),
        ("identifier", new, "Port API reference, Create an entity: it is made up where none is sent"),
        ("identifier", found, "Port API reference, Create an entity: a search"),
        ("blueprint", anything, "Port documentation, Meta properties"),
        ("scorecards", anything, "Port API reference, Get an entity"),
        *((name, unset, "recorded from Port: unset reads as null") for name in ("title", "icon", "team")),
        ("properties.*", unset, "recorded from Port: unset reads as null"),
        ("relations.*", unset, "recorded from Port: unset reads as null"),
        ("properties.*", same_instant, "Port documentation, Date property: kept in UTC"),
        ("properties.*.*", same_instant, "Port documentation, Date property: kept in UTC"),
        ("relations.*", found, "Port documentation, relations by search"),
        ("team", one_as_list, "Port API reference, Get an entity: a list"),
        ("team", found, "Port documentation, teams by search"),
    ),
}
"""What Port adds to or makes of what was sent, by kind."""

_RUN = (
    *("id", "status", "statusLabel", "action", "blueprint", "entity", "properties", "rawProperties", "source", "link"),
    *("summary", "requiredApproval", "approval", "payload", "response", "endedAt", "externalRunId", "message"),
    *("createdBy", "updatedBy", "createdAt", "updatedAt"),
)
_USER = (
    *("id", "email", "firstName", "lastName", "picture", "status", "type", "providers", "roles", "teams"),
    *("createdAt", "updatedAt"),
)
_PAGE = (
    *("identifier", "type", "title", "icon", "blueprint", "widgets", "pageFilters", "locked", "protected", "sidebar"),
    *("section", "parent", "after", "createdAt", "createdBy", "updatedAt", "updatedBy"),
)
_AUDIT = (
    *("identifier", "action", "resourceType", "status", "message", "trigger", "context", "diff", "additionalData"),
    *("createdAt", "createdBy", "updatedAt", "updatedBy"),
)
_MIGRATION = (
    *("id", "actor", "sourceBlueprint", "mapping", "status", "successCount", "failureCount", "deleteBlueprint"),
    *("deleteEntities", "createdAt", "createdBy", "updatedAt", "updatedBy"),
)
_ORGANISATION = (
    *("id", "name", "settings", "isOnboarded", "region", "announcement"),
    *("createdAt", "createdBy", "updatedAt", "updatedBy"),
)
RECORDS: dict[str, tuple[tuple[str, ...], str]] = {
    "run": (_RUN, "Port API reference, Get an action run"),
    "runs": (_RUN, "Port API reference, Get all action runs"),
    "runLog": (("id", "runId", "message", "createdBy", "createdAt"), "Port API reference, Add a log to a run"),
    "runLogs": (("id", "runId", "message", "createdBy", "createdAt"), "Port API reference, Get a run's logs"),
    "approvers": (("userId", "state", "description"), "Port API reference, Get a run's approvers"),
    "user": (_USER, "Port API reference, Get a user"),
    "users": (_USER, "Port API reference, Get all users"),
    "page": (_PAGE, "Port API reference, Get a page"),
    "pages": (_PAGE, "Port API reference, Get all pages"),
    "audits": (_AUDIT, "Port API reference, Get audit logs"),
    "migration": (_MIGRATION, "Port API reference, Get a migration"),
    "migrations": (_MIGRATION, "Port API reference, Get all migrations"),
    "organization": (_ORGANISATION, "Port API reference, Get organization details"),
}
"""What Port writes itself, by the key of the envelope: the keys that such a record may have, and who says so."""
_WHO = ("roles", "users", "teams", "ownedByTeam", "policy")
_GRANULAR = ("updateProperties", "updateRelations")
_VERBS = ("read", "register", "update", "unregister")
PLAIN = {
    "ok": "Port API reference: every answer",
    **dict.fromkeys(("accessToken", "expiresIn", "tokenType"), "Port API reference, Create an access token"),
    "count": "Port API reference, Get a blueprint's entity count",
    "deletedEntities": "Port API reference, Delete many entities",
    "migrationId": "Port API reference, Delete all entities of a blueprint",
    "next": "Port API reference, Search a blueprint's entities",
    **dict.fromkeys(("matchingBlueprints", "failedBlueprints"), "Port API reference, Search entities"),
    "errors": "Port API reference, Create multiple entities",
}
"""Keys of the envelope that hold no object, and who says so."""
_BULK = ("identifier", "index", "created", "additionalData")


@dataclass(frozen=True, slots=True)
class Kind:
    """Objects that are written whole (POST, PUT) or in part (PATCH), and answered as they were written."""

    name: str
    item: str
    key: str
    wrappers: tuple[str, str]


KINDS = (
    Kind("blueprint", "/v1/blueprints/{blueprint}", "identifier", ("blueprint", "blueprints")),
    Kind("action", "/v1/actions/{action}", "identifier", ("action", "actions")),
    Kind("webhook", "/v1/webhooks/{webhook}", "identifier", ("integration", "integrations")),
    Kind("secret", "/v1/organization/secrets/{secret}", "secretName", ("secret", "secrets")),
    Kind("team", "/v1/teams/{team}", "name", ("team", "teams")),
)
_OF = {wrapper: kind for kind in KINDS for wrapper in kind.wrappers}
_ENTITY = ("entity", "entities")
_META = ("title", "icon", "team")


@dataclass(slots=True)
class Book:
    """What was sent for which object, in every version: reads may lag behind writes."""

    versions: dict[tuple[str, str, str], list[Any]] = field(default_factory=dict)
    organisations: dict[str | None, str] = field(default_factory=dict)
    """By client, as their tokens say."""

    seen: Counter[str] = field(default_factory=Counter)

    def issues(self, exchange: Exchange) -> Iterator[str]:
        """What an exchange answers and nobody sent."""
        answer = exchange.response_body
        if (exchange.note or "").startswith("fault") or any(each in OTHER_READINGS for each in exchange.moved):
            if exchange.method != "GET":
                self._lose_track()
            return
        if not 200 <= exchange.status < 300 or not isinstance(answer, dict) or exchange.route is None:
            return
        if "accessToken" in answer:
            self.organisations[exchange.caller] = _claims(answer["accessToken"])["orgId"]
        name = f"{exchange.method} {exchange.route}"
        for wrapper, value in answer.items():
            for row in value if isinstance(value, list) else [value]:
                yield from (f"{name}: {text}" for text in self._object(exchange, wrapper, row))

    def _object(self, exchange: Exchange, wrapper: str, row: Any) -> Iterator[str]:
        if wrapper in _ENTITY:
            yield from self._entity(exchange, row)
        elif wrapper == "permissions":
            yield from _permissions(row)
        elif wrapper in RECORDS:
            yield from _keys(row, RECORDS[wrapper][0])
        elif wrapper in _OF:
            yield from self._kept(exchange, _OF[wrapper], row)
        elif wrapper not in PLAIN:
            yield f"nothing is known of {wrapper} in an answer"
        if wrapper not in PLAIN:
            self.seen[wrapper] += 1

    def _kept(self, exchange: Exchange, kind: Kind, row: Any) -> Iterator[str]:
        route, organisation = exchange.route or "", self._organisation(exchange)
        identity = (organisation, kind.name, str(row.get(kind.key)))
        if route.endswith("/structure"):
            return
        if exchange.method == "GET" or route.endswith("/rename"):
            if route.endswith("/rename"):
                self.versions.setdefault(identity, []).append(UNKNOWN)
            yield from self._read(identity, kind, row)
            return
        was = str(_parameter(exchange, kind) or row.get(kind.key))
        if was != identity[2]:
            self._lose_track()
        before = self.versions.get((organisation, kind.name, was), [UNKNOWN])[-1]
        sent = json.loads(exchange.request_body)
        whole = sent if exchange.method in ("POST", "PUT") else _merged(before, sent)
        versions = self.versions.setdefault(identity, [] if exchange.method == "POST" else [UNKNOWN])
        versions.append(whole)
        if whole is UNKNOWN:
            row, whole = {name: value for name, value in row.items() if name in sent and name not in MAPS}, sent
            self.seen["in part"] += 1
        own = ((kind.key, new, "named by the address"),) if exchange.method == "PUT" else ()
        yield from _strange((*OWN[kind.name], *own), row, whole, ())

    def _read(self, identity: tuple[str, str, str], kind: Kind, row: Any) -> Iterator[str]:
        versions = self.versions.get(identity, [UNKNOWN])
        if UNKNOWN in versions:
            self.seen["unknown"] += 1
            return
        key: Rule = (kind.key, new, "named by the address")
        found = [list(_strange((*OWN[kind.name], key), row, version, ())) for version in reversed(versions)]
        if all(found):
            yield from found[0]

    def _entity(self, exchange: Exchange, row: Any) -> Iterator[str]:
        route = exchange.route or ""
        if route.endswith("/bulk"):
            yield from _keys(row, _BULK)
            return
        blueprint = self._blueprint(exchange, row["blueprint"])
        calculated = [name for group in MAPS[:3] for name in (blueprint or {}).get(group, {})]
        own = [*OWN["entity"], *((f"properties.{name}", anything, "worked out") for name in calculated)]
        is_read = exchange.method == "GET" or route.endswith("/search")
        sent = {} if is_read else json.loads(exchange.request_body)
        whole = {**dict.fromkeys(_META, UNSET), **sent}
        for group in ("properties", "relations"):
            whole[group] = {**dict.fromkeys(_declared(blueprint, group, row), UNSET), **(sent.get(group) or {})}
        if is_read or exchange.method == "PATCH" or "merge=true" in exchange.query:
            own += [(name, kept, "written before") for name in (*_META, "properties.*", "relations.*")]
        elif blueprint is None:
            own.append(("properties.*", kept, "may be worked out"))
        own += [("identifier", anything, "named by the address")] if is_read else []
        own += [("properties.status", kept, "Port documentation, Users: Staged")] if row["blueprint"] == "_user" else []
        yield from _strange(own, row, whole, ())

    def _blueprint(self, exchange: Exchange, name: str) -> Any:
        """What was sent for a blueprint last; None where nobody knows."""
        versions = self.versions.get((self._organisation(exchange), "blueprint", name), [UNKNOWN])
        return None if UNKNOWN in versions else versions[-1]

    def _organisation(self, exchange: Exchange) -> str:
        """Port calls itself with a token that nobody asked for: as who signed in first."""
        return self.organisations.get(exchange.caller) or next(iter(self.organisations.values()), "")

    def _lose_track(self) -> None:
        for versions in self.versions.values():
            versions.append(UNKNOWN)


def _strange(rules: Iterable[Rule], answered: Any, sent: Any, path: tuple[Any, ...]) -> Iterator[str]:
    """The places of what is answered and was not sent."""
    if any(_fits(place, path) and test(answered, sent) for place, test, _ in rules):
        return
    where = ".".join(map(str, path))
    if sent is MISSING or sent is UNSET:
        yield f"{where} is {answered!r} and was not sent"
    elif isinstance(answered, dict) and isinstance(sent, dict):
        for name, value in answered.items():
            yield from _strange(rules, value, sent.get(name, MISSING), (*path, name))
    elif isinstance(answered, list) and isinstance(sent, list) and len(answered) == len(sent):
        for index, (value, other) in enumerate(zip(answered, sent, strict=True)):
            yield from _strange(rules, value, other, (*path, index))
    elif json.dumps(answered, sort_keys=True) != json.dumps(sent, sort_keys=True):
        yield f"{where} is {answered!r} and {sent!r} was sent"


def _fits(place: str, path: tuple[Any, ...]) -> bool:
    parts = place.split(".")
    return len(parts) == len(path) and all(part in ("*", str(name)) for part, name in zip(parts, path, strict=True))


def _keys(row: Any, known: tuple[str, ...], where: str = "") -> Iterator[str]:
    for name in row:
        if name not in known:
            yield f"{where}{name} is {row[name]!r} and no key of such a record"


def _permissions(row: Any) -> Iterator[str]:
    """Permissions are there before anybody writes them. Source: Port API reference, permissions of both kinds."""
    if "entities" not in row:
        yield from _keys(row, ("execute", "approve"))
        for verb, who in row.items():
            yield from _keys(who, _WHO, f"{verb}.")
        return
    yield from _keys(row["entities"], (*_VERBS, *_GRANULAR))
    for verb, value in row["entities"].items():
        for name, who in value.items() if verb in _GRANULAR else [(verb, value)]:
            yield from _keys(who, _WHO if verb in _VERBS else _WHO[:-1], f"{name}.")


def _merged(before: Any, sent: Any) -> Any:
    """What is known to be sent after a PATCH: maps of blueprints are merged by key."""
    if before is UNKNOWN:
        return UNKNOWN
    maps = {name: {**before.get(name, {}), **sent[name]} for name in MAPS if name in sent}
    return {**before, **sent, **maps}


def _declared(blueprint: Any, group: str, row: Any) -> Iterable[str]:
    """The names that entities of a blueprint may have; those of the entity itself where nobody knows."""
    if blueprint is None:
        return list(row.get(group, {}))
    return list(blueprint["schema"]["properties"] if group == "properties" else blueprint.get("relations", {}))


def _parameter(exchange: Exchange, kind: Kind) -> str | None:
    """The identifier in the address of an object."""
    parts, segments = kind.item.strip("/").split("/"), decode_segments(exchange.path)
    return segments[-1] if exchange.route == kind.item and len(parts) == len(segments) else None


def _claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def check_answers(exchanges: Iterable[Exchange]) -> Counter[str]:
    """Assert that Port answered nothing that was not sent; how many objects of which kind were looked at."""
    book = Book()
    issues = [text for each in exchanges if each.service == "port" for text in book.issues(each)]
    assert not issues, "\n".join(issues)
    return book.seen
