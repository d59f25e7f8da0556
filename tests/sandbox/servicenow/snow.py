"""Short ways to talk to the emulated instance in tests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from portctl.sandbox.server import Sandbox
from tests.servers import servicenow_client

TABLE = "/api/now/table"
CHANGE = "/api/sn_chg_rest/change"
PLATFORM = "Platform Engineering"
Json = Any


class Snow:
    """Clients of one instance, by credential."""

    def __init__(self, sandbox: Sandbox, stack: ExitStack) -> None:
        self.sandbox = sandbox
        self._stack = stack
        self._clients: dict[str, httpx.Client] = {}

    def client(self, credential: str) -> httpx.Client:
        if credential not in self._clients:
            self._clients[credential] = self._stack.enter_context(servicenow_client(self.sandbox, credential))
        return self._clients[credential]

    def ask(
        self,
        method: str,
        path: str,
        body: Json = None,
        *,
        by: str = "admin",
        status: int | None = None,
        **parameters: Any,
    ) -> Json:
        """The `result` of an answer that is as expected (`status` None: any 2xx)."""
        response = self.client(by).request(method, path, json=body, params=_params(parameters) or None)
        assert response.status_code == status if status else response.is_success, (response.status_code, response.text)
        return response.json()["result"] if response.content else None

    def refused(self, method: str, path: str, body: Json = None, *, by: str, status: int) -> tuple[str, str | None]:
        """Message and detail of a refusal."""
        response = self.client(by).request(method, path, json=body)
        assert response.status_code == status, (response.status_code, response.text)
        document = response.json()
        assert document["status"] == "failure"
        return document["error"]["message"], document["error"]["detail"]

    def create(self, table: str, by: str = "admin", **values: Json) -> dict[str, Any]:
        row: dict[str, Any] = self.ask("POST", f"{TABLE}/{table}", values, by=by, status=201, **PLAIN)
        return row

    def patch(self, table: str, sys_id: str, by: str = "admin", **values: Json) -> dict[str, Any]:
        row: dict[str, Any] = self.ask("PATCH", f"{TABLE}/{table}/{sys_id}", values, by=by, status=200, **PLAIN)
        return row

    def read(self, table: str, sys_id: str, by: str = "admin") -> dict[str, Any]:
        row: dict[str, Any] = self.ask("GET", f"{TABLE}/{table}/{sys_id}", by=by, **PLAIN)
        return row

    def find(self, table: str, query: str = "", by: str = "admin", **parameters: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self.ask(
            "GET", f"{TABLE}/{table}", by=by, **{"sysparm_query": query, **PLAIN, **parameters}
        )
        return rows

    def id_of(self, table: str, **key: str) -> str:
        (row,) = self.find(table, "^".join(f"{name}={value}" for name, value in key.items()))
        return str(row["sys_id"])

    def settle(self) -> int:
        return self.sandbox.settle()

    # ---- changes ----

    def change(self, by: str = "gate", kind: str = "normal", **values: Json) -> str:
        """The sys_id of a new change of low risk that has its assignment group."""
        group = self.id_of("sys_user_group", name=PLATFORM)
        body = {"short_description": "Deploy", "assignment_group": group, "risk": 4, **values}
        created = self.ask("POST", f"{CHANGE}/{kind}", body, by=by, status=200)
        return str(created["sys_id"]["value"])

    def asked(self, **values: Json) -> str:
        """A change that waits for its approvers."""
        change = self.change(**values)
        self.settle()
        self.move(change, -4)
        self.settle()
        return change

    def approved(self) -> str:
        change = self.asked()
        self.decide(change)
        self.settle()
        return change

    def move(self, change: str, state: int, by: str = "gate", **values: Json) -> dict[str, Any]:
        return self.patch("change_request", change, by=by, state=state, **values)

    def decide(self, change: str, decision: str = "approved", by: str = "approvals", **values: Json) -> Json:
        return self.ask("PATCH", f"{CHANGE}/{change}/approvals", {"state": decision, **values}, by=by, status=200)

    def state_of(self, change: str) -> tuple[str, str]:
        """State and approval."""
        row = self.read("change_request", change)
        return row["state"], row["approval"]

    def approvers(self, change: str) -> dict[str, str]:
        """Decision by user name."""
        fields = "approver.user_name,state"
        rows = self.find("sysapproval_approver", f"sysapproval={change}", sysparm_fields=fields)
        return {row["approver.user_name"]: row["state"] for row in rows}


PLAIN: Mapping[str, Any] = {"sysparm_exclude_reference_link": "true"}


@contextmanager
def clients(sandbox: Sandbox) -> Iterator[Snow]:
    with ExitStack() as stack:
        yield Snow(sandbox, stack)


def _params(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in parameters.items()}
