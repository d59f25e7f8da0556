"""Which path is answered by which handler."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.servicenow.context import Handler
from portctl.sandbox.servicenow.handlers import table

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


ROUTES: tuple[Route, ...] = (*_rows("/api/now"), *_rows("/api/now/{version}"))
EMULATED = ("/api/now/table", "/api/now/v1/table", "/api/now/v2/table", "/api/sn_chg_rest")
"""Below these an unknown path is one that the vendor does not know either."""
