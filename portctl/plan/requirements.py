"""What a change will send: its texts with placeholders, and whether these can be filled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from portctl.compare.paths import unit_of
from portctl.errors import ExitCode, InvalidInput
from portctl.model.address import Address
from portctl.model.change import Action, Change
from portctl.model.kind import Merge, OutputClass, Verb
from portctl.model.plan import Refusal
from portctl.model.resource import Management
from portctl.model.value import MISSING, OutputRef, Pending, leaves
from portctl.plan.decide import PlanInputs
from portctl.source import Path
from portctl.vault import Vault


def texts_to_send(change: Change) -> Iterator[Pending]:
    """Every text with placeholders that the change's write carries."""
    if change.resource is None or not change.action.writes:
        return
    for path, leaf in leaves(change.resource.attributes):
        if isinstance(leaf, Pending) and _leaves_with(change, path):
            yield leaf


def require_secrets(changes: Sequence[Change], vault: Vault) -> None:
    """Check that every secret that will be sent can be had. Raises InvalidInput naming all that cannot."""
    missing: dict[str, Address] = {}
    for change in changes:
        for text in texts_to_send(change):
            for placeholder in text.placeholders():
                if not isinstance(placeholder, OutputRef) and not vault.available(placeholder.name):
                    missing.setdefault(placeholder.name, change.address)
    if missing:
        lines = [f"{name} (needed by {address}): {vault.why_not(name)}" for name, address in missing.items()]
        raise InvalidInput(
            "Secret not available",
            "; ".join(lines),
            hint="Provide it where portctl.yaml or the environment file says it comes from; nothing was written.",
        )


def unreadable_outputs(changes: Sequence[Change], inputs: PlanInputs) -> Iterator[Refusal]:
    """Writes that need an output that exists and that this user may not read."""
    lives: Mapping[Address, object] = {
        address: inputs.lives[resource.remote_key]
        for address, resource in inputs.resources.items()
        if resource.remote_key in inputs.lives
    }
    for change in changes:
        for placeholder in {
            placeholder
            for text in texts_to_send(change)
            for placeholder in text.placeholders()
            if isinstance(placeholder, OutputRef)
        }:
            output = inputs.catalogue[placeholder.address.kind_name].output(placeholder.field)
            if output is None or output.cls is OutputClass.READABLE or placeholder.address in inputs.arriving:
                continue
            if placeholder.address in lives and inputs.known(placeholder) is MISSING:
                yield Refusal(
                    exit_code=ExitCode.CONSENT,
                    summary="Cannot be read by this user",
                    detail=f"{change.address} needs {placeholder.field!r} of {placeholder.address}, "
                    "which only its owner can read",
                    hint=f"Apply as its owner, or have it made anew: --rotate '{placeholder.address}'",
                    address=change.address,
                )


def _leaves_with(change: Change, path: Path) -> bool:
    """A whole object is sent with every text in it; part of an object only with what changed."""
    partly = change.resource is not None and change.resource.management is Management.MERGE
    in_part = change.kind.update is Verb.PATCH or (partly and change.kind.merge is not Merge.NONE)
    if change.action in (Action.CREATE, Action.REPLACE) or not in_part:
        return True
    units = [unit_of(edit.path) for edit in change.edits]
    return any(path[: len(unit)] == unit for unit in units)
