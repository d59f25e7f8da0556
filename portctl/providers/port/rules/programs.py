"""Where jq programs stand in the bodies of Port's kinds, and whether Port can run them.

Port runs jq 1.6. The package `jq`, where it is installed, compiles them; a check of our own finds what is newer.
Sources: jq 1.6 manual, jq's NEWS for 1.7 and 1.8, Port's template engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from portctl.model.resource import Resource
from portctl.model.value import MISSING, get
from portctl.providers.port.rules.compiling import without_texts
from portctl.providers.port.rules.jq_paths import paths_of
from portctl.providers.port.rules.shapes import HOLE, list_at, map_at, texts_below
from portctl.providers.port.rules.templates import double_quoted, is_spread, parse
from portctl.source import Path

_ROLES = ("execute", "approve")
_WORD = re.compile(r"(?<![.\w$@])(?:@?[a-z_][a-z0-9_]*)(?!\w|\s*:)")
_DEFINED = re.compile(r"def ([a-z_][a-z0-9_]*)")
_NEWER = (
    *("abs", "have_decnum", "have_literal_numbers", "ltrim", "pick", "rtrim", "skip"),
    *("toarray", "trim", "trimstr", "@base32d", "@urid"),
)


def programs(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Every jq program of a resource, except those with placeholders, with the path of the scalar that holds it."""
    for path, program in _all_programs(resource):
        if HOLE not in program:
            yield path, program


def fields_read(resource: Resource) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """The fields that the programs of a resource read of their input, each once per scalar."""
    for path, program in programs(resource):
        for fields in dict.fromkeys(paths_of(program)):
            yield path, fields


def scalars_of_jq(resource: Resource) -> Iterator[tuple[Path, str]]:
    """The scalars that are a jq program as a whole, without template braces."""
    yield from _PLACES.get(resource.kind.name, _nowhere)(resource)


def unbalanced(resource: Resource) -> Iterator[Path]:
    """Paths of texts whose template braces do not match; Port sends none of them."""
    for path, text in _templated(resource):
        if not parse(text).balanced:
            yield path


def newer_than_port(program: str) -> str:
    """The first thing in `program` that jq 1.6 does not know, or ""; conservative: no doubt, no finding."""
    bare = without_texts(program)
    blocks: list[bool] = []
    defined = set(_DEFINED.findall(bare))
    for word in _WORD.findall(bare):
        if word in _NEWER and word not in defined:
            return f"`{word}`"
        if word == "if":
            blocks.append(False)
        elif word == "else" and blocks:
            blocks[-1] = True
        elif word == "end" and blocks and not blocks.pop():
            return "`if` without `else`"
    return "`.[` after a field with a dot between" if re.search(r"\w\.\[", bare) else ""


def _all_programs(resource: Resource) -> Iterator[tuple[Path, str]]:
    for path, text in _templated(resource):
        if not is_spread(text):
            yield from ((path, program) for program in parse(text).programs)
    yield from ((path, double_quoted(program)) for path, program in scalars_of_jq(resource))


def _templated(resource: Resource) -> Iterator[tuple[Path, str]]:
    """Texts that Port's template engine reads."""
    if resource.kind.name in ("Action", "Automation"):
        yield from texts_below(resource, "invocationMethod", keys=True)
    elif resource.kind.name == "ActionPermissions":
        for role in _ROLES:
            yield from texts_below(resource, role, "policy", "queries")


def _of_action(resource: Resource) -> Iterator[tuple[Path, str]]:
    for path, text in texts_below(resource, "trigger", "userInputs"):
        if path[-1] == "jqQuery":
            yield path, text


def _of_automation(resource: Resource) -> Iterator[tuple[Path, str]]:
    yield from _listed(resource, "trigger", "condition", "expressions")


def _of_blueprint(resource: Resource) -> Iterator[tuple[Path, str]]:
    for name in map_at(resource.attributes, "calculationProperties"):
        yield from _single(resource, "calculationProperties", name, "calculation")


def _of_webhook(resource: Resource) -> Iterator[tuple[Path, str]]:
    yield from _single(resource, "security", "requestIdentifierPath")
    for index, _ in enumerate(list_at(resource.attributes, "mappings")):
        yield from _single(resource, "mappings", index, "filter")
        yield from _single(resource, "mappings", index, "itemsToParse")
        for path, text in texts_below(resource, "mappings", index, "entity"):
            if path[-1] not in ("combinator", "operator", "property"):
                yield path, text


def _of_permissions(resource: Resource) -> Iterator[tuple[Path, str]]:
    for role in _ROLES:
        yield from _listed(resource, role, "policy", "conditions")


def _nowhere(_: Resource) -> Iterator[tuple[Path, str]]:
    yield from ()


_PLACES: dict[str, Callable[[Resource], Iterator[tuple[Path, str]]]] = {
    "Action": _of_action,
    "ActionPermissions": _of_permissions,
    "Automation": _of_automation,
    "Blueprint": _of_blueprint,
    "Webhook": _of_webhook,
}


def _single(resource: Resource, *path: str | int) -> Iterator[tuple[Path, str]]:
    found = get(resource.attributes, path)
    if found is not MISSING and isinstance(found, str):
        yield path, found


def _listed(resource: Resource, *path: str | int) -> Iterator[tuple[Path, str]]:
    for index, _ in enumerate(list_at(resource.attributes, *path)):
        yield from _single(resource, *path, index)
