"""Wherever a value stands in a manifest, a placeholder may stand: of a secret, an output, or one that is not filled."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from dataclasses import replace

import yaml

from portctl.manifest.check import check_resources
from portctl.manifest.lint import run_rules
from portctl.manifest.render import render
from portctl.manifest.schema import check_schema
from portctl.model.address import Address
from portctl.model.resource import Manifest, Meta, Resource
from portctl.model.value import Awaited, OutputRef, Sealed, SecretRef, Value, get, leaves
from portctl.model.values import Values
from portctl.providers.catalogue import catalogue
from portctl.providers.rules import all_rules
from portctl.source import Path, Source, SourceMap
from portctl.template.context import RenderContext
from tests.fuzz.targets import all_manifests
from tests.sampling import chosen
from tests.unit.rules.builders import resources


def _unfilled() -> Value:
    """What stands where a placeholder could not be filled."""
    kind = catalogue()["port/Secret"]
    body = {"secretName": "A", "description": "<% values.nope %>"}
    manifest = Manifest(Address("port", "Secret", "a"), kind, body, Meta(), SourceMap(Source("a.yaml")))
    context = RenderContext("test", {}, frozenset())
    (made,), _ = render([manifest], values=Values({}, {}), context=context, catalogue=catalogue())
    return made.attributes["description"]


def _with(value: Value, path: Path, leaf: Value) -> Value:
    if not path:
        return leaf
    if isinstance(value, tuple | list):
        return tuple(_with(item, path[1:], leaf) if place == path[0] else item for place, item in enumerate(value))
    return {key: _with(item, path[1:], leaf) if key == path[0] else item for key, item in value.items()}


def _places(found: Sequence[Resource]) -> list[tuple[int, Path]]:
    """Every leaf of every resource, and everything that holds some."""
    ways = [
        (number, path[:end])
        for number, each in enumerate(found)
        for path, _ in leaves(each.attributes)
        for end in range(1, len(path) + 1)
    ]
    return list(dict.fromkeys(ways))


def test_a_placeholder_may_stand_wherever_a_value_stands(covered: list[str]) -> None:
    found = resources(yaml.safe_dump_all(all_manifests(), sort_keys=False))
    output = OutputRef(Address("port", "Webhook", "a"), "url")
    placeholders: dict[str, Value] = {
        "secret": Sealed((SecretRef("A"),)),
        "output": Awaited((output,)),
        "text with an output": Awaited(("https://", output, "/x")),
        "unfilled": _unfilled(),
    }
    tried = chosen(
        "placeholders", [(number, path, name) for number, path in _places(found) for name in placeholders], 250
    )
    wrong: dict[str, str] = {}
    for number, path, name in tried:
        one = replace(found[number], attributes=_with(found[number].attributes, path, placeholders[name]))
        assert get(one.attributes, path) is placeholders[name]
        changed = [*found[:number], one, *found[number + 1 :]]
        try:
            run_rules(all_rules(), changed, {})
            check_schema(one)
            check_resources(changed, catalogue=catalogue(), declared_secrets=())
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-4]
            wrong.setdefault(f"{place.name}:{place.lineno}", f"{name} at {one.kind.full_name} {path}: {error}")
    covered.append(f"placeholders: {len(tried)} places of {len(found)} resources")
    assert wrong == {}
