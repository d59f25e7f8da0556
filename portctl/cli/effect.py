"""Whether what `--set` gives has an effect: a name that nobody reads is a typing mistake, and is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from portctl import app
from portctl.app import Workspace
from portctl.engine.saved import rendered_digest
from portctl.errors import InvalidInput
from portctl.manifest.findings import did_you_mean, listing
from portctl.manifest.instances import SERVICES
from portctl.manifest.values import Layer, layer_values
from portctl.model.value import MISSING, Attributes, Pending, Value, get
from portctl.source import Path, path_text

_MARK = "a value that stands nowhere else"

Opened = Callable[[Sequence[Layer]], Workspace]


def with_effect(given: Sequence[Layer], opened: Opened) -> Workspace:
    """The workspace with the layers `given`. Raises InvalidInput for an option that sets what nothing reads.

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
    return workspace


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
    above, here = _nearest(layer.asked, declared)
    part = str(layer.asked[len(above)])
    where = path_text(("values", *above))
    hint = f"{where} has {listing(here) or 'nothing'}."
    if layer.asked[0] in SERVICES:
        hint += f" How a service is reached stands under `instances` in {file}."
    return InvalidInput(
        "Value without effect",
        f"{layer.origin(layer.asked)}: no file declares {path_text(('values', *layer.asked))}, and nothing reads it."
        f"{did_you_mean(part, here)}",
        hint=hint,
    )


def _nearest(path: Path, tree: Attributes) -> tuple[Path, Attributes]:
    """The longest part of `path` at which a mapping stands, and the mapping."""
    for end in range(len(path) - 1, 0, -1):
        found = get(tree, path[:end])
        if isinstance(found, Mapping):
            return path[:end], found
    return (), tree
