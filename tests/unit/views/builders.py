"""Plans and reports in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.errors import ExitCode
from portctl.model.address import Address
from portctl.model.change import Action, Change, Edit, Loss, Why
from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo, Phase, Plan, Refusal, Step
from portctl.model.value import MISSING, Canonical, Value, freeze
from portctl.source import Path

KIND = Kind(
    provider="port",
    name="Action",
    source="Port API reference, Actions",
    summary="An action",
    identity=("identifier",),
    collection="/v1/actions",
    schema=dict,
)

ORGANISATION = InstanceInfo(
    provider="port", name="default", identity="org_1", url="https://api.port.example", principal="client_1"
)


def address(name: str) -> Address:
    return Address("port", "Action", name)


def edit(path: Path, before: Any = MISSING, after: Any = MISSING, why: Why = Why.MANIFEST) -> Edit:
    return Edit(path, _side(before), _side(after), why)


def change(name: str, action: Action, *edits: Edit, after: Mapping[str, Any] | None = None, **fields: Any) -> Change:
    return Change(
        address=address(name),
        kind=KIND,
        action=action,
        edits=edits,
        after=None if after is None else Canonical(freeze(after)),
        **{"identity": (name,), **fields},
    )


def loss(path: Path, why: str) -> Loss:
    return Loss(path, why)


def step(done: Change, phase: Phase, *needs: str) -> Step:
    return Step(key=f"{done.address}#{phase}", change=done, phase=phase, needs=needs)


def plan(*changes: Change, **fields: Any) -> Plan:
    return Plan(
        project="delivery",
        environment="staging",
        changes=changes,
        **{"steps": (), "digest": "d1", "instances": (ORGANISATION,), **fields},
    )


def refusal(**fields: Any) -> Refusal:
    return Refusal(
        **{
            "exit_code": ExitCode.CONSENT,
            "summary": "Too many deletes",
            "detail": "7 deletes; this project allows 5",
            "hint": "Add --allow-deletes 7 if that is meant.",
            **fields,
        }
    )


def _side(value: Any) -> Value:
    return value if value is MISSING else freeze(value)
