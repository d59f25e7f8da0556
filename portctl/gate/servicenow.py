"""Change requests: found, opened, asked about, moved and closed.

The sys_id of a change request is derived from the developer's run: it can be made once, whoever tries how often, and
nobody can have another record taken for it by writing on its columns. Source: ServiceNow docs, "Table API", "Change
management".
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from portctl.errors import ApiError, InvalidInput, PortctlError
from portctl.gate.evidence import Change, Ended, State, Tested
from portctl.gate.settings import ServiceNowSettings
from portctl.model.value import Value, get
from portctl.providers.servicenow.queries import plain
from portctl.wire.client import Client

_TABLE = "/api/now/table"
_CHANGES = f"{_TABLE}/change_request"
_COLUMNS = (
    "sys_id,number,state,approval,on_hold,short_description,description,priority,category,active,sys_created_by,"
    "sys_created_on,u_external_tags,correlation_id"
)
_NOT_FOUND = 404
_MOST_ROWS = 1000
_MOST_NAMED = 5


class ChangeRequests:
    """The change requests of one instance."""

    def __init__(self, client: Client, settings: ServiceNowSettings) -> None:
        self._client = client
        self._settings = settings

    def find(self, deploy_run: str) -> tuple[Change, Mapping[str, str]] | None:
        """The change request of a deployment with its columns, None where there is none."""
        try:
            response = self._client.request("GET", _one(sys_id_of(deploy_run)), query={"sysparm_fields": _COLUMNS})
        except ApiError as error:
            if error.status == _NOT_FOUND:
                return None
            raise
        row = _row(response.body)
        tags = {row.get("u_external_tags"), row.get("correlation_id")}
        change = Change(
            sys_id=row.get("sys_id", ""),
            number=row.get("number", ""),
            state=row.get("state", ""),
            approval=row.get("approval", ""),
            on_hold=row.get("on_hold") != "false",
            is_ours=tags == {deploy_run} and row.get("sys_created_by") == self._settings.account,
        )
        if change.sys_id != sys_id_of(deploy_run):
            raise PortctlError("Not what ServiceNow answers", f"another record than {sys_id_of(deploy_run)}")
        return change, row

    def open(self, deploy_run: str, tested: Tested, described: str, columns: Mapping[str, str]) -> None:
        """Make the change request, with more columns than the settings say.

        Errors: PortctlError, also where an answer was lost: look whether it is there.
        """
        body = {
            "type": "normal",
            **{name: value for name, value in {**self._settings.columns, **columns}.items() if value},
            **({"requested_by": tested.account} if tested.account else {}),
            "sys_id": sys_id_of(deploy_run),
            "correlation_id": deploy_run,
            "correlation_display": "Port",
            "u_external_tags": deploy_run,
            "assignment_group": self._group(),
            "short_description": f"Deploy {tested.service} to {tested.environment}",
            "description": described,
        }
        self._client.request("POST", _CHANGES, query={"sysparm_fields": "sys_id"}, body=body)

    def move(self, change: Change, state: str, **columns: str) -> None:
        """Errors: PortctlError, also where the server takes it and the state stays."""
        body = {"state": state, **columns}
        response = self._client.request(
            "PATCH", _one(change.sys_id), query={"sysparm_fields": "state"}, body=body, repeatable=True
        )
        now = _row(response.body).get("state", "")
        if now != state:
            raise PortctlError("Change request did not move", f"{change.number} is in state {now}, not {state}")

    def close(self, change: Change, ended: Ended) -> None:
        """Through Review to Closed, from wherever it stands; one that was canceled stays so. Errors: PortctlError."""
        code = "successful" if ended.success else "unsuccessful"
        if change.state == State.CANCELED:
            return
        path = [State.IMPLEMENT, State.REVIEW, State.CLOSED]
        for state in path[path.index(change.state) + 1 if change.state in path else 0 :]:
            more = {"close_code": code, "close_notes": ended.text} if state == State.CLOSED else {}
            self.move(change, state, **more)

    def note(self, change: Change, text: str) -> None:
        self._client.request(
            "PATCH", _one(change.sys_id), query={"sysparm_fields": "number"}, body={"work_notes": text}
        )

    def approvals(self, change: Change) -> Sequence[Mapping[str, str]]:
        """The rows of its approvers: `state`, `approver` (sys_id), `user`, `email`, `name`, and the `group` asked.

        Empty is what may not be seen.
        """
        query = {
            "sysparm_query": f"sysapproval={plain(change.sys_id)}",
            "sysparm_fields": (
                "state,sysapproval,approver,approver.user_name,approver.email,approver.name,group.assignment_group.name"
            ),
            "sysparm_limit": str(_MOST_ROWS),
        }
        rows = _rows(self._client.request("GET", f"{_TABLE}/sysapproval_approver", query=query).body)
        # What a server makes of a query that it does not take is a list of everything.
        rows = [row for row in rows if _reference(row, "sysapproval") == change.sys_id]
        return [
            {
                "state": _text(row, "state"),
                "approver": _reference(row, "approver"),
                "user": _text(row, "approver.user_name"),
                "email": _text(row, "approver.email"),
                "name": _text(row, "approver.name"),
                "group": _text(row, "group.assignment_group.name"),
            }
            for row in rows
        ]

    def _group(self) -> str:
        """Errors: PortctlError where there is no such group, or several."""
        name = self._settings.assignment_group
        query = {"sysparm_query": f"name={plain(name)}", "sysparm_limit": "10", "sysparm_fields": "sys_id,name"}
        rows = _rows(self._client.request("GET", f"{_TABLE}/sys_user_group", query=query).body)
        found = [_text(row, "sys_id") for row in rows if _text(row, "name") == name]
        if len(found) != 1:
            raise PortctlError("Assignment group not found", f"ServiceNow has {len(found)} groups named {name!r}")
        return found[0]

    def user_of(self, email: str) -> str:
        """The user of an address, where ServiceNow has exactly one; else nothing."""
        try:
            wanted = f"email={plain(email)}"
        except InvalidInput:
            return ""
        query = {"sysparm_query": wanted, "sysparm_limit": "10", "sysparm_fields": "sys_id,email"}
        rows = _rows(self._client.request("GET", f"{_TABLE}/sys_user", query=query).body)
        found = [_text(row, "sys_id") for row in rows if _text(row, "email").casefold() == email.casefold()]
        return found[0] if len(found) == 1 else ""


def sys_id_of(deploy_run: str) -> str:
    """32 hexadecimal digits, as ServiceNow makes them. A name for a record, not a secret."""
    return hashlib.md5(deploy_run.encode(), usedforsecurity=False).hexdigest()


def awaited(rows: Sequence[Mapping[str, str]]) -> tuple[str, ...]:
    """Who has been asked and has not answered; a few, by name."""
    names = [row["name"] or row["user"] for row in rows if row["state"] == "requested"]
    return (*names[:_MOST_NAMED], *(["others"] if len(names) > _MOST_NAMED else []))


def _one(sys_id: str) -> str:
    return f"{_CHANGES}/{quote(sys_id, safe='')}"


def _row(body: Value) -> Mapping[str, str]:
    row = get(body, ("result",))
    if not isinstance(row, Mapping):
        raise PortctlError("Not what ServiceNow answers", "an answer without a record")
    return {str(name): value for name, value in row.items() if isinstance(value, str)}


def _rows(body: Value) -> Sequence[Any]:
    rows = get(body, ("result",))
    if not isinstance(rows, tuple):
        raise PortctlError("Not what ServiceNow answers", "an answer without records")
    return rows


def _reference(row: Any, name: str) -> str:
    """The record that a column refers to: a text, or an object with a link to it."""
    value = row.get(name) if isinstance(row, Mapping) else None
    return _text(value, "value") if isinstance(value, Mapping) else _text(row, name)


def _text(row: Any, name: str) -> str:
    value = row.get(name) if isinstance(row, Mapping) else None
    return value if isinstance(value, str) else ""
