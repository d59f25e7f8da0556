"""A deployment as all three services tell it, for an office: what was asked for, tested, approved and started."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict
from typing import Any

import httpx

from portctl.gate import evidence
from portctl.gate.evidence import Call, Ended, Kind, Started
from portctl.gate.servicenow import sys_id_of
from tests.unit.gate.office import Office, Reply

NOW = 1_795_255_260.0
CREATED_AT = "2026-11-21T10:00:00.000Z"
PIPELINES = "gitlab GET /api/v4/projects/platform%2Fdeployment"
MARKS = "/api/v4/projects/gate%2Fdeployment-marks/repository"
FOLDER = "deployments%2F2026-11%2Fr_one"
COMMIT = f"gitlab POST {MARKS}/commits"
SYS_ID = sys_id_of("r_one")
CHANGE = f"/api/now/table/change_request/{SYS_ID}"
FIND, MOVE, OPEN = f"snow GET {CHANGE}", f"snow PATCH {CHANGE}", "snow POST /api/now/table/change_request"
APPROVERS = "snow GET /api/now/table/sysapproval_approver"
USERS = "snow GET /api/now/table/sys_user"
RUNS = "port GET /v1/actions/runs"
CATALOGUE = "/v1/blueprints/servicenowChangeRequest/entities"
NOT_THERE = (404, {"message": "404 File Not Found"})

TESTED = evidence.Tested(
    service="shop/checkout",
    project="shop/checkout",
    sha="a" * 40,
    environment="Staging",
    deploy="make deploy",
    coverage=65.0,
    needs_change=True,
    requester="user_dora",
    email="dora@example.com",
    account="u_dora",
)
STARTED = Started(pipeline_url="https://gitlab.example/p/70", by="https://gitlab.example/j/6", job=7)
ENDED = Ended(success=True, text="Deployed")
CALLERS = {"request": "pre_deployment_check", "decision": "approveSnowPipeline", "look": "lookAtDeployment"}


def call(kind: str) -> Call:
    is_deploy = kind == "deploy"
    return Call(
        kind=Kind(kind),
        deploy_run="r_one",
        run="" if is_deploy else "r_own",
        environment="Staging" if is_deploy else "",
        pipeline=70,
        pipeline_url="https://gitlab.example/p/70",
        job_url="https://gitlab.example/j/6",
    )


def run_row(identifier: str, action: str, **changes: Any) -> dict[str, Any]:
    return {
        "id": identifier,
        "status": "IN_PROGRESS",
        "createdAt": CREATED_AT,
        "createdBy": "user_dora",
        "action": {"identifier": action},
        "entity": {"identifier": "shop/checkout"},
        "properties": {"environment": "Staging", "requested_by": "dora@example.com"},
        **changes,
    }


def run_reply(row: dict[str, Any]) -> Reply:
    return (200, {"ok": True, "run": row})


def mark_reply(mark: evidence.Tested | Started | Ended | None) -> Reply:
    if mark is None:
        return NOT_THERE
    text = json.dumps(asdict(mark), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    return (200, {"content": base64.b64encode(text.encode()).decode(), "encoding": "base64"})


def change_row(**changes: Any) -> dict[str, Any]:
    return {
        "sys_id": SYS_ID,
        "number": "CHG1",
        "state": "-2",
        "approval": "approved",
        "on_hold": "false",
        "u_external_tags": "r_one",
        "correlation_id": "r_one",
        "sys_created_by": "portctl.gate",
        **changes,
    }


def approval_row(**changes: Any) -> dict[str, Any]:
    return {
        "state": "approved",
        "sysapproval": {"value": SYS_ID},
        "approver": {"value": "u_pat"},
        "approver.user_name": "pat.platform",
        "approver.email": "pat@example.com",
        "approver.name": "Pat Platform",
        "group.assignment_group.name": "Platform Engineering",
        **changes,
    }


def furnish(
    office: Office,
    kind: str,
    *,
    tested: evidence.Tested | None = TESTED,
    started: Started | None = None,
    ended: Ended | None = None,
    change: dict[str, Any] | None = None,
    approvals: tuple[Any, ...] = (),
    job: dict[str, Any] | None = None,
) -> Office:
    """Every read that a question may lead to, as it stands; no write is answered."""
    runs = {"r_one": run_row("r_one", "deploy_service_to_cluster")}
    if kind in CALLERS:
        runs["r_own"] = run_row("r_own", CALLERS[kind], properties={"requested_by": "dora@example.com"})
    marks = {"tested": tested, "started": started, "ended": ended}
    office.replies |= {
        **{f"port GET /v1/actions/runs/{name}": run_reply(row) for name, row in runs.items()},
        **{f"gitlab GET {MARKS}/files/{FOLDER}%2F{name}.json": mark_reply(mark) for name, mark in marks.items()},
        f"gitlab GET {MARKS}/branches/main": (200, {"name": "main"}),
        f"{PIPELINES}/jobs/7": (200, job or {"id": 7, "status": "running", "started_at": CREATED_AT}),
        f"{PIPELINES}/pipelines/70/jobs": (200, [{"id": 7, "name": "deploy", "status": "created", "started_at": None}]),
        RUNS: (200, {"runs": []}),
        FIND: (200, {"result": change}) if change is not None else (404, {"error": {"message": "No Record found"}}),
        APPROVERS: (200, {"result": list(approvals)}),
        USERS: (200, {"result": [{"sys_id": "u_dora", "email": "dora@example.com"}]}),
    }
    return office


def taking(*_: httpx.Request) -> httpx.Response:
    return httpx.Response(201, json={"ok": True, "id": "x"})
