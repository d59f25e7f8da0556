"""The stock change models: which state follows which, and what must be the case for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.store.instance import Instance


class State(StrEnum):
    NEW = "-5"
    ASSESS = "-4"
    AUTHORIZE = "-3"
    SCHEDULED = "-2"
    IMPLEMENT = "-1"
    REVIEW = "0"
    CLOSED = "3"
    CANCELED = "4"


LABELS = {
    State.NEW: "New",
    State.ASSESS: "Assess",
    State.AUTHORIZE: "Authorize",
    State.SCHEDULED: "Scheduled",
    State.IMPLEMENT: "Implement",
    State.REVIEW: "Review",
    State.CLOSED: "Closed",
    State.CANCELED: "Canceled",
}
_LATER = {
    State.SCHEDULED: (State.IMPLEMENT, State.CANCELED),
    State.IMPLEMENT: (State.REVIEW, State.CANCELED),
    State.REVIEW: (State.CLOSED,),
}
GRAPH: dict[str, dict[State, tuple[State, ...]]] = {
    "normal": {
        State.NEW: (State.ASSESS, State.CANCELED),
        State.ASSESS: (State.AUTHORIZE, State.SCHEDULED, State.NEW, State.CANCELED),
        State.AUTHORIZE: (State.SCHEDULED, State.NEW, State.CANCELED),
        **_LATER,
    },
    "standard": {State.NEW: (State.SCHEDULED, State.CANCELED), **_LATER},
    "emergency": {
        State.NEW: (State.AUTHORIZE, State.CANCELED),
        State.AUTHORIZE: (State.SCHEDULED, State.NEW, State.CANCELED),
        **_LATER,
    },
}
AUTOMATIC = frozenset(
    {(State.ASSESS, State.AUTHORIZE), (State.ASSESS, State.SCHEDULED), (State.AUTHORIZE, State.SCHEDULED)}
)
"""Steps that the flow takes once the approvals are decided; nobody may choose them."""
OPEN_TASK_STATES = ("-5", "1", "2")


@dataclass(frozen=True, slots=True)
class Condition:
    """What a step needs. `missing`: labels of the columns that are to be filled in, where that is what it needs."""

    name: str
    passed: bool
    missing: tuple[str, ...] = ()


def targets(row: Row) -> tuple[State, ...]:
    """The states that the model knows to follow the present one; none for a state that it does not know."""
    graph = GRAPH.get(str(row["type"]), GRAPH["normal"])
    return graph.get(State(row["state"]), ()) if row["state"] in tuple(State) else ()


def conditions(instance: Instance, row: Row, target: State) -> tuple[Condition, ...]:
    """What must hold for the row, as it will be, to get to the target."""
    if target is State.CANCELED:
        return ()
    found = [Condition("Not On hold", row["on_hold"] != "true")]
    if target is not State.NEW:
        has_group = bool(row["assignment_group"])
        found.append(Condition("Assignment group is set", has_group, () if has_group else ("Assignment group",)))
    if target is State.REVIEW:
        found.append(Condition("No active manual change tasks", not open_tasks(instance, row, manual=True)))
    if target is State.CLOSED:
        names = {"close_code": "Close code", "close_notes": "Close notes"}
        missing = tuple(label for name, label in names.items() if not row[name])
        if instance.enabled("com.snc.change_management.enforce_data_requirements", default=True):
            found.append(Condition("Close code and notes are set", not missing, missing))
        found.append(Condition("No active change tasks", not open_tasks(instance, row)))
    return tuple(found)


def open_tasks(instance: Instance, row: Row, *, manual: bool = False) -> list[Row]:
    """The change's tasks that are not closed; `manual`: only those that a person made."""
    tasks = instance.where("change_task", change_request=str(row["sys_id"]))
    found = [task for task in tasks if task["state"] in OPEN_TASK_STATES]
    return [task for task in found if task["created_from"] == "manual"] if manual else found
