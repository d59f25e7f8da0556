"""The Change Management API. Source: ServiceNow REST API reference, "Change Management API"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.context import Call, Handler, result
from portctl.sandbox.servicenow.errors import SnowError, Vetoed, no_record
from portctl.sandbox.servicenow.store import access
from portctl.sandbox.servicenow.store.approvals import requested
from portctl.sandbox.servicenow.store.intake import take
from portctl.sandbox.servicenow.store.model import AUTOMATIC, LABELS, Condition, State, conditions, targets
from portctl.sandbox.servicenow.store.query import Matcher, parse_query
from portctl.sandbox.servicenow.store.typed import typed_row

DEFAULT_LIMIT = 500
_CHANGE = "change_request"
_FROM_TEMPLATE = ("description", "implementation_plan", "backout_plan", "test_plan")


def list_of(kind: str | None) -> Handler:
    """The changes of one type, or of all."""

    def handler(call: Call) -> Answer:
        matcher = Matcher(call.instance, call.actor, _CHANGE, call.reader)
        plain = [(name, value) for name, value in call.request.queries() if not name.startswith(("sysparm_", "order"))]
        text = call.request.query("sysparm_query") or "^".join(f"{name}={value}" for name, value in plain)
        rows = matcher.select(parse_query(text, matcher.known), list(call.instance.rows(_CHANGE, call.reader)))
        offset, limit = call.number("sysparm_offset", 0), call.number("sysparm_limit", DEFAULT_LIMIT)
        chosen = [row for row in rows if kind in (None, row["type"])]
        page = [row for row in chosen[offset : offset + limit] if access.may_read(call.instance, call.actor, row)]
        return result([typed_row(call.instance, call.actor, row) for row in page])

    return handler


def read_of(kind: str | None) -> Handler:
    return lambda call: result(typed_row(call.instance, call.actor, _change(call, kind)))


def create_of(kind: str | None) -> Handler:
    def handler(call: Call) -> Answer:
        sent = _sent(call)
        if kind is not None:
            sent["type"] = kind
        return _created(call, sent, ())

    return handler


def create_from_template(call: Call) -> Answer:
    template = call.instance.get("std_change_record_producer", call.params["template"])
    if template is None or template["active"] != "true":
        raise no_record()
    own = {
        "type": "standard",
        "short_description": template["short_description"],
        "std_change_producer_version": template["current_version"],
    }
    sent = _sent(call)
    ignored = tuple(name for name in _FROM_TEMPLATE if name in sent)
    return _created(call, {**own, **{name: value for name, value in sent.items() if name not in ignored}}, ignored)


def update_of(kind: str | None) -> Handler:
    def handler(call: Call) -> Answer:
        row, sent = _change(call, kind), _sent(call)
        if sent.get("state") is not None and str(sent["state"]) == row["state"]:
            raise SnowError(400, f"Change request is already in state {_label(row['state'])}")
        values = take(call.instance, call.actor, _CHANGE, sent).values
        after = _carried(lambda: call.records.update(call.actor, row, values))
        return result(typed_row(call.instance, call.actor, after))

    return handler


def delete_of(kind: str | None) -> Handler:
    def handler(call: Call) -> Answer:
        call.records.delete(call.actor, _change(call, kind))
        return Answer(204, "")

    return handler


def next_states(call: Call) -> Answer:
    row = _change(call, None)
    found = targets(row)
    state = str(row["state"])
    labels = {str(target): LABELS[target] for target in found}
    return result(
        {
            "available_states": [*labels, state],
            "state_transitions": [[_transition(call, row, target)] for target in found],
            "state_label": {**labels, state: _label(state)},
        }
    )


def decide(call: Call) -> Answer:
    """Errors: 400 unless the caller has a row that waits for a decision, and comments where it rejects."""
    row = call.instance.get(_CHANGE, call.params["sys_id"])
    if row is None:
        raise no_record()
    body = call.body()
    decision, comments = body.get("state"), str(body.get("comments") or "")
    if decision not in ("approved", "rejected"):
        raise SnowError(400, "Invalid approval state", "state is approved or rejected")
    if decision == "rejected" and not comments:
        raise SnowError(400, "Comments are required when rejecting")
    own = requested(call.instance, row, call.actor.sys_id) if call.actor.sys_id else []
    if not own:
        raise SnowError(400, "No approval is requested of the user for this change request")
    values = {"state": str(decision), **({"comments": comments} if comments else {})}
    decided = [call.records.update(call.actor, each, values) for each in own]
    return result([typed_row(call.instance, call.actor, each) for each in decided])


def templates(call: Call) -> Answer:
    matcher = Matcher(call.instance, call.actor, "std_change_record_producer", call.reader)
    query = parse_query(call.request.query("sysparm_query") or "", matcher.known)
    rows = matcher.select(query, list(call.instance.rows("std_change_record_producer", call.reader)))
    return result([typed_row(call.instance, call.actor, row) for row in rows[: call.number("sysparm_limit", 500)]])


def template(call: Call) -> Answer:
    return result(typed_row(call.instance, call.actor, _found(call, "std_change_record_producer", "template")))


def models(call: Call) -> Answer:
    return result([typed_row(call.instance, call.actor, row) for row in call.instance.rows("chg_model", call.reader)])


def model(call: Call) -> Answer:
    return result(typed_row(call.instance, call.actor, _found(call, "chg_model", "model")))


def tasks(call: Call) -> Answer:
    rows = call.instance.where("change_task", change_request=str(_change(call, None)["sys_id"]))
    return result([typed_row(call.instance, call.actor, row) for row in rows])


def create_task(call: Call) -> Answer:
    parent = _change(call, None)
    sent = {**_sent(call), "change_request": parent["sys_id"], "parent": parent["sys_id"]}
    values = take(call.instance, call.actor, "change_task", sent).values
    row = _carried(lambda: call.records.insert(call.actor, "change_task", values))
    return result(typed_row(call.instance, call.actor, row))


def update_task(call: Call) -> Answer:
    row = _found(call, "change_task", "task")
    if row["change_request"] != _change(call, None)["sys_id"]:
        raise no_record()
    values = take(call.instance, call.actor, "change_task", _sent(call)).values
    after = _carried(lambda: call.records.update(call.actor, row, values))
    return result(typed_row(call.instance, call.actor, after))


def _change(call: Call, kind: str | None) -> Row:
    """Errors: 404 when absent, hidden, or of another type."""
    row = _found(call, _CHANGE, "sys_id")
    if kind not in (None, row["type"]):
        raise no_record()
    return row


def _found(call: Call, table: str, param: str) -> Row:
    row = call.instance.get(table, call.params[param])
    if row is None or not access.may_read(call.instance, call.actor, row):
        raise no_record()
    return row


def _sent(call: Call) -> dict[str, Any]:
    """The body, over what the URL's parameters say."""
    plain = {name: value for name, value in call.request.queries() if not name.startswith(("sysparm_", "x-sn-"))}
    return {**plain, **call.body()}


