"""Who the credentials belong to. Source: ServiceNow docs, "Filter queries", `gs.getUserID()`."""

from __future__ import annotations

import threading

from portctl.errors import AccessDenied
from portctl.providers.servicenow.tables import Row, Tables

_ME = "sys_id=javascript:gs.getUserID()"


class Account:
    """The user behind the credentials, asked for once. Safe to use from several threads."""

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._lock = threading.Lock()
        self._user: Row | None = None

    def user(self) -> Row:
        """`sys_id` and `user_name`. Errors: AccessDenied where the answer is not one user."""
        with self._lock:
            if self._user is None:
                rows, total = self._tables.glance("sys_user", ["user_name"], _ME, limit=2)
                if len(rows) != 1 or total != 1 or not rows[0].get("user_name"):
                    raise AccessDenied(
                        "Cannot tell who is signed in",
                        f"{len(rows)} users came for {_ME}, where one is the answer",
                        hint="This user must be able to read the own record in sys_user.",
                    )
                self._user = rows[0]
            return self._user
