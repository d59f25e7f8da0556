"""Which path is answered by which handler."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.servicenow.context import Call, Handler
from portctl.sandbox.servicenow.errors import not_emulated
from portctl.sandbox.servicenow.handlers import change, table

TOKEN = "/oauth_token.do"
REVOKE = "/oauth_revoke_token.do"


@dataclass(frozen=True, slots=True)
class Route:
    """One route; `roles`: the API itself is refused to users with none of them."""

    method: str
    template: str
    handler: Handler
    roles: tuple[str, ...] = ()


def _rows(prefix: str) -> tuple[Route, ...]:
    rows, row = f"{prefix}/table/{{table}}", f"{prefix}/table/{{table}}/{{sys_id}}"
    return (
        Route("GET", rows, table.list_rows),
        Route("POST", rows, table.create),
        Route("GET", row, table.read),
        Route("PATCH", row, table.update),
        Route("PUT", row, table.update),
        Route("DELETE", row, table.delete),
    )


_READERS = ("sn_change_read", "sn_change_write", "itil", "change_manager")
_WRITERS = ("sn_change_write", "itil", "change_manager")
_KINDS = ("normal", "standard", "emergency")


def _changes(prefix: str) -> tuple[Route, ...]:
    base = f"{prefix}/change"
    row = f"{base}/{{sys_id}}"
    typed = [
        route
        for kind in _KINDS
        for route in (
            Route("GET", f"{base}/{kind}", change.list_of(kind), _READERS),
            Route("GET", f"{base}/{kind}/{{sys_id}}", change.read_of(kind), _READERS),
            Route("PATCH", f"{base}/{kind}/{{sys_id}}", change.update_of(kind), _WRITERS),
            Route("DELETE", f"{base}/{kind}/{{sys_id}}", change.delete_of(kind), _WRITERS),
        )
    ]
    return (
        *typed,
        Route("GET", base, change.list_of(None), _READERS),
        Route("POST", base, change.create_of(None), _WRITERS),
        Route("POST", f"{base}/normal", change.create_of("normal"), _WRITERS),
        Route("POST", f"{base}/emergency", change.create_of("emergency"), _WRITERS),
        Route("POST", f"{base}/standard/{{template}}", change.create_from_template, _WRITERS),
        Route("GET", f"{base}/standard/template", change.templates, _READERS),
        Route("GET", f"{base}/standard/template/{{template}}", change.template, _READERS),
        Route("GET", f"{base}/model", change.models, _READERS),
        Route("GET", f"{base}/model/{{model}}", change.model, _READERS),
        Route("GET", row, change.read_of(None), _READERS),
        Route("PATCH", row, change.update_of(None), _WRITERS),
        Route("DELETE", row, change.delete_of(None), _WRITERS),
        Route("GET", f"{row}/nextstates", change.next_states, _READERS),
        Route("GET", f"{row}/nextstate", change.next_states, _READERS),
        Route("PATCH", f"{row}/approvals", change.decide),
        Route("GET", f"{row}/task", change.tasks, _READERS),
        Route("POST", f"{row}/task", change.create_task, _WRITERS),
        Route("PATCH", f"{row}/task/{{task}}", change.update_task, _WRITERS),
        *(Route(method, f"{base}/{rest}", _not_yet(rest)) for method, rest in _NOT_EMULATED),
    )


_NOT_EMULATED = (
    ("POST", "{sys_id}/conflict"),
    ("GET", "{sys_id}/conflict"),
    ("DELETE", "{sys_id}/conflict"),
    ("GET", "{sys_id}/schedule"),
    ("GET", "ci/{ci}/schedule"),
    ("PATCH", "{sys_id}/schedule/first_available"),
    ("GET", "worker/{worker}"),
    ("PATCH", "{sys_id}/risk"),
    ("PATCH", "standard/{sys_id}/risk"),
    ("GET", "{sys_id}/ci"),
    ("POST", "{sys_id}/ci"),
    ("DELETE", "{sys_id}/task/{task}"),
    ("POST", "{sys_id}/refresh_impacted_services"),
)
"""What the vendor's API has and this one does not."""


def _not_yet(what: str) -> Handler:
    def handler(_call: Call) -> Answer:
        raise not_emulated(f"change/{what}")

    return handler


ROUTES: tuple[Route, ...] = (
    *_rows("/api/now"),
    *_rows("/api/now/{version}"),
    *_changes("/api/sn_chg_rest"),
    *_changes("/api/sn_chg_rest/{version}"),
)
EMULATED = ("/api/now/table", "/api/now/v1/table", "/api/now/v2/table", "/api/sn_chg_rest")
"""Below these an unknown path is one that the vendor does not know either."""
