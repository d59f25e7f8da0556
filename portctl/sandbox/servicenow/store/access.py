"""Who may read and write what: roles by table, rows that are one's own, columns with a guard."""

from __future__ import annotations

from dataclasses import dataclass

from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.store.instance import Actor, Instance

ANYBODY = "*"
ANY_ROLE = "+"
NOBODY = "-"
"""Not even an administrator: the table is kept by the product itself, or needs an elevated session."""

_CHANGE_READERS = ("sn_change_read", "sn_change_write", "itil", "change_manager")
_CHANGE_WRITERS = ("sn_change_write", "itil", "change_manager")


@dataclass(frozen=True, slots=True)
class Access:
    """Any of the roles; `delete` None: as for writing."""

    read: tuple[str, ...]
    write: tuple[str, ...]
    delete: tuple[str, ...] | None = None


def _kept_by(*roles: str) -> Access:
    return Access(roles, roles)


_TABLES = {
    "sys_metadata": Access((), ()),
    "sys_db_object": Access((ANY_ROLE,), ()),
    "sys_dictionary": _kept_by("personalize_dictionary"),
    "sys_documentation": Access((ANY_ROLE,), ()),
    "sys_choice": Access((ANYBODY,), ("personalize_choices",)),
    "sys_script": _kept_by("business_rule_admin"),
    "sys_rest_message": _kept_by("web_service_admin"),
    "sys_rest_message_fn": _kept_by("web_service_admin"),
    "sys_rest_message_headers": _kept_by("web_service_admin"),
    "sys_rest_message_fn_headers": _kept_by("web_service_admin"),
    "sys_properties": Access((), ()),
    "sys_scope": Access((ANY_ROLE,), (NOBODY,)),
    "sys_user": Access((ANY_ROLE,), ("user_admin",)),
    "sys_user_group": Access((ANY_ROLE,), ("user_admin",)),
    "sys_user_grmember": Access((ANY_ROLE,), ("user_admin",)),
    "sys_user_role": Access((ANY_ROLE,), ()),
    "sys_user_role_contains": Access((ANY_ROLE,), ()),
    "sys_user_has_role": _kept_by("user_admin"),
    "sys_group_has_role": Access(("user_admin",), ()),
    "sys_user_preference": Access((), ()),
    "sys_update_set": Access((ANY_ROLE,), ()),
    "sys_update_xml": Access((ANY_ROLE,), (NOBODY,)),
    "oauth_entity": _kept_by("oauth_admin"),
    "oauth_entity_profile": _kept_by("oauth_admin"),
    "sys_rate_limit_rules": Access((), ()),
    "sys_security_acl": Access((), (NOBODY,)),
    "syslog": Access((), (NOBODY,)),
    "sys_journal_field": Access(_CHANGE_READERS, (NOBODY,)),
    "task": Access(("itil",), ("itil",), ()),
    "change_request": Access(_CHANGE_READERS, _CHANGE_WRITERS, ("change_manager",)),
    "change_task": Access(_CHANGE_READERS, _CHANGE_WRITERS, ("change_manager",)),
    "incident": Access(("itil",), ("itil",), ()),
    "sysapproval_approver": Access(("itil", "approval_admin"), ("approval_admin",), ()),
    "sysapproval_group": Access(("itil", "approval_admin"), ("approval_admin",), ()),
    "chg_model": Access((ANY_ROLE,), (NOBODY,)),
    "std_change_record_producer": Access((ANY_ROLE,), (NOBODY,)),
    "std_change_producer_version": Access((ANY_ROLE,), (NOBODY,)),
    "cmn_schedule": Access((ANY_ROLE,), (NOBODY,)),
    "cmdb_ci": Access((ANY_ROLE,), ("itil",), ()),
}
_OWN_COLUMNS = {
    "change_request": ("requested_by", "opened_by", "assigned_to"),
    "sysapproval_approver": ("approver",),
    "sys_user": ("sys_id",),
    "sys_user_preference": ("user",),
}
"""A row is also readable by the user whom one of these columns names."""

_OWN_WRITES = {"sysapproval_approver": ("approver",), "sys_user_preference": ("user",)}

_GUARDED = {
    "change_request.cab_recommendation": ("change_manager",),
    "change_request.unauthorized": ("change_manager",),
    "sysapproval_approver.approver": ("approval_admin",),
    "sysapproval_approver.sysapproval": ("approval_admin",),
    "sysapproval_approver.document_id": ("approval_admin",),
}
"""Columns that only these roles (and administrators) write."""

_PROTECTED = ("protected", "read")
"""Values of sys_policy under which a record is not to be changed."""


def may_read_table(instance: Instance, actor: Actor, table: str) -> bool:
    return _allowed(actor, _access(instance, table).read)


def may_read(instance: Instance, actor: Actor, row: Row) -> bool:
    """Whether the row is there for the actor at all."""
    table = str(row["_table"])
    return may_read_table(instance, actor, table) or _is_own(row, _OWN_COLUMNS.get(table, ()), actor)


def may_create(instance: Instance, actor: Actor, table: str, values: Row) -> bool:
    if _is_own(values, _OWN_WRITES.get(table, ()), actor) and table == "sys_user_preference":
        return True
    return _allowed(actor, _access(instance, table).write)


def may_update(instance: Instance, actor: Actor, row: Row) -> bool:
    table = str(row["_table"])
    if row.get("sys_policy") in _PROTECTED:
        return False
    return _is_own(row, _OWN_WRITES.get(table, ()), actor) or _allowed(actor, _access(instance, table).write)


def may_delete(instance: Instance, actor: Actor, row: Row) -> bool:
    access = _access(instance, str(row["_table"]))
    if row.get("sys_policy") in _PROTECTED:
        return False
    return _allowed(actor, access.write if access.delete is None else access.delete)


def may_write_column(instance: Instance, actor: Actor, table: str, element: str) -> bool:
    for name in instance.schema.lineage(table):
        guard = _GUARDED.get(f"{name}.{element}")
        if guard is not None:
            return actor.has(*guard)
    return True


def _access(instance: Instance, table: str) -> Access:
    """The nearest rule; a table without one is the administrators'."""
    return next((_TABLES[name] for name in instance.schema.lineage(table) if name in _TABLES), Access((), ()))


def _allowed(actor: Actor, roles: tuple[str, ...]) -> bool:
    if NOBODY in roles:
        return "maint" in actor.roles
    if ANYBODY in roles or (ANY_ROLE in roles and actor.roles):
        return True
    return actor.has(*roles)


def _is_own(row: Row, columns: tuple[str, ...], actor: Actor) -> bool:
    return bool(actor.sys_id) and any(row.get(name) == actor.sys_id for name in columns)
