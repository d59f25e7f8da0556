"""Whether the values that are given have an effect: a name that nobody reads is a typing mistake.

One of `--set` is refused. Files and variables may serve several projects: what they hold beside is worth a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from portctl import app
from portctl.app import Workspace
from portctl.config.instances import SERVICES
from portctl.config.project import PROJECT_FILE
from portctl.config.values import Layer, layer_values
from portctl.errors import InvalidInput
from portctl.findings import did_you_mean, listing
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.value import MISSING, Attributes, Pending, Value, get
from portctl.plan.saved import rendered_digest
from portctl.source import Path, path_text

_SUMMARY = "Value without effect"
_MARK = "a value that stands nowhere else"

Opened = Callable[[Sequence[Layer]], Workspace]


def with_effect(given: Sequence[Layer], opened: Opened) -> Workspace:
    """The workspace with `given`, and remarks about what nothing reads. InvalidInput for an option that sets that.

    What a file declares may be set. Anything else has an effect when another value in its place makes a difference.
    """
    workspace = opened(given)
    from_files = [layer for layer in given if not layer.asked]
    declared = layer_values(workspace.project, workspace.environment, from_files).tree
    doubtful = [layer for layer in given if layer.asked and get(declared, layer.asked) is MISSING]
    if doubtful and app.rendered(workspace).ok:
        for layer in doubtful:
            others = [other for other in given if other is not layer]
            if _outcome(opened, others) == _outcome(opened, [*others, replace(layer, tree=_marked(layer.asked))]):
                raise _without_effect(layer, declared, workspace.environment.file)
    return replace(workspace, remarks=tuple(_remarks(workspace, given, opened)))


def _remarks(workspace: Workspace, given: Sequence[Layer], opened: Opened) -> Iterator[Diagnostic]:
    """A warning for every name in a file or a variable that no file of the project declares, and nothing reads."""
    declared = layer_values(workspace.project, workspace.environment).tree
    doubtful = {
        path: layer.place(path)
        for layer in given
        if layer.place is not None
        for path in _undeclared(layer.tree, declared)
    }
    if not doubtful or not app.rendered(workspace).ok:
        return
    for path in _unread(tuple(doubtful), given, opened):
        near, hint = _known(path, declared, workspace.environment.file)
        name = path_text(("values", *path))
        yield Diagnostic(
            rule="values",
            severity=Severity.WARNING,
            summary=_SUMMARY,
            source=doubtful[path],
            detail=f"{name} is declared in no file of the project, and nothing reads it.{near}",
            hint=hint,
            path=path_text(path),
        )


def _undeclared(tree: Attributes, declared: Attributes, above: Path = ()) -> Iterator[Path]:
    """The names in `tree` that `declared` lacks; of what is below such a name, nothing."""
    for name, value in tree.items():
        known = declared.get(name, MISSING)
        if known is MISSING:
            yield (*above, name)
        elif isinstance(value, Mapping) and isinstance(known, Mapping):
            yield from _undeclared(value, known, (*above, name))


def _unread(paths: Sequence[Path], given: Sequence[Layer], opened: Opened) -> Iterator[Path]:
    """Those of `paths` where another value makes no difference; halves are tried, since most have an effect or none."""
    marks = [Layer(_marked(path), lambda _: _MARK) for path in paths]
    bare = [replace(layer, tree=_without(layer.tree, paths)) for layer in given]
    if _outcome(opened, bare) == _outcome(opened, [*bare, *marks]):
        yield from paths
    elif len(paths) > 1:
        middle = len(paths) // 2
        yield from _unread(paths[:middle], given, opened)
        yield from _unread(paths[middle:], given, opened)


def _without(tree: Attributes, paths: Sequence[Path], above: Path = ()) -> Attributes:
    return {
        name: _without(value, paths, (*above, name)) if isinstance(value, Mapping) else value
        for name, value in tree.items()
        if (*above, name) not in paths
    }


def _marked(path: Path) -> Attributes:
    value: Value = _MARK
    for part in reversed(path):
        value = {str(part): value}
    assert isinstance(value, Mapping)
    return value


def _outcome(opened: Opened, layers: Sequence[Layer]) -> object:
    """Everything that values have a say in."""
    try:
        workspace = opened(layers)
    except InvalidInput as error:
        return str(error), error.diagnostics
    made = app.rendered(workspace)
    settings = {
        key: {name: value.parts if isinstance(value, Pending) else value for name, value in instance.settings.items()}
        for key, instance in workspace.environment.instances.items()
    }
    return rendered_digest(made.resources), made.diagnostics, settings


def _without_effect(layer: Layer, declared: Attributes, file: str) -> InvalidInput:
    near, hint = _known(layer.asked, declared, file)
    name = path_text(("values", *layer.asked))
    detail = f"{layer.origin(layer.asked)}: no file declares {name}, and nothing reads it.{near}"
    return InvalidInput(_SUMMARY, detail, hint=hint)


def _known(path: Path, declared: Attributes, file: str) -> tuple[str, str]:
    """What may have been meant in the place of `path`, and what there is."""
    above, here = _nearest(path, declared)
    where = path_text(("values", *above))
    hint = f"{where} has {listing(here)}."
    if not here:
        hint = (
            f"{where} is empty: nothing is declared below it. Declare {path_text(('values', *path))} in {file} first."
        )
        if not above:
            hint = f"This project declares no values: they stand under `values:` in {file} or {PROJECT_FILE}."
    if path[0] in SERVICES:
        hint += f" How a service is reached stands under `instances` in {file}."
    return did_you_mean(str(path[len(above)]), here), hint


def _nearest(path: Path, tree: Attributes) -> tuple[Path, Attributes]:
    """The longest part of `path` at which a mapping stands, and the mapping."""
    for end in range(len(path) - 1, 0, -1):
        found = get(tree, path[:end])
        if isinstance(found, Mapping):
            return path[:end], found
    return (), tree
