"""Rules about what an action sends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import Value
from portctl.providers.port.rules.shapes import Organisation, map_at, text_at, texts
from portctl.providers.port.rules.templates import is_spread, parse
from portctl.source import Path

_ALL_INPUTS = re.compile(r"\.inputs\b(?!\s*(?:\.\s*[A-Za-z_\"]|\[))")


def keys_before_spread(organisation: Organisation) -> Iterator[Finding]:
    """Later keys win, so an input of the same name replaces what was computed."""
    for resource in organisation.ours("Action", "Automation"):
        for path, mapping in _maps(map_at(resource.attributes, "invocationMethod"), ("invocationMethod",)):
            keys = list(mapping)
            spreads = [index for index, key in enumerate(keys) if is_spread(key)]
            if not spreads:
                continue
            for key in keys[: spreads[-1]]:
                if not is_spread(key):
                    yield Finding(
                        resource=resource,
                        path=(*path, key),
                        summary="Key before spreadValue()",
                        detail=f"what is spread after it may hold {key} too, and then replaces it",
                        hint="Move spreadValue() to the top of the object.",
                    )


def unused_inputs(organisation: Organisation) -> Iterator[Finding]:
    """Somebody fills the field in, and nobody ever reads it."""
    automations = list(organisation.of("Automation").values())
    for action in organisation.ours("Action"):
        sent = [text for _, text in texts(map_at(action.attributes, "invocationMethod"), keys=True)]
        if any(_ALL_INPUTS.search(program) for text in sent for program in parse(text).programs):
            continue
        followers = [text for automation in automations if _follows(automation, action) for text in _all(automation)]
        form = [text for _, text in texts(map_at(action.attributes, "trigger", "userInputs"))]
        for name in map_at(action.attributes, "trigger", "userInputs", "properties"):
            own = _reads("inputs", name)
            later = _reads("properties", name)
            shown = _reads("form", name)
            if not (_any(own, sent) or _any(later, followers) or _any(shown, form)):
                yield Finding(
                    resource=action,
                    path=("trigger", "userInputs", "properties", name),
                    summary="Input that nobody reads",
                    detail=f"no template of {action.address}, and no automation on its runs, reads {name}",
                    hint=f"Send {{{{ .inputs.{name} }}}}, or remove the input.",
                )


def _maps(value: Value, path: Path) -> Iterator[tuple[Path, Mapping[str, Value]]]:
    if isinstance(value, Mapping):
        yield path, value
        for key, item in value.items():
            yield from _maps(item, (*path, key))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from _maps(item, (*path, index))


def _follows(automation: Resource, action: Resource) -> bool:
    return text_at(automation.attributes, "trigger", "event", "actionIdentifier") == action.identity[-1]


def _all(resource: Resource) -> Iterator[str]:
    return (text for _, text in texts(resource.attributes))


def _reads(root: str, name: str) -> re.Pattern[str]:
    plain, quoted = re.escape(name), re.escape(f'"{name}"')
    return re.compile(rf"\.{root}\s*(?:\.\s*{plain}\b|\.\s*{quoted}|\.?\[\s*{quoted})")


def _any(pattern: re.Pattern[str], found: list[str]) -> bool:
    return any(pattern.search(text) for text in found)