def _created(call: Call, sent: Mapping[str, Any], ignored: tuple[str, ...]) -> Answer:
    """`chg_model` is a name or a sys_id."""
    named = call.instance.one("chg_model", name=str(sent.get("chg_model")))
    sent = {**sent, "chg_model": named["sys_id"]} if named else sent
    intake = take(call.instance, call.actor, _CHANGE, sent)
    row = _carried(lambda: call.records.insert(call.actor, _CHANGE, intake.values))
    meta = {"__meta": {"ignoredFields": [*ignored, *intake.ignored]}}
    return result({**typed_row(call.instance, call.actor, row), **meta})


def _carried(write: Callable[[], Row]) -> Row:
    """What the Table API refuses with 403, this API refuses with 400 and a message."""
    try:
        return write()
    except Vetoed as veto:
        raise SnowError(400, str(veto.detail)) from veto


def _transition(call: Call, row: Row, target: State) -> dict[str, Any]:
    found = conditions(call.instance, row, target)
    is_automatic = (State(row["state"]), target) in AUTOMATIC
    name = f"{_label(row['state'])} to {LABELS[target]}"
    return {
        "sys_id": call.instance.stable_id(f"transition:{row['type']}:{name}"),
        "display_value": name,
        "from_state": row["state"],
        "to_state": str(target),
        "transition_available": not is_automatic and all(condition.passed for condition in found),
        "automatic_transition": is_automatic,
        "conditions": [_condition(call, condition) for condition in found],
    }


def _condition(call: Call, condition: Condition) -> dict[str, Any]:
    described = {
        "name": condition.name,
        "description": None,
        "sys_id": call.instance.stable_id(f"condition:{condition.name}"),
    }
    return {"passed": condition.passed, "condition": described}


def _label(state: str) -> str:
    return LABELS[State(state)] if state in tuple(State) else state
