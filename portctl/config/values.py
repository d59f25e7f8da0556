"""Values in layers: project < environment < `--values FILE` < `PORTCTL_VAR_*` < `--set` and `--set-json`."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from portctl.config.project import PROJECT_FILE, read_document
from portctl.config.section import Section
from portctl.config.settings import API_GROUP, read_values
from portctl.errors import InvalidInput
from portctl.findings import Findings
from portctl.json_text import TooDeep, is_whole, parse
from portctl.model.project import Environment, Project
from portctl.model.value import Attributes, Value, freeze, leaves
from portctl.model.values import Values
from portctl.source import Path, Source, path_text
from portctl.yaml.document import MAX_DEPTH, Document

VARIABLE_PREFIX = "PORTCTL_VAR_"


@dataclass(frozen=True, slots=True)
class Layer:
    """Values that were given beside the project's files. `asked` is the path that `--set` or `--set-json` names.

    `place` says where in a file a value stands, or which variable holds it.
    """

    tree: Attributes
    origin: Callable[[Path], str]
    asked: Path = ()
    place: Callable[[Path], Source] | None = None


def merge_values(below: Attributes, above: Attributes, path: Path = ()) -> tuple[Attributes, tuple[Path, ...]]:
    """`above` over `below`, mapping by mapping, and the paths where a mapping met something that is none.

    Lists are replaced as a whole. Null may replace anything and be replaced by anything.
    """
    merged: dict[str, Value] = dict(below)
    conflicts: list[Path] = []
    for key, value in above.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key], deeper = merge_values(old, value, (*path, key))
            conflicts.extend(deeper)
            continue
        if old is not None and value is not None and isinstance(old, Mapping) != isinstance(value, Mapping):
            conflicts.append((*path, key))
        merged[key] = value
    return merged, tuple(conflicts)


def _entries(values: Attributes, path: Path) -> Iterator[tuple[Path, Value]]:
    """What stands in the mappings; a list or an empty mapping is one value."""
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _entries(value, (*path, key))
        else:
            yield (*path, key), value


class _Layers:
    def __init__(self) -> None:
        self.tree: Attributes = {}
        self.origins: dict[Path, str] = {}

    def add(self, values: Attributes, origin: Callable[[Path], str]) -> None:
        self.tree, conflicts = merge_values(self.tree, values)
        for conflict in conflicts:
            raise InvalidInput(
                "Value replaces a mapping",
                f"{origin(conflict)} and {self._former(conflict)} disagree on {path_text(conflict)}: "
                "one has a mapping there and the other has not.",
                hint="Give one of them another name, or the same shape.",
            )
        for path, value in _entries(values, ()):
            known = any(at[: len(path)] == path and at != path for at in self.origins)
            if not (value == {} and known):
                self._forget_below(path)
                self.origins[path] = origin(path)

    def _former(self, path: Path) -> str:
        return next((origin for at, origin in self.origins.items() if at[: len(path)] == path), "an earlier layer")

    def _forget_below(self, path: Path) -> None:
        for end in range(1, len(path)):
            self.origins.pop(path[:end], None)
        for other in [other for other in self.origins if other[: len(path)] == path]:
            del self.origins[other]


def layer_values(project: Project, environment: Environment, given: Sequence[Layer] = ()) -> Values:
    """All layers merged. Errors: InvalidInput."""
    layers = _Layers()
    layers.add(project.values, lambda _: PROJECT_FILE)
    layers.add(environment.values, lambda _: environment.file)
    for layer in given:
        layers.add(layer.tree, layer.origin)
    return Values(layers.tree, layers.origins, tuple(layer.tree for layer in given))


def given_layers(
    *,
    files: Iterable[pathlib.Path] = (),
    environ: Mapping[str, str] | None = None,
    sets: Sequence[str] = (),
    json_sets: Sequence[str] = (),
) -> tuple[Layer, ...]:
    """What files, variables and options say, the strongest last. Errors: InvalidInput.

    A variable `PORTCTL_VAR_gitlab__group` sets `gitlab.group`. Variables and `--set` always give text.
    """
    layers = [_of_file(document) for document in map(_read_file, files)]
    for name, text in sorted((environ or {}).items()):
        if name.startswith(VARIABLE_PREFIX):
            parts = name.removeprefix(VARIABLE_PREFIX).split("__")
            layers.append(_of_variable(name, _nested(parts, text, name)))
    for option, assignments, read in (("--set", sets, str), ("--set-json", json_sets, _json)):
        for assignment in assignments:
            name, sign, text = assignment.partition("=")
            said = f"{option} {name}"
            if not sign:
                raise InvalidInput("Malformed value", f"{option} takes NAME=VALUE; {assignment!r} has no `=`.")
            parts = name.split(".")
            layers.append(Layer(_nested(parts, _parsed(read, text, said), said), _always(said), tuple(parts)))
    return tuple(layers)


def saved_layers(trees: Iterable[Attributes]) -> tuple[Layer, ...]:
    """The layers that a saved plan was made with."""
    return tuple(Layer(tree, _always("the saved plan")) for tree in trees)


def _always(said: str) -> Callable[[Path], str]:
    return lambda _: said


def _read_file(path: pathlib.Path) -> Document:
    findings = Findings("values")
    document = read_document(path, str(path), findings)
    top = Section(document, findings)
    read_values(top)
    if str(document.value.get("apiVersion", "")).startswith(API_GROUP):
        detail = "A file of values is a mapping of names to values; this is a file of the project."
        top.complain_key("apiVersion", "Not a file of values", detail, "Its `values:` alone would be one.")
    findings.raise_any()
    return document


def _of_file(document: Document) -> Layer:
    return Layer(document.value, lambda path: str(document.sources.at(path)), place=document.key_at)


def _of_variable(name: str, tree: Attributes) -> Layer:
    return Layer(tree, _always(name), place=lambda _: Source(name))


def _json(text: str) -> Value:
    try:
        return freeze(parse(text))
    except TooDeep:
        raise
    except json.JSONDecodeError as error:
        raise ValueError(f"this is not JSON from character {error.pos + 1} on") from error


def _parsed(read: Callable[[str], Value], text: str, said: str) -> Value:
    try:
        return read(text)
    except ValueError as error:
        raise InvalidInput("Malformed value", f"{said}: {error}.") from error


def _check_whole(parts: Sequence[str], value: Value, said: str) -> None:
    """A service could not be sent it, and it would be found out in the middle of the writes."""
    texts = [*parts, *(text for path, leaf in leaves(value) for text in (*path, leaf) if isinstance(text, str))]
    if not all(map(is_whole, texts)):
        raise InvalidInput(
            "Malformed value",
            f"{said}: it is not UTF-8, or holds half a surrogate pair.",
            hint="Give it in UTF-8, and a character beyond U+FFFF as itself.",
        )


def _nested(parts: Sequence[str], value: Value, said: str) -> Attributes:
    if not all(parts) or len(parts) > MAX_DEPTH:
        raise InvalidInput("Malformed value", f"{said}: a name is made of parts that are not empty, as in a.b.")
    _check_whole(parts, value, said)
    nested: Value = value
    for part in reversed(parts):
        nested = {part: nested}
    result: Attributes = nested
    return result
