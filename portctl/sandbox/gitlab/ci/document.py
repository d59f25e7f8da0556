"""The YAML of a pipeline file, with `!reference` followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

_DEEPEST = 10


class BadDocument(ValueError):
    """The file is not YAML, or not a mapping; GitLab's words."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """`!reference [job, key]`."""

    path: tuple[Any, ...]


class _Loader(yaml.SafeLoader):
    """YAML as GitLab's parser reads it."""


def _reference(loader: _Loader, node: yaml.Node) -> _Reference:
    if not isinstance(node, yaml.SequenceNode):
        raise yaml.constructor.ConstructorError(None, None, "!reference needs a list", node.start_mark)
    return _Reference(tuple(loader.construct_sequence(node)))


_Loader.add_constructor("!reference", _reference)


def parse(content: str) -> Mapping[str, Any]:
    """Errors: BadDocument."""
    try:
        documents = list(yaml.load_all(content, _Loader))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadDocument(f"Invalid YAML: {' '.join(str(error).split())}") from error
    if len(documents) > 1 and isinstance(documents[0], Mapping) and "spec" in documents[0]:
        documents = [{"spec": documents[0]["spec"], **(documents[1] if isinstance(documents[1], Mapping) else {})}]
    if not documents or not isinstance(documents[0], Mapping):
        raise BadDocument("Invalid configuration format")
    resolved: Mapping[str, Any] = _resolved(documents[0], documents[0], 0)
    return resolved


def _resolved(value: Any, whole: Mapping[str, Any], depth: int) -> Any:
    if isinstance(value, _Reference):
        return _followed(value, whole, depth)
    if isinstance(value, Mapping):
        return {str(key): _resolved(inner, whole, depth) for key, inner in value.items()}
    if isinstance(value, list):
        items: list[Any] = []
        for inner in value:
            found = _resolved(inner, whole, depth)
            flat = isinstance(inner, _Reference) and isinstance(found, list)
            items.extend(found if flat else [found])
        return items
    return value


def _followed(reference: _Reference, whole: Mapping[str, Any], depth: int) -> Any:
    if depth > _DEEPEST:
        raise BadDocument(f"!reference {list(reference.path)} is nested too deeply or part of a circular chain")
    found: Any = whole
    for key in reference.path:
        if not isinstance(found, Mapping) or key not in found:
            raise BadDocument(f"!reference {list(reference.path)} could not be found")
        found = found[key]
    return _resolved(found, whole, depth + 1)
