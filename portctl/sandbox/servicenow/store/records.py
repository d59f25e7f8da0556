"""Insert, update, delete: before rules, what the product does itself, the database, after rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import denied, duplicate
from portctl.sandbox.servicenow.store import access
from portctl.sandbox.servicenow.store.change import Behaviour, Behaviours, Change, Operation, Rules
from portctl.sandbox.servicenow.store.instance import SYSTEM_ACTOR, Actor, Instance
from portctl.sandbox.servicenow.store.schema import JOURNALS
from portctl.sandbox.servicenow.store.update_sets import capture

_NONE = Behaviour()


@dataclass(frozen=True, slots=True)
class Records:
    """The records of an instance, with everything that happens around a write."""

    instance: Instance
    behaviours: Behaviours
    rules: Rules

    def insert(self, actor: Actor, table: str, values: Mapping[str, str]) -> Row:
        """Errors: 403 by access, rule, policy or unique column."""
        if not access.may_create(self.instance, actor, table, dict(values)):
            raise denied("Insert")
        row: Row = {"_table": table, "sys_id": values.get("sys_id") or self.instance.new_id()}
        for name, column in self.instance.columns(table).items():
            row.setdefault(name, column.default)
        row.update(values)
        now = self.instance.now()
        stamps = {"sys_created_on": now, "sys_created_by": actor.user_name, "sys_mod_count": "0"}
        row.update(stamps, sys_updated_on=now, sys_updated_by=actor.user_name)
        if "sys_class_name" in row:
            row["sys_class_name"] = table
        return self._write(Change(self.instance, actor, Operation.INSERT, table, row, sent=dict(values)))

    def update(self, actor: Actor, row: Row, values: Mapping[str, str], *, stamp: bool = True) -> Row:
        """`stamp` False: the record's `sys_updated_*` stay. Errors: as for insert."""
        if not access.may_update(self.instance, actor, row):
            raise denied("Update")
        change = Change(
            self.instance, actor, Operation.UPDATE, str(row["_table"]), {**row, **values}, row, dict(values)
        )
        if stamp:
            change.row["sys_updated_on"] = self.instance.now()
            change.row["sys_updated_by"] = actor.user_name
            change.row["sys_mod_count"] = str(int(row.get("sys_mod_count") or 0) + 1)
        return self._write(change)

    def system_insert(self, table: str, values: Mapping[str, str]) -> Row:
        """A record made by the product itself."""
        return self.insert(SYSTEM_ACTOR, table, values)

    def system_update(self, row: Row, **values: str) -> Row:
        """A change by the product itself."""
        return self.update(SYSTEM_ACTOR, row, values)

    def delete(self, actor: Actor, row: Row) -> None:
        if not access.may_delete(self.instance, actor, row):
            raise denied("Delete")
        change = Change(self.instance, actor, Operation.DELETE, str(row["_table"]), row, row)
        self.rules.before(change, late=False)
        self._behaviour(change.table).prepare(change)
        self.rules.before(change, late=True)
        capture(change)
        self.instance.drop(row)
        self._behaviour(change.table).follow(change)
        self.rules.after(change)

    def _write(self, change: Change) -> Row:
        behaviour = self._behaviour(change.table)
        self.rules.before(change, late=False)
        behaviour.prepare(change)
        self.rules.before(change, late=True)
        self._unique(change)
        capture(change)
        self._journals(change)
        self.instance.put(change.row)
        behaviour.follow(change)
        self.rules.after(change)
        return self.instance.get(change.table, change.row["sys_id"]) or change.row

    def _behaviour(self, table: str) -> Behaviour:
        lineage = self.instance.schema.lineage(table)
        return next((self.behaviours[name] for name in lineage if name in self.behaviours), _NONE)

    def _unique(self, change: Change) -> None:
        if change.operation is Operation.INSERT and self.instance.get(change.table, change.row["sys_id"]) is not None:
            raise duplicate(change.table, "sys_id")
        for name, column in self.instance.columns(change.table).items():
            value = change.value(name)
            if column.unique and value and change.changed(name) and self.instance.where(column.table, **{name: value}):
                raise duplicate(change.table, name)

    def _journals(self, change: Change) -> None:
        """Move what was written into journal columns to where the entries are kept."""
        for name, column in self.instance.columns(change.table).items():
            text = change.value(name)
            if column.type not in JOURNALS or not text:
                continue
            change.row[name] = ""
            entry = {"name": change.table, "element": name, "element_id": change.row["sys_id"], "value": text}
            stamps = {"sys_created_on": self.instance.now(), "sys_created_by": change.actor.user_name}
            self.instance.put({"_table": "sys_journal_field", "sys_id": self.instance.new_id(), **entry, **stamps})
