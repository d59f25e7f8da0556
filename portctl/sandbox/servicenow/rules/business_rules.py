"""Business rules: which apply to a change, when, and what comes of them."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import aborted
from portctl.sandbox.servicenow.jobs import Jobs, Work
from portctl.sandbox.servicenow.rules.engine import Engine
from portctl.sandbox.servicenow.rules.script import Script
from portctl.sandbox.servicenow.store.change import Change, Operation
from portctl.sandbox.servicenow.store.instance import SYSTEM_ACTOR, Actor, Instance
from portctl.sandbox.servicenow.store.people import actor_of
from portctl.sandbox.servicenow.store.query import Matcher, parse_query
from portctl.sandbox.servicenow.store.records import Records

JOB = "business-rule"
_LATE_ORDER = 1000


class BusinessRules:
    """The rules of `sys_script`. Conditions are evaluated in the transaction; asynchronous scripts later."""

    def __init__(self, instance: Instance, jobs: Jobs, engine: Engine) -> None:
        self._instance = instance
        self._jobs = jobs
        self._engine = engine
        self.records: Records | None = None
        """Where `current.update()` goes; set once the records are there."""
        jobs.register(JOB, Work(self._run_later, lambda payload: str(payload["rule_name"]), outside=True))

    def before(self, change: Change, *, late: bool) -> None:
        """Errors: 403 where a rule aborts, or its script fails."""
        for rule in self._applicable(change, "before"):
            if (_order(rule) >= _LATE_ORDER) is not late or not self._condition_holds(rule, change):
                continue
            if rule["abort_action"] == "true":
                raise aborted(change.table, rule["name"], rule["sys_id"])
            if rule["advanced"] != "true" or not rule["script"]:
                continue
            script = self._script(rule, change.actor)
            outcome = script.run(self._engine, rule["script"], change, mode="script")
            if script.is_aborted or outcome.error is not None:
                raise aborted(change.table, rule["name"], rule["sys_id"])
            change.row.update(script.values)

    def after(self, change: Change) -> None:
        for when in ("after", "async"):
            for rule in self._applicable(change, when):
                if rule["advanced"] != "true" or not rule["script"] or not self._condition_holds(rule, change):
                    continue
                if when == "async":
                    self._enqueue(rule, change)
                else:
                    self._script(rule, change.actor).run(self._engine, rule["script"], change, mode="script")

    def _applicable(self, change: Change, when: str) -> list[Row]:
        tables = self._instance.schema.lineage(change.table)
        rules = (row for row in self._instance.rows("sys_script") if row["collection"] in tables)
        return sorted(
            (
                row
                for row in rules
                if row["active"] == "true"
                and row["when"] == when
                and row[f"action_{change.operation}"] == "true"
                and self._filter_matches(row, change)
                and _has_role(self._instance, row, change.actor)
            ),
            key=_order,
        )

    def _filter_matches(self, rule: Row, change: Change) -> bool:
        """An invalid term of the filter is dropped here too: the rule then applies to more."""
        if not rule["filter_condition"]:
            return True
        matcher = Matcher(self._instance, change.actor, change.table)
        return matcher.matches(parse_query(rule["filter_condition"], matcher.known), change.row, change.before)

    def _condition_holds(self, rule: Row, change: Change) -> bool:
        """A condition that fails does not hold."""
        if rule["advanced"] != "true" or not rule["condition"]:
            return True
        script = self._script(rule, change.actor)
        return script.run(self._engine, rule["condition"], change, mode="condition").value is True

    def _script(self, rule: Row, actor: Actor) -> Script:
        return Script(self._instance, actor, rule["name"], rule["when"])

    def _enqueue(self, rule: Row, change: Change) -> None:
        payload = {
            "rule": rule["sys_id"],
            "rule_name": rule["name"],
            "table": change.table,
            "record": change.row["sys_id"],
            "deleted": change.row if change.operation is Operation.DELETE else None,
            "operation": str(change.operation),
            "user": change.actor.sys_id,
        }
        self._jobs.add(JOB, self._instance.world.lag_seconds, payload)

    def _run_later(self, payload: Row) -> None:
        """Run a script on the record as it is by now."""
        with self._instance.world.lock:
            rule = self._instance.get("sys_script", payload["rule"])
            row = payload["deleted"] or self._instance.get(payload["table"], payload["record"])
            if rule is None or row is None or rule["active"] != "true":
                return
            user = self._instance.get("sys_user", payload["user"])
            actor = actor_of(user, self._instance.state) if user else SYSTEM_ACTOR
            operation = Operation(payload["operation"])
        script = self._script(rule, actor)
        change = Change(self._instance, actor, operation, payload["table"], row)
        script.run(self._engine, rule["script"], change, mode="script")
        if script.wants_update and script.values and self.records is not None:
            with self._instance.world.lock:
                self.records.system_update(row, **script.values)


def _order(rule: Row) -> int:
    return int(rule["order"] or 100)


def _has_role(instance: Instance, rule: Row, actor: Actor) -> bool:
    if not rule["role_conditions"]:
        return True
    wanted = (instance.get("sys_user_role", sys_id) for sys_id in rule["role_conditions"].split(","))
    return actor.has(*(role["name"] for role in wanted if role is not None))
