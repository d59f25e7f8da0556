"""Rules about forms: names of inputs that are none. Port accepts them; the field is not shown, or null is sent.

Source: Port docs, "User inputs" (order, steps, dependencies) and "Customize the form" (titles).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from portctl.findings import did_you_mean
from portctl.manifest.lint import Finding
from portctl.model.resource import Management, Resource
from portctl.providers.port.rules.catalog import names_at
from portctl.providers.port.rules.programs import fields_read
from portctl.providers.port.rules.shapes import Organisation, list_at, map_at, text_at
from portctl.source import Path

_FORM: Path = ("trigger", "userInputs")
_INPUTS = (*_FORM, "properties")
_OF_AN_ACTION = (("inputs",), ("form",))
_OF_A_RUN = tuple(
    (*root, "diff", side, "properties") for root in ((), ("event",)) for side in ("before", "after")
)  # conditions see the event, backends see it as `.event`


def unknown_names(organisation: Organisation) -> Iterator[Finding]:
    """`required`, `order`, `steps` and `dependsOn` that name no input."""
    for action in organisation.ours("Action"):
        known = map_at(action.attributes, *_INPUTS)
        headings = map_at(action.attributes, *_FORM, "titles")
        for path, name in _named(action, known):
            places = path[len(_FORM)] in ("order", "steps")  # which arrange headings, too
            if name not in known and not (places and name in headings):
                yield _finding(action, path, f"{name} is no input of this action", name, (*known, *headings))


def unknown_inputs(organisation: Organisation) -> Iterator[Finding]:
    """jq that reads an input that no form has: it is there only if a caller of the API sends it all the same."""
    actions = organisation.of("Action")
    for action in organisation.ours("Action"):
        yield from _reads(action, action, _OF_AN_ACTION)
    for permissions in organisation.ours("ActionPermissions"):
        bound = next((action for action in actions.values() if action.address == permissions.meta.within), None)
        if bound is not None and bound.management is Management.FULL:
            yield from _reads(permissions, bound, _OF_AN_ACTION)
    for automation in organisation.ours("Automation"):
        about = actions.get(text_at(automation.attributes, "trigger", "event", "actionIdentifier"))
        if about is not None and about.management is Management.FULL:
            yield from _reads(automation, about, _OF_A_RUN)


def _reads(resource: Resource, action: Resource, roots: tuple[tuple[str, ...], ...]) -> Iterator[Finding]:
    known = map_at(action.attributes, *_INPUTS)
    for path, fields in fields_read(resource):
        for root in roots:
            name = fields[len(root)] if fields[: len(root)] == root and len(fields) > len(root) else ""
            if name and name not in known:
                detail = f"`.{'.'.join(fields)}` is null: {action.address} has no input {name}"
                yield _finding(resource, path, detail, name, known)


def _named(action: Resource, inputs: Mapping[str, object]) -> Iterator[tuple[Path, str]]:
    """Every name of an input in the form, with its place."""
    lists: list[Path] = [(*_FORM, "required"), (*_FORM, "order")]
    lists += [(*_FORM, "steps", index, "order") for index, _ in enumerate(list_at(action.attributes, *_FORM, "steps"))]
    lists += [(*_INPUTS, name, "dependsOn") for name in inputs]
    for at in lists:
        for index, name in names_at(list_at(action.attributes, *at)):
            yield (*at, index), name


def _finding(
    resource: Resource, path: Path, detail: str, name: str, known: tuple[str, ...] | Mapping[str, object]
) -> Finding:
    hint = did_you_mean(name, known).strip() or f"Declare {name} under `userInputs.properties`, or remove it here."
    return Finding(resource=resource, path=path, summary="Input that is not there", detail=detail, hint=hint)
