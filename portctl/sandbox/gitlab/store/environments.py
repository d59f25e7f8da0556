"""Environments of projects. Source: GitLab docs, "Environments API"; GitLab, `Environments::CreateForJobService`."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.ci.environments import is_good_name, slug_of, tier_of
from portctl.sandbox.gitlab.ci.model import Environment
from portctl.sandbox.gitlab.errors import forbidden, invalid, not_found
from portctl.sandbox.gitlab.store.instance import Instance

TABLE = "environments"
STATES = ("available", "stopping", "stopped")
AUTO_STOP = ("always", "with_action")
_BRIEF = ("id", "name", "slug", "external_url", "created_at", "updated_at")
_BAD_NAME = (
    "can contain only letters, digits, '-', '_', '/', '$', '{', '}', '.', and spaces, but it cannot start or end "
    "with '/'"
)
_TAKEN = "has already been taken"


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows(TABLE).values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, environment_id: str) -> Row:
    row = tables.get(TABLE, environment_id)
    if row is None or row["project_id"] != project_id:
        raise not_found()
    return row


def by_name(tables: Reader, project_id: int, name: str) -> Row | None:
    return next((row for row in rows(tables, project_id) if row["name"] == name), None)


def create(instance: Instance, project_id: int, values: Row) -> Row:
    """Errors: 400 for a name or address that is taken or does not fit."""
    problems: dict[str, list[str]] = {}
    if not is_good_name(values["name"]):
        problems["name"] = [_BAD_NAME]
    if by_name(instance.state, project_id, values["name"]) is not None:
        problems |= {"name": [_TAKEN], "slug": [_TAKEN]}
    problems |= _address_problems(instance, project_id, values, None)
    if problems:
        raise invalid(**problems)
    return _made(instance, project_id, values)


def ensure(instance: Instance, project_id: int, wanted: Environment) -> Row | None:
    """The environment of a job, made if need be; None when it cannot have this name."""
    found = by_name(instance.state, project_id, wanted.name)
    if found is not None or not is_good_name(wanted.name):
        return found
    return _made(instance, project_id, {"name": wanted.name, "tier": wanted.tier})


def edit(instance: Instance, row: Row, values: Row) -> Row:
    """Errors: 400 for an address that is taken or none."""
    problems = _address_problems(instance, row["project_id"], values, row["id"])
    if problems:
        raise invalid(**problems)
    return change(instance, row, **values)


def change(instance: Instance, row: Row, **values: Any) -> Row:
    changed = {**row, **values, "updated_at": instance.now()}
    instance.state.put(TABLE, str(row["id"]), changed)
    return changed


def deployed(instance: Instance, row: Row, wanted: Environment, url: str | None) -> Row:
    """A job has deployed there: the environment is up, at the address and in the tier that the job's file gives."""
    tier, address = wanted.tier or row["tier"], url or row["external_url"]
    return change(instance, row, state="available", tier=tier, external_url=address)


def delete(instance: Instance, row: Row) -> None:
    """Errors: 403 unless it is stopped."""
    if row["state"] != "stopped":
        raise forbidden()
    instance.state.drop(TABLE, str(row["id"]))


def brief(row: Row) -> Row:
    """The form that stands in deployments."""
    return {name: row[name] for name in _BRIEF}


def shown(row: Row) -> Row:
    return {
        **brief(row),
        **{name: row[name] for name in ("tier", "state", "description", "auto_stop_at", "auto_stop_setting")},
        "cluster_agent": None,
        "kubernetes_namespace": None,
        "flux_resource_path": None,
    }


def _made(instance: Instance, project_id: int, values: Row) -> Row:
    environment_id = instance.next_id("environment")
    row: Row = {
        "id": environment_id,
        "project_id": project_id,
        "name": values["name"],
        "slug": slug_of(values["name"]),
        "external_url": values.get("external_url") or None,
        "tier": values.get("tier") or tier_of(values["name"]),
        "state": "available",
        "description": values.get("description"),
        "auto_stop_at": None,
        "auto_stop_setting": values.get("auto_stop_setting") or "always",
        "created_at": instance.now(),
        "updated_at": instance.now(),
    }
    instance.state.put(TABLE, str(environment_id), row)
    return row


def _address_problems(instance: Instance, project_id: int, values: Row, but: int | None) -> dict[str, list[str]]:
    address = values.get("external_url")
    if not address:
        return {}
    if not address.startswith(("http://", "https://")):
        return {"external_url": ["is blocked: Only allowed schemes are http, https"]}
    others = (row for row in rows(instance.state, project_id) if row["id"] != but)
    return {"external_url": [_TAKEN]} if any(row["external_url"] == address for row in others) else {}
