"""What the gate reads from Port and tells it. Source: Port API reference, "Action Runs", "Entities"."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from portctl.errors import ApiError, PortctlError
from portctl.gate.evidence import DECIDE_ACTION, Call, Change, Ended, Run, unix_seconds
from portctl.model.value import get
from portctl.wire.client import Client

_NOT_FOUND, _ENDED = 404, 422
_OPEN = frozenset({"IN_PROGRESS", "WAITING_FOR_APPROVAL"})
_SHOWS_WITHIN_SECONDS = 10.0
_CHANGES = "/v1/blueprints/servicenowChangeRequest/entities"
_OPEN_DEPLOYMENTS = "/v1/blueprints/openDeployment/entities"
_MOST_RUNS = 1000
_PAGE, _MOST_PAGES = 50, 20
_TRIES = 3


class Portal:
    """One organisation of Port, seen from a pipeline."""

    def __init__(self, client: Client, sleep: Callable[[float], object] = time.sleep) -> None:
        self._client = client
        self._sleep = sleep

    def run(self, run_id: str) -> Run | None:
        """A run as Port has it, None where it has none. A new one may take a moment to show."""
        waited = 0.0
        while True:
            found = self._run(run_id)
            if found is not None or waited >= _SHOWS_WITHIN_SECONDS:
                return found
            waited += 1.0
            self._sleep(1.0)

    def _run(self, run_id: str) -> Run | None:
        try:
            response = self._client.request("GET", f"/v1/actions/runs/{_segment(run_id)}", query={"version": "v2"})
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        return _read(get(response.body, ("run",)))

    def open_runs(self) -> tuple[Run, ...]:
        query = {"version": "v2", "active": "true", "limit": str(_MOST_RUNS)}
        rows = _rows(self._client.request("GET", "/v1/actions/runs", query=query).body, "runs")
        return tuple(run for run in map(_read, rows) if run is not None)

    def approvers_of(self, change: str) -> frozenset[str]:
        """The users of Port who have approved a change request there: their runs that did not fail.

        Nobody, where there are more than Port lists: one of the others may have been the one who asked for it.
        """
        query = {"version": "v2", "action": DECIDE_ACTION, "entity": change, "limit": str(_MOST_RUNS)}
        rows = _rows(self._client.request("GET", "/v1/actions/runs", query=query).body, "runs")
        if len(rows) >= _MOST_RUNS:
            return frozenset()
        return frozenset(
            str(get(row, ("createdBy",)))
            for row in rows
            if get(row, ("action", "identifier")) == DECIDE_ACTION
            and get(row, ("entity", "identifier")) == change
            and get(row, ("properties", "approval_status")) == "approved"
            and get(row, ("status",)) != "FAILURE"
        )

    def service(self, identifier: str) -> Mapping[str, Any] | None:
        """The properties of a service, None where there is none."""
        try:
            response = self._client.request("GET", f"/v1/blueprints/service/entities/{_segment(identifier)}")
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        found = get(response.body, ("entity", "properties"))
        return found if isinstance(found, Mapping) else {}

    def log(self, run_id: str) -> Sequence[str]:
        """All its lines, of which Port gives so many at once."""
        path = f"/v1/actions/runs/{_segment(run_id)}/logs"
        lines: list[str] = []
        for page in range(_MOST_PAGES):
            query = {"limit": str(_PAGE), "offset": str(page * _PAGE)}
            rows = _rows(self._client.request("GET", path, query=query).body, "runLogs")
            lines += [_text(row, "message") for row in rows]
            if len(rows) < _PAGE:
                break
        return lines

    def tell(self, run_id: str, text: str, *, once: bool = False) -> None:
        """A line in the log of a run. Errors: PortctlError; 422 where the run has ended and takes none."""
        if once and text in self.log(run_id):
            return
        self._client.request("POST", f"/v1/actions/runs/{_segment(run_id)}/logs", body={"message": text})

    def link(self, run_id: str, url: str) -> None:
        path = f"/v1/actions/runs/{_segment(run_id)}"
        self._client.request("PATCH", path, query={"version": "v2"}, body={"link": [url]}, repeatable=True)

    def end(self, run_id: str, ended: Ended) -> bool:
        """End a run; whether it was us. One that has ended already stays as it is. Errors: PortctlError."""
        body = {"message": ended.text, "terminationStatus": "SUCCESS" if ended.success else "FAILURE"}
        problem: PortctlError | None = None
        for attempt in range(_TRIES):
            if attempt:
                self._sleep(float(attempt))
            try:
                self._client.request("POST", f"/v1/actions/runs/{_segment(run_id)}/logs", body=body)
                return True
            except PortctlError as error:
                problem = error
            now = self._run(run_id)
            if now is not None and not now.is_open:
                return False
        assert problem is not None
        raise problem

    def forget_open_deployment(self, call: Call) -> None:
        query = {"run_id": call.run} if call.run else {}  # Port takes no run here that has ended
        try:
            self._client.request("DELETE", f"{_OPEN_DEPLOYMENTS}/{_segment(call.deploy_run)}", query=query)
        except ApiError as error:
            if error.status != _NOT_FOUND:
                raise

    def catalogue(self, call: Call, change: Change, row: Mapping[str, str], service: str, *, decision: bool) -> None:
        """The change request as people see it, with its service.

        What it is about, `approval` and `state`, is left to ServiceNow's own message, which may have come first and be
        newer, unless `decision` asks for it.
        """
        said: dict[str, Any] = {
            "number": change.number,
            "description": row.get("description"),
            "priority": row.get("priority"),
            "category": row.get("category"),
            "externalTags": call.deploy_run,
            "isActive": row.get("active") == "true",
            "createdBy": row.get("sys_created_by"),
            "createdOn": _instant(row.get("sys_created_on", "")),
        }
        if decision:
            said |= {"approval": change.approval, "state": change.state, "onHold": change.on_hold}
        body = {
            "identifier": change.sys_id,
            "title": row.get("short_description") or change.number,
            "icon": "Servicenow",
            "properties": {name: value for name, value in said.items() if value not in (None, "")},
            "relations": {"service": service},
        }
        query = {"upsert": "true", "merge": "true", "run_id": call.run}
        self._client.request("POST", _CHANGES, query=query, body=body, repeatable=True)

    def put_back(self, call: Call, change: Change) -> None:
        body = {"properties": {"approval": "requested"}}
        query = {"run_id": call.run}
        self._client.request("PATCH", f"{_CHANGES}/{change.sys_id}", query=query, body=body, repeatable=True)


def _read(row: Any) -> Run | None:
    if not isinstance(row, Mapping) or not isinstance(get(row, ("id",)), str):
        return None
    properties = get(row, ("properties",))
    about = _text(properties, "deploy_run_id") or _text(get(row, ("payload", "body", "inputs")), "deploy_run")
    return Run(
        id=_text(row, "id"),
        action=_text(get(row, ("action",)), "identifier"),
        is_open=get(row, ("status",)) in _OPEN,
        created_at=_seconds(_text(row, "createdAt")),
        created_by=_text(row, "createdBy"),
        about=about,
        service=_text(get(row, ("entity",)), "identifier"),
        environment=_text(properties, "environment"),
        requested_by=_text(properties, "requested_by"),
    )


def _text(row: Any, name: str) -> str:
    value = get(row, (name,)) if isinstance(row, Mapping) else None
    return value if isinstance(value, str) else ""


def _rows(body: Any, name: str) -> Sequence[Any]:
    rows = get(body, (name,))
    if not isinstance(rows, tuple):
        raise PortctlError("Not what Port answers", f"an answer without {name}")
    return rows


def _seconds(stamp: str) -> float:
    """Errors: PortctlError; a run without a time cannot be judged."""
    try:
        return unix_seconds(stamp)
    except ValueError as error:
        raise PortctlError("Not what Port answers", f"{stamp[:40]!r} is no time") from error


def _instant(stamp: str) -> str:
    """ServiceNow's time, which is UTC without saying so, as Port has it."""
    return f"{stamp.replace(' ', 'T')}Z" if stamp else ""


def _segment(text: str) -> str:
    return quote(text, safe="")
