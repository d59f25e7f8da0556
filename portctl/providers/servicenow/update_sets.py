"""The update set that records what is written: the one that the environment names, chosen for our user.

Source: ServiceNow docs, "Update sets"; the choice is the user preference `sys_update_set`.
"""

from __future__ import annotations

import threading

from portctl.errors import AccessDenied
from portctl.providers.servicenow.keys import chosen_id
from portctl.providers.servicenow.tables import Row, Tables

_SETS = "sys_update_set"
_PREFERENCES = "sys_user_preference"
_OPEN = "in_progress"


class UpdateSet:
    """`name` "": whatever set the user has; an instance that wants a named one refuses writes then."""

    def __init__(self, tables: Tables, name: str) -> None:
        self._tables = tables
        self._name = name
        self._lock = threading.Lock()
        self._chosen = False

    @property
    def is_named(self) -> bool:
        return bool(self._name)

    def check(self) -> None:
        """Errors: AccessDenied where there is no such set, or it is closed. Writes nothing."""
        if self._name:
            self._row()

    def choose(self, user: str) -> None:
        """Make it the user's current one, once per run, and leave it so. `user` is a sys_id."""
        with self._lock:
            if not self._name or self._chosen:
                return
            wanted = self._row()["sys_id"]
            key = (user, _SETS)
            found = self._tables.matching(_PREFERENCES, ("user", "name"), [key], ["value"]).rows.get(key, ())
            if not found:
                values = {"sys_id": chosen_id(_PREFERENCES, *key), "user": user, "name": _SETS, "value": wanted}
                self._tables.insert(_PREFERENCES, values)
            for row in found:
                if row.get("value") != wanted:
                    self._tables.update(_PREFERENCES, row["sys_id"], {"value": wanted})
            self._chosen = True

    def _row(self) -> Row:
        rows = self._tables.matching(_SETS, ("name",), [(self._name,)], ["state"]).rows.get((self._name,), ())
        usable = [row for row in rows if row.get("state") == _OPEN]
        if len(usable) == 1:
            return usable[0]
        problem = f"{len(usable)} of that name are in progress" if usable else "none of that name is in progress"
        raise AccessDenied(
            "No such update set",
            f"updateSet: {self._name}: {problem}",
            hint="Make it in the instance (System Update Sets), or correct `updateSet` in the environment file.",
        )
