"""Change requests: created in New, moved along their model, with tasks and approvals on the way."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import aborted, data_policy
from portctl.sandbox.servicenow.jobs import Jobs
from portctl.sandbox.servicenow.store import approvals
from portctl.sandbox.servicenow.store.change import Behaviour, Change, Operation
from portctl.sandbox.servicenow.store.instance import SYSTEM
from portctl.sandbox.servicenow.store.model import (
    AUTOMATIC,
    GRAPH,
    OPEN_TASK_STATES,
    State,
    conditions,
    open_tasks,
    targets,
)
from portctl.sandbox.servicenow.store.records import Records

TRANSITION_RULE = "Change Model: Check State Transition"
_TASKS = {"Implement": "implementation", "Post implementation testing": "testing"}


class Changes:
    """The behaviour of `change_request` and `change_task`."""

    def __init__(self, records: Records, jobs: Jobs) -> None:
        self._records = records
        self._jobs = jobs

    def behaviours(self) -> dict[str, Behaviour]:
        return {
            "change_request": Behaviour(self._prepare, self._follow),
            "change_task": Behaviour(_prepare_task, self._follow_task),
            "task": Behaviour(prepare_any_task),
        }

    def _prepare(self, change: Change) -> None:
        if change.operation is Operation.DELETE:
            return
        if change.operation is Operation.INSERT:
            _prepare_new(change)
        elif change.changed("state") and change.actor.user_name != SYSTEM:
            _check_transition(change)
        if change.value("on_hold") == "true" and not change.value("on_hold_reason"):
            raise data_policy(["On hold reason"])
        _enter(change)

    def _follow(self, change: Change) -> None:
        if change.operation is Operation.DELETE:
            return
        if change.changed("on_hold") and change.before is not None:
            self._hold_or_release(change)
        if change.changed("state"):
            self._arrive(change)

    def _hold_or_release(self, change: Change) -> None:
        if change.value("on_hold") == "true":
            approvals.hold(self._records, change.row)
        elif change.value("state") != State.CANCELED:
            approvals.release(self._records, self._jobs, change.row)

    def _arrive(self, change: Change) -> None:
        row, state = change.row, change.value("state")
        if state in (State.ASSESS, State.AUTHORIZE):
            if change.before is not None:
                approvals.ask_later(self._jobs, change.instance, row)
        elif state in (State.NEW, State.CANCELED) and change.before is not None:
            approvals.withdraw(self._records, row)
        if state == State.IMPLEMENT:
            for title, kind in _TASKS.items():
                self._make_task(row, title, kind)
        elif state in (State.REVIEW, State.CANCELED):
            for task in open_tasks(change.instance, row):
                self._records.system_update(task, state="4")

    def _make_task(self, row: Row, title: str, kind: str) -> None:
        values = {
            "change_request": str(row["sys_id"]),
            "parent": str(row["sys_id"]),
            "short_description": title,
            "change_task_type": kind,
            "created_from": "workflow",
            "assignment_group": str(row["assignment_group"]),
            "state": "1",
        }
        self._records.system_insert("change_task", values)

    def _follow_task(self, change: Change) -> None:
        """The last task that is closed takes its change to Review."""
        parent = change.instance.get("change_request", change.value("change_request"))
        is_closed = change.changed("state") and change.value("state") == "3"
        if parent is None or not is_closed or parent["state"] != State.IMPLEMENT or parent["on_hold"] == "true":
            return
        if not open_tasks(change.instance, parent):
            self._records.system_update(parent, state=State.REVIEW)


def prepare_any_task(change: Change) -> None:
    """What all tasks get from the server when they are made."""
    if change.operation is not Operation.INSERT:
        return
    prefix = {"change_request": "CHG", "change_task": "CTASK", "incident": "INC"}.get(change.table, "TASK")
    change.row["number"] = change.instance.next_number(prefix)
    change.row["opened_at"] = change.instance.now()
    change.row["opened_by"] = change.actor.sys_id


def _prepare_new(change: Change) -> None:
    prepare_any_task(change)
    row, instance = change.row, change.instance
    if instance.strict("late-state") or "state" not in change.sent:
        row["state"] = State.NEW
    row["requested_by"] = row["requested_by"] or change.actor.sys_id
    model = instance.get("chg_model", change.value("chg_model"))
    if model is not None:
        name = str(model["name"]).lower()
        row["type"] = name if name in GRAPH else row["type"]
        return
    named = instance.one("chg_model", name=change.value("type").capitalize())
    row["chg_model"] = named["sys_id"] if named else ""


def _prepare_task(change: Change) -> None:
    prepare_any_task(change)
    if change.operation is Operation.INSERT and "state" not in change.sent:
        change.row["state"] = OPEN_TASK_STATES[1]


def _check_transition(change: Change) -> None:
    """Errors: 403 by the model's rule or a data policy; or the state goes back to what it was (a switch)."""
    row, old, new = change.row, change.old("state"), change.value("state")
    known = (State(new) if new in tuple(State) else None) if change.before is not None else None
    allowed = known is not None and change.before is not None and known in targets(change.before)
    if known is None or not allowed or (State(old), known) in AUTOMATIC:
        _refuse(change)
        return
    failed = [condition for condition in conditions(change.instance, row, known) if not condition.passed]
    if any(not condition.missing for condition in failed):
        _refuse(change)
    elif failed:
        raise data_policy([label for condition in failed for label in condition.missing])


def _refuse(change: Change) -> None:
    if change.instance.strict("aborted-transition"):
        raise aborted("change_request", TRANSITION_RULE, change.instance.stable_id(TRANSITION_RULE))
    change.row["state"] = change.old("state")


def _enter(change: Change) -> None:
    """What the columns of a change become with its state."""
    if not change.changed("state"):
        return
    row, state = change.row, change.value("state")
    is_over = state in (State.CLOSED, State.CANCELED)
    row["active"] = "false" if is_over else "true"
    if is_over:
        row["closed_at"] = change.instance.now()
        row["closed_by"] = change.actor.sys_id
        row["on_hold"] = "false"
    if state == State.SCHEDULED and change.value("type") == "standard":
        row["approval"] = "approved"
    if state == State.NEW and change.before is not None and "approval" not in change.sent:
        row["approval"] = "not requested"
