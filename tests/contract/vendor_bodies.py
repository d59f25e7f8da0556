"""Port's own request schemas as data: read from the API description, cut into pieces, generated from and mutated.

The description lies beside the repository where there is one; it is not part of it.
"""

from __future__ import annotations

import copy
import json
import pathlib
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft7Validator, validators

DESCRIPTION = pathlib.Path(__file__).parents[2] / ".." / "shared" / "contracts" / "port-openapi.json"
NAMES = {
    "blueprint": ("/v1/blueprints", "post"),
    "action": ("/v1/actions", "post"),
    "permissions": ("/v1/actions/{action_identifier}/permissions", "patch"),
    "secret": ("/v1/organization/secrets", "post"),
    "webhook": ("/v1/webhooks", "post"),
    "entity": ("/v1/blueprints/{blueprint_identifier}/entities", "post"),
}
SAME_BODY = {
    "action": ("/v1/actions/{action_identifier}", "put"),
    "webhook": ("/v1/webhooks/{identifier}", "put"),
}

Json = Any


@lru_cache(maxsize=1)
def _description() -> Json:
    return json.loads(DESCRIPTION.read_text("utf-8"))


def request_body(path: str, method: str) -> Json:
    """The schema of one request, references still in it."""
    request = _description()["paths"][path][method]["requestBody"]
    return copy.deepcopy(request["content"]["application/json"]["schema"])


def inlined(schema: Json, depth: int = 1) -> Json:
    """`schema` with references filled in; where they recurse, the alternative is left out."""
    if isinstance(schema, list):
        return [item for item in (inlined(item, depth) for item in schema) if item is not None]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return inlined(_description()["components"]["schemas"][name], depth - 1) if depth else None
    return {key: inlined(value, depth) for key, value in schema.items()}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Port's own word on a body, with the differences that we mean."""

    validator: Any

    def accepts(self, body: Json) -> bool:
        return bool(self.validator.is_valid(body))


def verdict(name: str, differences: Mapping[str, Callable[[Json], None]]) -> Verdict:
    """`differences`: reason -> what it changes in the vendor's schema."""
    schema = request_body(*NAMES[name])
    for change in differences.values():
        change(schema)
    ecma = validators.extend(Draft7Validator, {"pattern": _ecma_pattern})  # type: ignore[no-untyped-call]
    return Verdict(ecma({**schema, "components": _description()["components"]}))


def _ecma_pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[Any]:
    from jsonschema.exceptions import ValidationError

    if isinstance(instance, str) and not re.search(re.sub(r"\$(?=\)|\Z)", r"\\Z", pattern), instance):
        yield ValidationError("pattern")


def enums_of(schema: Json) -> tuple[tuple[str, ...], ...]:
    """The words of every enum anywhere in `schema`, each list once."""
    found: set[tuple[str, ...]] = set()

    def walk(node: Json) -> None:
        if isinstance(node, dict):
            found.add(tuple(word for word in node.get("enum", ()) if isinstance(word, str)))
            for item in node.values():
                walk(item)
        elif isinstance(node, list):
            for item in node:
                walk(item)

    walk(schema)
    return tuple(sorted(found - {()}))


def neighbours(
    body: Json, enums: tuple[tuple[str, ...], ...], seen: set[tuple[str, tuple[str, ...]]]
) -> Iterator[Json]:
    """Copies of `body` with a word replaced by each other word of an enum that has it; each enum once per field."""
    for path, value in _places(body):
        for enum in enums:
            if isinstance(value, str) and value in enum and (str(path[-1]), enum) not in seen:
                seen.add((str(path[-1]), enum))
                for word in enum:
                    yield _with(body, path, word)


def _with(body: Json, path: tuple[Any, ...], value: Json) -> Json:
    changed = copy.deepcopy(body)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = value
    return changed


def mutants(body: Json, words: tuple[str, ...], seed: str, count: int) -> Iterator[Json]:
    """`count` copies of `body`, each with one type, word or key changed, chosen by `seed`."""
    chance = random.Random(seed)
    places = list(_places(body))
    for _ in range(count if places else 0):
        path, value = chance.choice(places)
        mutant = copy.deepcopy(body)
        parent = mutant
        for part in path[:-1]:
            parent = parent[part]
        change = chance.choice(("type", "type", "word", "remove", "add"))
        if change == "remove" and isinstance(parent, dict):
            del parent[path[-1]]
        elif change == "add" and isinstance(value, dict):
            parent[path[-1]] = {**value, "mutantKey": 1}
        elif change == "word" and isinstance(value, str):
            parent[path[-1]] = chance.choice((*words, "mutant word"))
        else:
            others: tuple[Json, ...] = ("text", 7, 7.5, True, None, [], {}, ["a", 1])
            parent[path[-1]] = chance.choice([other for other in others if type(other) is not type(value)])
        yield mutant


def _places(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Json]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*path, key), item
        yield from _places(item, (*path, key))
