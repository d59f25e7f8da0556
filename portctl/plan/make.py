"""Put the plan together: decisions on everything declared, decisions on what is left over, guards, steps, digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from portctl.compare.canonical import digest
from portctl.errors import ExitCode, InvalidInput
from portctl.model.address import Address, nearest
from portctl.model.change import Action, Change
from portctl.model.diagnostic import Diagnostic
from portctl.model.plan import InstanceInfo, Plan, PlanOptions, Refusal
from portctl.model.project import Guards
from portctl.model.resource import RemoteKey, Resource
from portctl.model.value import MISSING, Value, thaw
from portctl.plan.decide import Decision, PlanInputs, decide
from portctl.plan.deletion import decide_orphan, guard_refusals, orphans, unknown_entries, with_parents
from portctl.plan.references import References
from portctl.plan.requirements import unreadable_outputs
from portctl.plan.resend import written_again
from portctl.plan.steps import build_steps
from portctl.source import path_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What surrounds the decisions: names, guards, what was found on the way."""

    project: str
    environment: str
    guards: Guards
    instances: Mapping[str, InstanceInfo]
    configured: frozenset[str]
    warnings: tuple[Diagnostic, ...] = ()
    requests: Mapping[str, int] | None = None


def make_plan(inputs: PlanInputs, selected: Sequence[Resource], frame: Frame) -> Plan:
    """The whole plan as a value. `selected` are the resources that this run may touch; nothing is written."""
    options = inputs.options
    declared = frozenset(resource.remote_key for resource in inputs.resources.values())
    entries = orphans(inputs, frozenset() if options.destroy else declared)
    decisions: list[Decision] = []
    if not options.destroy:
        inputs, decisions = _decide_all(inputs, selected)
    refusals = list(unknown_entries(entries, inputs.catalogue, frame.configured))
    unreadable = {refusal.address for refusal in refusals}
    decisions.extend(decide_orphan(entry, inputs) for entry in entries if entry.address not in unreadable)
    changes = tuple(sorted(with_parents(written_again(decision.change for decision in decisions)), key=_order))
    refusals.extend(refusal for decision in decisions for refusal in decision.refusals)
    refusals.extend(guard_refusals(changes, inputs, frame.guards, declared=len(declared)))
    refusals.extend(unreadable_outputs(changes, inputs))
    refusals.extend(_unused_allowances(decisions, options))
    return Plan(
        project=frame.project,
        environment=frame.environment,
        changes=changes,
        steps=build_steps(changes),
        refusals=tuple(sorted(refusals, key=lambda refusal: (refusal.exit_code, str(refusal.address)))),
        warnings=frame.warnings,
        notes=_notes(changes, options),
        instances=tuple(frame.instances.values()),
        digest=operations_digest(changes),
        destroy=options.destroy,
        targeted=options.selective,
        requests=frame.requests or {},
    )


def _decide_all(inputs: PlanInputs, selected: Sequence[Resource]) -> tuple[PlanInputs, list[Decision]]:
    """Decide on every resource; again where a replacement makes outputs that others use arrive anew."""
    while True:
        decisions = [decide(resource, inputs) for resource in selected]
        replaced = {d.change.address for d in decisions if d.change.action is Action.REPLACE}
        if replaced <= inputs.arriving:
            return inputs, decisions
        inputs = replace(inputs, arriving=inputs.arriving | replaced)


def select(
    resources: Sequence[Resource], options: PlanOptions, references: References, known: frozenset[Address]
) -> tuple[Resource, ...]:
    """The resources that a targeted run may touch: those asked for and all that they need.

    Raises InvalidInput for a target that is neither declared nor in the ledger (`known`), or a bad label.
    """
    if not options.selective:
        return tuple(resources)
    declared = {resource.address for resource in resources}
    for target in options.targets:
        if target not in declared and target not in known:
            raise InvalidInput(
                "Unknown target",
                f"{target} is neither declared in a manifest nor in the ledger.{nearest(target, declared | known)}",
                hint="portctl state list shows what the ledger holds.",
            )
    for text in options.labels:
        _check_label(text)
    by_key = {resource.remote_key: resource for resource in resources}
    work = [
        resource
        for resource in resources
        if (not options.targets or resource.address in options.targets) and options.takes(resource.meta.labels)
    ]
    chosen: dict[RemoteKey, None] = {}
    while work:
        resource = work.pop()
        if resource.remote_key not in chosen:
            chosen[resource.remote_key] = None
            work.extend(by_key[key] for key in references.needs(resource) if key in by_key)
    return tuple(resource for resource in resources if resource.remote_key in chosen)


def operations_digest(changes: Sequence[Change]) -> str:
    """One hash over all operations and the managed projection of the objects that they saw."""
    return digest([operation(change) for change in changes if change.action is not Action.NOOP])


def operation(change: Change) -> Value:
    """What identifies an operation: that it is the same one again, on the same ground."""
    return {
        "address": str(change.address),
        "identity": list(change.identity),
        "action": str(change.action),
        "was": str(change.was) if change.was else "",
        "before": digest(change.before) if change.before is not None else "",
        "edits": [[path_text(edit.path), digest(_leaf(edit.after)), str(edit.why)] for edit in change.edits],
        "losses": [path_text(loss.path) for loss in change.losses],
        "renames": [[renamed.before, renamed.path] for renamed in change.renames],
    }


def _leaf(value: Value) -> Value:
    return {"\x00": "missing"} if value is MISSING else thaw(value)


def _order(change: Change) -> tuple[int, str, str]:
    return (0 if change.action is not Action.DELETE else 1, str(change.address), "/".join(change.identity))


def _check_label(text: str) -> None:
    name, separator, _ = text.partition("=")
    if not separator or not name:
        raise InvalidInput("Bad label", f"{text!r} is not key=value", hint="Example: -l team=payments")


def _unused_allowances(decisions: Sequence[Decision], options: PlanOptions) -> list[Refusal]:
    """An allowance for an address that nothing of the sort happens to is a typing mistake; say so."""
    known = {decision.change.address for decision in decisions}
    given = (("--adopt", options.adopt), ("--allow-destroy", options.allow_destroy), ("--rotate", options.rotate))
    return [
        Refusal(
            exit_code=ExitCode.INVALID,
            summary="Unknown address",
            detail=f"{flag} names {address}, which is not part of this plan.{nearest(address, known)}",
            hint="Addresses look like port/Secret:NAME; portctl state list shows them.",
            address=address,
        )
        for flag, addresses in given
        for address in sorted(addresses)
        if address not in known
    ]


def _notes(changes: Sequence[Change], options: PlanOptions) -> tuple[str, ...]:
    notes = []
    if options.selective and not options.destroy:
        notes.append("Only part of the project was looked at (-t or -l); objects without a manifest were left alone.")
    if options.destroy:
        notes.extend(f"{change.address}: {change.why}" for change in changes if change.stays)
    return tuple(notes)
