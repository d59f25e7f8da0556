"""Routes of the jobs that runners have: fetch one, send its log, say how it ended.

A job's token stands in the environment of its script: what a runner may do here, the code in a job may do as well.
Source: gitlab, lib/api/ci/runner.rb, and gitlab-runner, network/gitlab.go.
"""

from __future__ import annotations

import re

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import orders
from portctl.sandbox.gitlab.ci.runner.job import Outcome, trace_file
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import GitLabError
from portctl.sandbox.gitlab.handlers.runner_payload import payload
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, NEEDED, TEXT, Field, Type
from portctl.sandbox.gitlab.store import jobs, runners

_FEATURES = ("upload_multiple_artifacts", "artifacts_exclude", "return_exit_code", "cancel_gracefully")
_REQUEST = {
    "token": NEEDED,
    "system_id": TEXT,
    "info": Field(
        Type.OBJECT,
        fields={"features": Field(Type.OBJECT, fields=dict.fromkeys(_FEATURES, BOOLEAN))},
    ),
}
_ENDED = {"token": NEEDED, "state": TEXT, "failure_reason": TEXT, "exit_code": INTEGER}
_START = re.compile(r"\s*(\d+)")
_TRACE_SECONDS = 3
_LARGEST_LOG_BYTES = 100 * 1024 * 1024


def request(call: Call) -> Answer:
    """The job that has waited longest and can start; 204 where none does."""
    instance = call.instance
    values = call.values(_REQUEST)
    runner = runners.met(instance, runners.by_token(instance, values["token"]), values.get("system_id"))
    said = (values.get("info") or {}).get("features") or {}
    features = frozenset(name for name in _FEATURES if said.get(name))
    if runner["paused"]:
        return done()
    for row in instance.select(jobs.TABLE, lambda row: row["status"] == "pending" and runners.takes(runner, row)):
        if orders.starts(instance, row, features):
            row = orders.hand_over(instance, row, runner, graceful="cancel_gracefully" in features)
            return Answer(201, payload(instance, row))
    return done()


def append_trace(call: Call) -> Answer:
    """The next piece. One that has come already is taken for what it is; one that does not go on is refused."""
    token = call.request.query("token") or call.request.headers.get("job-token", "")
    row = jobs.for_runner(call.instance, call.params["job"], token)
    where = call.request.headers.get("content-range")
    if where is None:
        raise GitLabError(400, {"error": "400 Missing header Content-Range"})
    digits = _START.match(where)
    start, piece = int(digits[1]) if digits else 0, call.request.body
    if start + len(piece) >= _LARGEST_LOG_BYTES:
        orders.hand_in(call.instance, row["id"], Outcome(status="failed", failure_reason="trace_size_exceeded"))
        raise GitLabError(403, {"error": "403 Forbidden"})
    file = trace_file(jobs.folder(call.instance, row))
    file.parent.mkdir(parents=True, exist_ok=True)
    size = file.stat().st_size if file.is_file() else 0
    if size == start:
        secret = row["token"].encode()
        with file.open("ab") as log:
            log.write(piece.replace(secret, b"x" * len(secret)))
        size += len(piece)
    if size != start + len(piece):
        raise GitLabError(416, {"error": "416 Range Not Satisfiable"}, {"range": f"0-{size}"})
    headers = {"range": f"0-{size}", "x-gitlab-trace-update-interval": str(_TRACE_SECONDS)}
    return Answer(202, None, {"job-status": row["status"], **headers})


def update(call: Call) -> Answer:
    """How the job is, or how it has ended. The answer says how it is by now."""
    values = call.values(_ENDED)
    row = jobs.for_runner(call.instance, call.params["job"], values["token"])
    state = values.get("state")
    if state in ("success", "failed"):
        reason = values.get("failure_reason") or "unknown_failure" if state == "failed" else None
        outcome = Outcome(status=state, failure_reason=reason, exit_code=values.get("exit_code"))
        orders.hand_in(call.instance, row["id"], outcome)
    status = 200 if state in ("running", "success", "failed") else 400
    now: Row = call.instance.state.get(jobs.TABLE, str(row["id"])) or row
    return Answer(status, status, {"job-status": now["status"]})
