"""Who executes or approves, and whether the permissions of an action let them. Source: port.md 2.4, 5.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.context import Call
from portctl.sandbox.port.errors import PortError, not_emulated
from portctl.sandbox.port.store import people, permissions
from portctl.sandbox.port.store.organisation import Organisation

_PERSONAL = ("email", "firstName", "lastName", "picture", "providers", "status", "id", "createdAt", "updatedAt")


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or a machine, which has a role and no teams. `user`: the person as templates see it."""

    user_id: str
    roles: tuple[str, ...]
    teams: tuple[str, ...] = ()
    email: str | None = None
    user: Row | None = None


def caller_of(call: Call) -> Actor:
    if call.caller.email is not None:
        return person(call.organisation, call.caller.email)
    return Actor(call.caller.client_id, ("Admin",) if call.caller.is_admin else ("Member",))


def person(organisation: Organisation, email: str) -> Actor:
    """Errors: 404."""
    row = people.find_user(organisation, email)
    teams = {name for name, team in organisation.state.rows("teams").items() if email in team["users"]}
    shown = {**{name: row.get(name) for name in _PERSONAL}, "phoneNumber": row.get("phoneNumber", "")}
    return Actor(row["id"], tuple(row["roles"]), tuple(sorted({*teams, *row["teams"]})), email, shown)


def require_execution(organisation: Organisation, actor: Actor, action: Row, entity: Row | None) -> None:
    """Errors: 403 where none of roles, users, teams or ownership lets the actor execute."""
    granted = permissions.granted(organisation, action["identifier"])["execute"]
    if granted.get("policy") is not None:
        raise not_emulated("policies of action permissions")
    owners = (entity or {}).get("team") or []
    owns = bool(granted.get("ownedByTeam")) and bool(set(owners) & set(actor.teams))
    if not owns and not _listed(granted, actor):
        who = actor.email or actor.user_id
        raise PortError(403, "forbidden", f'{who} is not allowed to execute the action "{action["identifier"]}"')


def approvers(organisation: Organisation, action: str) -> list[Actor]:
    """The people who may approve runs of an action."""
    granted = permissions.granted(organisation, action)["approve"]
    if granted.get("policy") is not None:
        raise not_emulated("policies of action permissions")
    everybody = (person(organisation, email) for email in organisation.state.rows("users"))
    return [actor for actor in everybody if _listed(granted, actor)]


def may_approve(organisation: Organisation, actor: Actor, action: str) -> bool:
    granted = permissions.granted(organisation, action)["approve"]
    if granted.get("policy") is not None:
        raise not_emulated("policies of action permissions")
    return _listed(granted, actor)


def _listed(granted: Any, actor: Actor) -> bool:
    named = actor.email in granted.get("users", []) or actor.user_id in granted.get("users", [])
    by_role = set(granted.get("roles", [])) & set(actor.roles)
    return bool(named or by_role or set(granted.get("teams", [])) & set(actor.teams))
