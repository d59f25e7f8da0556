"""Rule: a word that one step of the flow uses and another does not know.

A value goes from an action's input through templates and automations into an entity's property, and every step may
restrict it: Port refuses an entity whose value is not in its enum, and a comparison with a word that never comes is
never true.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import MISSING, Pending, get
from portctl.providers.port.rules.programs import programs
from portctl.providers.port.rules.shapes import Organisation, enum_at, list_at, map_at, text_at, texts_below
from portctl.providers.port.rules.templates import parse
from portctl.source import Path

_NAME = r"\.properties\.(?P<name>[A-Za-z_]\w*)"
_WORD = r'"(?P<word>(?:[^"\\]|\\.){0,200}+)"'
_ENTITY = re.compile(rf"\.entity{_NAME}\s*[=!]=\s*{_WORD}")
_DIFF = re.compile(rf"\.diff\.(?:before|after){_NAME}\s*[=!]=\s*{_WORD}")
_INPUT = re.compile(rf"\.inputs\.(?P<name>[A-Za-z_]\w*)\s*[=!]=\s*{_WORD}")
_WHOLE_INPUT = re.compile(r"\.inputs\.(?P<name>[A-Za-z_]\w*)")
_WHOLE_RUN_INPUT = re.compile(rf"\.event\.diff\.after{_NAME}")
_MOST_SHOWN = 50
_INPUTS: Path = ("trigger", "userInputs", "properties")


def disagreeing_enums(organisation: Organisation) -> Iterator[Finding]:
    """Every word that its reader cannot meet, in actions, automations, blueprints and webhooks."""
    for resource in organisation.ours("Blueprint"):
        yield from _own_words(resource, ("schema", "properties"))
    for resource in organisation.ours("Action"):
        yield from _own_words(resource, _INPUTS)
        yield from _same_name(organisation, resource)
    for resource in organisation.ours("Action", "Automation"):
        yield from _compared(organisation, resource)
        yield from _forwarded(organisation, resource)
    for resource in organisation.ours("Webhook"):
        yield from _mapped(organisation, resource)


def _own_words(resource: Resource, at: Path) -> Iterator[Finding]:
    """A default that is not in the enum beside it."""
    for name in map_at(resource.attributes, *at):
        words = enum_at(resource.attributes, *at, name)
        if words is None:
            continue
        default = get(resource.attributes, (*at, name, "default"))
        if (
            default is not MISSING
            and not isinstance(default, Mapping | tuple | list | Pending)
            and default not in words
        ):
            yield _finding(resource, (*at, name, "default"), default, words, f"the enum of {name}")


def _same_name(organisation: Organisation, action: Resource) -> Iterator[Finding]:
    """An input named like a property of the blueprint that the action acts on."""
    blueprint = _blueprint_of(organisation, action)
    for name in map_at(action.attributes, *_INPUTS):
        yield from _subset(action, action, name, (*_INPUTS, name, "enum"), blueprint, name)


def _compared(organisation: Organisation, resource: Resource) -> Iterator[Finding]:
    """A literal that a program compares with a property or an input."""
    about = _action_behind(organisation, resource)
    changed = _changed_blueprint(organisation, resource)
    for path, program in programs(resource):
        for match in _ENTITY.finditer(program):
            yield from _literal(resource, path, match, _property(_blueprint_of(organisation, resource), match["name"]))
        for match in _INPUT.finditer(program):
            yield from _literal(resource, path, match, _input(resource, match["name"]))
        for match in _DIFF.finditer(program):
            known = _input(about, match["name"]) if about is not None else _property(changed, match["name"])
            yield from _literal(resource, path, match, known)


def _literal(resource: Resource, path: Path, match: re.Match[str], words: tuple[Any, ...] | None) -> Iterator[Finding]:
    word = json.loads(f'"{match["word"]}"') if "\\" not in match["word"] else match["word"]
    if words is not None and word not in words:
        yield _finding(resource, path, word, words, f"the enum of {match['name']}")


def _forwarded(organisation: Organisation, resource: Resource) -> Iterator[Finding]:
    """An input that goes, as it is, into a key named like a property of the entity that it is about."""
    about = _action_behind(organisation, resource)
    source = resource if resource.kind.name == "Action" else about
    if source is None:
        return
    target = _target(organisation, resource) or _blueprint_of(organisation, source)
    pattern = _WHOLE_INPUT if source is resource else _WHOLE_RUN_INPUT
    for path, text in texts_below(resource, "invocationMethod"):
        match = pattern.fullmatch(parse(text).whole)
        told_by_name = source is resource and match is not None and match["name"] == path[-1]
        if match is not None and isinstance(path[-1], str) and not told_by_name:
            yield from _subset(resource, source, match["name"], path, target, path[-1])


def _subset(
    resource: Resource,
    source: Resource,
    name: str,
    path: Path,
    blueprint: Resource | None,
    prop: str,
) -> Iterator[Finding]:
    sent, known = _input(source, name), _property(blueprint, prop)
    for word in sent or ():
        if known is not None and word not in known and blueprint is not None:
            yield _finding(resource, path, word, known, f"{prop} of {blueprint.address}")


def _mapped(organisation: Organisation, webhook: Resource) -> Iterator[Finding]:
    """A constant that a webhook writes into a property."""
    blueprints = organisation.of("Blueprint")
    for index, _ in enumerate(list_at(webhook.attributes, "mappings")):
        at: Path = ("mappings", index)
        blueprint = blueprints.get(text_at(webhook.attributes, *at, "blueprint"))
        for name, program in map_at(webhook.attributes, *at, "entity", "properties").items():
            words = _property(blueprint, name)
            match = re.fullmatch(rf"\s*{_WORD}\s*", program) if isinstance(program, str) else None
            if words is not None and match is not None and match["word"] not in words:
                place = (*at, "entity", "properties", name)
                yield _finding(webhook, place, match["word"], words, f"the enum of {name}")


def listed_words(words: tuple[Any, ...]) -> str:
    """The first words of an enum, and how many more there are."""
    known = ", ".join(json.dumps(item, ensure_ascii=False, default=str) for item in words[:_MOST_SHOWN])
    return f"{known} and {len(words) - _MOST_SHOWN:,} more" if len(words) > _MOST_SHOWN else known


def _finding(resource: Resource, path: Path, word: Any, words: tuple[Any, ...], whose: str) -> Finding:
    return Finding(
        resource=resource,
        path=path,
        summary="Enum disagrees along the flow",
        detail=f"{json.dumps(word, ensure_ascii=False, default=str)} is not in {whose}: {listed_words(words)}",
        hint="Use the same words in every step.",
    )


def _input(action: Resource | None, name: str) -> tuple[Any, ...] | None:
    return None if action is None else enum_at(action.attributes, *_INPUTS, name)


def _property(blueprint: Resource | None, name: str) -> tuple[Any, ...] | None:
    return None if blueprint is None else enum_at(blueprint.attributes, "schema", "properties", name)


def _blueprint_of(organisation: Organisation, action: Resource) -> Resource | None:
    return organisation.of("Blueprint").get(text_at(action.attributes, "trigger", "blueprintIdentifier"))


def _changed_blueprint(organisation: Organisation, automation: Resource) -> Resource | None:
    name = text_at(automation.attributes, "trigger", "event", "blueprintIdentifier")
    return organisation.of("Blueprint").get(name)


def _action_behind(organisation: Organisation, automation: Resource) -> Resource | None:
    """The action whose runs start this automation."""
    return organisation.of("Action").get(text_at(automation.attributes, "trigger", "event", "actionIdentifier"))


def _target(organisation: Organisation, resource: Resource) -> Resource | None:
    """The blueprint of the entity that an UPSERT_ENTITY backend writes."""
    name = text_at(resource.attributes, "invocationMethod", "blueprintIdentifier")
    return organisation.of("Blueprint").get(name)
