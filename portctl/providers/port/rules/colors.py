"""Rule: a colour for a word that is not in the enum beside it. Keys are text, also where the words are numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from portctl.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.providers.port.rules.enums import listed_words
from portctl.providers.port.rules.shapes import Organisation, enum_at, map_at
from portctl.source import Path

_INPUTS: Path = ("trigger", "userInputs", "properties")
_PLACES: tuple[tuple[str, Path], ...] = (("Blueprint", ("schema", "properties")), ("Action", _INPUTS))


def idle_colors(organisation: Organisation) -> Iterator[Finding]:
    """Every colour that nothing will ever have, in blueprints and in the inputs of actions."""
    for kind, at in _PLACES:
        for resource in organisation.ours(kind):
            for name in map_at(resource.attributes, *at):
                words = enum_at(resource.attributes, *at, name)
                if words is None:
                    continue
                keys = [word if isinstance(word, str) else json.dumps(word) for word in words if _is_scalar(word)]
                for color in map_at(resource.attributes, *at, name, "enumColors"):
                    if color not in keys:
                        shown = json.dumps(color, ensure_ascii=False)
                        hint = f"{did_you_mean(color, keys)} Leave the colour out, or add the word to the enum."
                        yield Finding(
                            resource=resource,
                            path=(*at, name, "enumColors", color),
                            summary="Colour of no word",
                            detail=f"{shown} has a colour and is not in the enum of {name}: {listed_words(words)}",
                            hint=hint.strip(),
                        )


def _is_scalar(word: object) -> bool:
    return isinstance(word, str | int | float)
