"""The audit log. Source: Port API reference, "Audit"."""

from __future__ import annotations

from collections.abc import Callable

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call, ok
from portctl.sandbox.port.errors import invalid

_RESOURCES = ("blueprint", "entity", "run", "webhook", "scorecard", "action", "integration")
_DEFAULT_LIMIT = 1_000
_FIELDS: dict[str, Callable[[Row], object]] = {
    "identifier": lambda row: row["identifier"],
    "entity": lambda row: row["context"].get("entity"),
    "blueprint": lambda row: row["context"].get("blueprint"),
    "run_id": lambda row: row["context"].get("runId"),
    "webhookId": lambda row: row["context"].get("webhook"),
    "InstallationId": lambda row: row["context"].get("integration"),
    "action": lambda row: row["action"],
    "status": lambda row: row["status"],
}


def list_all(call: Call) -> Answer:
    """What was done, newest first; all parameters must hold."""
    call.choice("action", ("CREATE", "UPDATE", "DELETE"))
    call.choice("status", ("SUCCESS", "FAILURE"))
    rows = list(call.tables.rows("audit").values())[::-1]
    for name, read in _FIELDS.items():
        wanted = call.request.query(name)
        rows = [row for row in rows if wanted is None or read(row) == wanted]
    resources = call.request.query_list("resources")
    if any(name not in _RESOURCES for name in resources):
        raise invalid("querystring/resources must be equal to one of the allowed values")
    rows = [row for row in rows if not resources or row["resourceType"] in resources]
    origins = call.request.query_list("origin")
    rows = [row for row in rows if not origins or row["trigger"]["origin"] in origins]
    start, end = call.request.query("from"), call.request.query("to")
    rows = [row for row in rows if (start or "") <= row["trigger"]["at"] <= (end or "~")]
    includes = call.request.query_list("includes")
    shown = [{name: row[name] for name in row if not includes or name in includes} for row in rows[: _limit(call)]]
    return ok(audits=shown)


def _limit(call: Call) -> int:
    text = call.request.query("limit")
    if text is None:
        return _DEFAULT_LIMIT
    if not text.isdigit():
        raise invalid("querystring/limit must be number")
    return int(text)
