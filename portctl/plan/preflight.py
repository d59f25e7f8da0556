"""What services have against a plan before anything is written: bodies they refuse, and what they are too old for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from portctl.errors import InvalidInput
from portctl.model.change import Action
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.plan import Plan
from portctl.model.provider import Provider
from portctl.model.resource import Resource
from portctl.plan.decide import PlanInputs
from portctl.plan.outputs import resolve
from portctl.source import Path, path_text

_RULE = "service"


def ask_services(
    provider: Callable[[str], Provider], plan: Plan, inputs: PlanInputs, resources: Sequence[Resource]
) -> None:
    """Let services judge what is declared. `resources` are all; only those of `plan` are judged.

    Raises InvalidInput with all that they have to say; a server that is too old is not asked for more. What is only
    deleted needs no judgement.
    """
    if plan.destroy:
        return
    found = list(_shortfalls(provider, plan, resources)) or list(_issues(provider, plan, inputs))
    if found:
        count = f"{len(found)} complaint{'s' if len(found) > 1 else ''} of the service"
        raise InvalidInput("Invalid manifests", count, diagnostics=found)


def _issues(provider: Callable[[str], Provider], plan: Plan, inputs: PlanInputs) -> Iterator[Diagnostic]:
    """What a service says of a body that is about to be written."""
    for change in plan.changes:
        if change.resource is None or not change.kind.checked or not change.action.writes:
            continue
        attributes = resolve(change.resource.attributes, inputs.known)
        for complaint in provider(change.key[0]).check(change.kind, change.identity, attributes):
            detail = f"{change.address}: {complaint.text}"
            yield _diagnostic(change.resource, complaint.path, "The service would not take this", detail)


def _shortfalls(provider: Callable[[str], Provider], plan: Plan, resources: Sequence[Resource]) -> Iterator[Diagnostic]:
    """What a server is too old for, written now or long ago."""
    planned: dict[str, set[str]] = {}
    for change in plan.changes:
        if change.resource is not None and change.action not in (Action.DELETE, Action.FORGET):
            planned.setdefault(change.key[0], set()).add(str(change.address))
    for name, addresses in sorted(planned.items()):
        of_instance = [resource for resource in resources if resource.remote_key[0] == name]
        for shortfall in provider(name).shortfalls(of_instance):
            resource = shortfall.resource
            if str(resource.address) in addresses:
                detail = f"{resource.address}: {shortfall.text}"
                yield _diagnostic(resource, shortfall.path, "The server is too old for this", detail, shortfall.hint)


def _diagnostic(resource: Resource, path: Path, summary: str, detail: str, hint: str = "") -> Diagnostic:
    return Diagnostic(
        rule=_RULE,
        severity=Severity.ERROR,
        summary=summary,
        detail=detail,
        hint=hint,
        source=resource.sources.at((*resource.body_at, *path)),
        path=path_text(path),
    )
