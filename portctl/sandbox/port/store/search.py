"""Search rules applied to entities."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.errors import not_emulated
from portctl.sandbox.port.schemas.formats import parse_date_time
from portctl.sandbox.port.store import computed

if TYPE_CHECKING:
    from portctl.sandbox.port.store.reading import Reading

_META = ("identifier", "title", "blueprint", "team", "icon", "createdAt", "createdBy", "updatedAt", "updatedBy")
_DATASOURCE = "datasource"
_HOPS = 15


def matches(reading: Reading, query: Row, entity: Row) -> bool:
    """Whether a stored entity satisfies `{combinator, rules}`."""
    results = (_rule(reading, rule, entity) for rule in query["rules"])
    return all(results) if query["combinator"] == "and" else any(results)


def require_emulated(query: Row) -> None:
    """Errors: 501 for a rule that the sandbox does not emulate, whether or not there is an entity to apply it to."""
    for rule in query["rules"]:
        if "combinator" in rule:
            require_emulated(rule)
        else:
            _require_rule(rule)


def _require_rule(rule: Row) -> None:
    place, wanted = rule.get("property"), rule.get("value")
    if _is_contextual(place) or _is_contextual(wanted):
        raise not_emulated("search rules that depend on the current user")
    if rule["operator"] in ("isExpired", "isNotExpired"):
        raise not_emulated(f"the search operator {rule['operator']}")
    if isinstance(place, str) and place.startswith("$") and place[1:] not in (*_META, _DATASOURCE):
        raise not_emulated(f"the property {place} in search rules")
    if rule["operator"] == "matchAny":
        if isinstance(wanted, str):
            raise not_emulated("matchAny against another property")
        if isinstance(place, dict) and (
            "fromBlueprint" in place or any(isinstance(hop, dict) for hop in place["path"])
        ):
            raise not_emulated("matchAny over a path with hops or another start")


def _rule(reading: Reading, rule: Row, entity: Row) -> bool:
    if "combinator" in rule:
        return matches(reading, rule, entity)
    _require_rule(rule)
    operator = rule["operator"]
    if operator == "relatedTo":
        return _related(reading, rule, entity)
    if "propertySchema" in rule:
        return any(_compare(operator, value, rule.get("value")) for value in _by_schema(reading, rule, entity))
    wanted = rule.get("value")
    if operator == "matchAny":
        return _match_any(reading, rule["property"], wanted, entity)
    value = read(reading, entity, rule["property"])
    if isinstance(wanted, dict):
        inside = _within(reading.now, value, wanted)
        return not inside if operator == "notBetween" else inside
    return _compare(operator, value, wanted)


def read(reading: Reading, entity: Row, name: str) -> Any:
    """A meta property, property (calculated ones too) or relation of an entity; None where it has no such thing."""
    if name == f"${_DATASOURCE}":
        writer = reading.tables.get(f"datasources:{entity['blueprint']}", entity["identifier"])
        return writer["agent"] if writer else ""
    if name.startswith("$"):
        return entity.get(name[1:]) if name[1:] in _META else None
    if name in entity["properties"]:
        return entity["properties"][name]
    if name in entity["relations"]:
        return entity["relations"][name]
    blueprint = reading.tables.get("blueprints", entity["blueprint"])
    return None if blueprint is None else reading.value(blueprint, entity, name)


def _is_contextual(part: Any) -> bool:
    return isinstance(part, dict) and "context" in part


def _by_schema(reading: Reading, rule: Row, entity: Row) -> Iterable[Any]:
    blueprint = reading.tables.get("blueprints", entity["blueprint"])
    for name, declared in (blueprint or {"schema": {"properties": {}}})["schema"]["properties"].items():
        if all(declared.get(key) == value for key, value in rule["propertySchema"].items()):
            yield entity["properties"].get(name)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _equal(value: Any, wanted: Any) -> bool:
    return bool(value == wanted) and isinstance(value, bool) is isinstance(wanted, bool)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return all(any(_equal(each, want) for each in _as_list(value)) for want in _as_list(wanted))


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(value: Any, wanted: Any) -> bool:
        numbers = isinstance(value, int | float) and isinstance(wanted, int | float)
        if isinstance(value, str) and isinstance(wanted, str):
            left, right = parse_date_time(value), parse_date_time(wanted)
            return left is not None and right is not None and test(left, right)
        return numbers and test(value, wanted)

    return compare


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda value, wanted: _equal(value, wanted) or (isinstance(value, list) and wanted in value),
    "in": lambda value, wanted: any(_equal(each, want) for each in _as_list(value) for want in _as_list(wanted)),
    "contains": _contains,
    "containsAny": lambda value, wanted: any(_contains(value, each) for each in _as_list(wanted)),
    "beginsWith": lambda value, wanted: (_text(value) or "").startswith(str(wanted)) and _text(value) is not None,
    "endsWith": lambda value, wanted: (_text(value) or "").endswith(str(wanted)) and _text(value) is not None,
    "isEmpty": lambda value, _: value in (None, [], ""),
    ">": _ordered(lambda left, right: left > right),
    ">=": _ordered(lambda left, right: left >= right),
    "<": _ordered(lambda left, right: left < right),
    "<=": _ordered(lambda left, right: left <= right),
}
_NEGATED = {
    "!=": "=",
    "notIn": "in",
    "doesNotContains": "contains",
    "doesNotBeginsWith": "beginsWith",
    "doesNotEndsWith": "endsWith",
    "isNotEmpty": "isEmpty",
}


def _compare(operator: str, value: Any, wanted: Any) -> bool:
    if operator in _NEGATED:
        return not _OPERATORS[_NEGATED[operator]](value, wanted)
    return _OPERATORS[operator](value, wanted)


_PRESETS = {
    "lastDay": timedelta(days=1),
    "lastWeek": timedelta(weeks=1),
    "last2Weeks": timedelta(weeks=2),
    "lastMonth": timedelta(days=30),
    "last3Months": timedelta(days=91),
    "last6Months": timedelta(days=182),
    "last12Months": timedelta(days=365),
}
_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}


def _within(now: datetime, value: Any, period: Row) -> bool:
    moment = parse_date_time(value) if isinstance(value, str) else None
    if moment is None:
        return False
    preset = period.get("preset")
    if preset in _DAYS:
        return (moment.astimezone(now.tzinfo).date() - now.date()).days == _DAYS[preset]
    if preset is not None:
        return now - _PRESETS[preset] <= moment <= now
    start, end = parse_date_time(period["from"]), parse_date_time(period["to"])
    return start is not None and end is not None and start <= moment <= end


def _match_any(reading: Reading, place: Any, wanted: Any, entity: Row) -> bool:
    if isinstance(place, str):
        values = _as_list(read(reading, entity, place))
    else:
        values = [each["identifier"] for each in computed.follow(reading, entity, place["path"])]
    return any(value in wanted for value in values)


def _related(reading: Reading, rule: Row, entity: Row) -> bool:
    """Whether an entity of `blueprint` named in `value` can be reached over relations.

    `upstream` (the default here) follows relations away from the entity that is sought, `downstream` towards it.
    """
    wanted = {(rule["blueprint"], each) for each in _as_list(rule["value"])}
    upstream = rule.get("direction", "upstream") == "upstream"
    seen = {(entity["blueprint"], entity["identifier"])}
    edge = [entity]
    for _ in range(_HOPS):
        step = [near for each in edge for near in (_targets(reading, each) if upstream else _sources(reading, each))]
        edge = [each for each in step if (each["blueprint"], each["identifier"]) not in seen]
        seen |= {(each["blueprint"], each["identifier"]) for each in edge}
        if seen & wanted or not edge:
            break
    return bool(seen & wanted)


def _targets(reading: Reading, entity: Row) -> list[Row]:
    return [each for name in entity["relations"] for each in computed.follow(reading, entity, [name])]


def _sources(reading: Reading, entity: Row) -> list[Row]:
    return computed.sources(reading, entity)
