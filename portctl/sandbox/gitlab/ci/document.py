"""The YAML of a pipeline file: its header, its inputs filled in, and `!reference` followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from portctl.sandbox.gitlab.ci.inputs import BadInputs, Given, declared, resolved
from portctl.sandbox.gitlab.ci.interpolation import interpolated

NOTHING = Given()
_DEEPEST = 10
_MOST_DOCUMENTS = 2
_NO_HEADER = "Given inputs not defined in the `spec` section of the included configuration file"


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


def parse(content: str, given: Given = NOTHING) -> Mapping[str, Any]:
    """Errors: BadDocument; NotEmulated."""
    try:
        documents = [each for each in yaml.load_all(content, _Loader) if each is not None]
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise BadDocument(f"Invalid YAML: {' '.join(str(error).split())}") from error
    if len(documents) > _MOST_DOCUMENTS:
        raise BadDocument("The parsed YAML has too many documents")
    try:
        document = _filled(documents, given)
    except BadInputs as error:
        raise BadDocument(f"{given.file and f'`{given.file}`: '}{error}") from error
    if not isinstance(document, Mapping):
        raise BadDocument("Invalid configuration format")
    resolved_document: Mapping[str, Any] = _resolved(document, document, 0)
    return resolved_document


def _filled(documents: list[Any], given: Given) -> Any:
    """The body, with the inputs that the header declares. Without a header nothing is filled in."""
    if len(documents) > 1 and isinstance(documents[0], Mapping) and "spec" in documents[0]:
        values = resolved(declared(documents[0]), given.values)
        return interpolated(documents[1], values, given.variables)
    if given.values:
        raise BadInputs([_NO_HEADER])
    return documents[0] if documents else None


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
