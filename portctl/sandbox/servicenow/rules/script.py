"""A business rule's script and what it finds around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.rules import outbound
from portctl.sandbox.servicenow.rules.engine import Engine, Outcome, ScriptFault
from portctl.sandbox.servicenow.store.change import Change, Operation
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.values import View

SOURCE = "business rule"


@dataclass(slots=True)
class Script:
    """One run. `values`, `is_aborted` and `wants_update` are what the script did to `current`."""

    instance: Instance
    actor: Actor
    rule: str
    phase: str
    values: Row = field(default_factory=dict)
    is_aborted: bool = False
    wants_update: bool = False

    def run(self, engine: Engine, source: str, change: Change, *, mode: str) -> Outcome:
        """`mode`: "condition" or "script". Asynchronous scripts are run without the world's lock."""
        is_late = self.phase == "async" and mode == "script"
        with self.instance.world.lock:
            before = None if is_late else change.before
            given = {
                "mode": mode,
                "phase": self.phase,
                "operation": str(change.operation),
                "now": self.instance.now(),
                "user": {
                    "sys_id": self.actor.sys_id,
                    "user_name": self.actor.user_name,
                    "roles": sorted(self.actor.roles),
                },
                "current": self._record(change, change.row, before, knows_before=not is_late),
                "previous": None if before is None else self._record(change, before, None, knows_before=False),
            }
        outcome = engine.run(source, given, self.answer)
        if outcome.error is not None:
            place = f" (line {outcome.line})" if outcome.line else ""
            self._log("error", f"Business rule '{self.rule}', {mode}: {outcome.error}{place}")
        return outcome

    def answer(self, name: str, arguments: list[Any]) -> Any:
        """What the script asks for. Errors: ScriptFault, thrown inside the script."""
        if name == "send":
            return self._send(arguments[0])
        if name == "abort":
            self.is_aborted = bool(arguments[0])
        elif name == "update":
            self.wants_update = True
        elif name == "set":
            self.values[arguments[0]] = arguments[1]
        elif name == "log":
            self._log(arguments[0], arguments[1])
        elif name == "message":
            with self.instance.world.lock:
                outbound.check_message(self.instance, *arguments)
        elif name == "property":
            with self.instance.world.lock:
                return self.instance.setting(arguments[0], "") or None
        elif name == "walk":
            with self.instance.world.lock:
                return self._walk(*arguments)
        return None

    def _send(self, spec: dict[str, Any]) -> dict[str, Any]:
        if self.phase != "async":
            raise ScriptFault("not emulated by the sandbox: a request from within the transaction; use an async rule")
        with self.instance.world.lock:
            outgoing = outbound.prepare(self.instance, spec)
        return outbound.send(self.instance.world, outgoing)

    def _walk(self, table: str, sys_id: str, name: str) -> dict[str, Any] | None:
        row = self.instance.get(table, sys_id)
        column = self.instance.columns(str(row["_table"])).get(name) if row else None
        return None if row is None or column is None else self._fields(row)[name]

    def _record(self, change: Change, row: Row, before: Row | None, *, knows_before: bool) -> dict[str, Any]:
        fields = self._fields(row)
        if knows_before and change.operation is not Operation.DELETE:
            for name, each in fields.items():
                each["old"] = "" if before is None else str(before.get(name, ""))
        display = self.instance.schema.display_column(change.table)
        shown = fields[display]["display"] if display else ""
        return {"table": change.table, "sys_id": str(row["sys_id"]), "display": shown, "fields": fields}

    def _fields(self, row: Row) -> dict[str, dict[str, Any]]:
        table = str(row["_table"])
        view = View(self.instance, self.actor)
        found: dict[str, dict[str, Any]] = {}
        for name, column in self.instance.columns(table).items():
            text = view.stored(row, column)
            label = view.label(table, column, text)
            reference = column.reference if column.is_reference else ""
            found[name] = {"value": text, "display": label, "type": column.type, "reference": reference}
        return found

    def _log(self, level: str, message: str) -> None:
        with self.instance.world.lock:
            self.instance.log(level, SOURCE, message)
