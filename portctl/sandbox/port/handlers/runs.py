"""Routes of action runs. Source: Port API reference, "Action Runs"."""

from __future__ import annotations

from collections.abc import Callable

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import PortError, invalid, not_found
from portctl.sandbox.port.runs import actor, approval, execution, record
from portctl.sandbox.port.schemas import run as schema
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.store import people

_SOURCES = ("UI", "API", "AUTOMATION")
_VERSIONS = ("v1", "v2")
_MOST_RUNS, _MOST_LOGS = 1_000, 50
_FILTERS: dict[str, Callable[[Row], object]] = {
    "entity": lambda row: row.get("entity", {}).get("identifier"),
    "blueprint": lambda row: row.get("blueprint", {}).get("identifier"),
    "action": lambda row: row["action"]["identifier"],
    "user_id": lambda row: row["createdBy"],
    "external_run_id": lambda row: row.get("externalRunId"),
}


def create(call: Call) -> Answer:
    """`run_as` executes as somebody else, which only the organisation's own credentials may."""
    body = call.body()
    check(schema.NEW, body)
    email = call.request.query("run_as")
    who = actor.caller_of(call)
    if email is not None:
        if call.caller.email is not None or not call.caller.is_admin:
            raise PortError(403, "forbidden", "run_as needs the credentials of the organisation")
        who = actor.person(call.organisation, email)
    cause = call.cause()
    run = execution.execute(call.organisation, call.params["action"], body, who, cause.made_by(who.user_id))
    return ok(202, run=record.shown(call.organisation.state, run))


def list_all(call: Call) -> Answer:
    """Newest first."""
    call.choice("version", _VERSIONS)
    rows = [row for row in reversed(list(call.tables.rows("runs").values())) if _visible(call, row)]
    for name, read in _FILTERS.items():
        wanted = call.request.query(name)
        rows = [row for row in rows if wanted is None or read(row) == wanted]
    email = call.request.query("user_email")
    if email is not None:
        user = call.tables.get("users", email) or {"id": None}
        rows = [row for row in rows if row["createdBy"] == user["id"]]
    sources = call.request.query_list("source")
    if any(source not in _SOURCES for source in sources):
        raise invalid("querystring/source must be equal to one of the allowed values")
    rows = [row for row in rows if not sources or row["source"] in sources]
    if call.request.query("active") is not None:
        active = call.flag("active")
        rows = [row for row in rows if (row["status"] in record.ACTIVE) is active]
    limit = _number(call, "limit", least=1, most=_MOST_RUNS)
    excluded = call.request.query_list("exclude")
    shown = [record.shown(call.tables, row) for row in rows[:limit]]
    return ok(runs=[{name: value for name, value in row.items() if name not in excluded} for row in shown])


def read(call: Call) -> Answer:
    call.choice("version", _VERSIONS)
    return ok(run=record.shown(call.tables, _seen(call)))


def change(call: Call) -> Answer:
    call.choice("version", _VERSIONS)
    body = call.body() or {}
    check(schema.CHANGE, body)
    row = _changeable(call)
    record.refuse_ended(row)
    if row["status"] == record.WAITING and body.get("status") == "SUCCESS":
        raise invalid(f'Action run "{row["id"]}" waits for approval and cannot succeed')
    if isinstance(body.get("link"), str):
        body = {**body, "link": [body["link"]]}
    changed = record.change(call.organisation, row, body, call.cause(row["id"]))
    return ok(run=record.shown(call.organisation.state, changed))


def decide(call: Call) -> Answer:
    call.choice("version", _VERSIONS)
    body = call.body()
    check(schema.DECISION, body)
    row = record.find(call.organisation, call.params["run"])
    decided = approval.decide(call.organisation, row, actor.caller_of(call), body, call.cause(row["id"]))
    return ok(201, run=record.shown(call.organisation.state, decided))


def approvers(call: Call) -> Answer:
    pending = call.flag("include_pending_approvers")
    return ok(approvers=approval.listed(call.organisation, _seen(call), pending_too=pending))


def add_log(call: Call) -> Answer:
    body = call.body()
    check(schema.LOG, body)
    row = _changeable(call)
    if "terminationStatus" in body or call.organisation.strict("log-after-end"):
        record.refuse_ended(row)
    return ok(201, runLog=record.log(call.organisation, row, body, call.cause(row["id"])))


def list_logs(call: Call) -> Answer:
    """Oldest first."""
    _seen(call)
    limit = _number(call, "limit", least=1, most=_MOST_LOGS)
    start = _number(call, "offset", least=0, most=None) if call.request.query("offset") else 0
    return ok(runLogs=record.logs(call.tables, call.params["run"])[start : start + limit])


def _seen(call: Call) -> Row:
    """The run as a read sees it. Errors: 404, 403."""
    row = call.tables.get("runs", call.params["run"])
    if row is None:
        raise not_found("Action run", call.params["run"])
    if not _visible(call, row):
        raise PortError(403, "forbidden", "The runs of this action are shown to those who started them")
    return row


def _changeable(call: Call) -> Row:
    """The run, for administrators and whoever started it; for others, if that is how Port is read. Errors: 404, 403."""
    row = record.find(call.organisation, call.params["run"])
    if people.is_admin(call.organisation, call.caller):
        return row
    is_own = row["createdBy"] == call.by
    if call.caller.email is None or (call.organisation.strict("service-account-runs") and not is_own):
        raise PortError(403, "forbidden", "The role Member is not allowed to change the runs of others")
    return row


def _visible(call: Call, row: Row) -> bool:
    action = call.organisation.state.get("actions", row["action"]["identifier"]) or {}
    if action.get("allowAnyoneToViewRuns", True) or row["createdBy"] == call.by:
        return True
    return people.is_admin(call.organisation, call.caller)


def _number(call: Call, name: str, *, least: int, most: int | None) -> int:
    text = call.request.query(name)
    if text is None:
        return most or 0
    if not text.isdigit():
        raise invalid(f"querystring/{name} must be number")
    if int(text) < least:
        raise invalid(f"querystring/{name} must be >= {least}")
    if most is not None and int(text) > most:
        raise invalid(f"querystring/{name} must be <= {most}")
    return int(text)
