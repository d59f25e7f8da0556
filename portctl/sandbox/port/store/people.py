"""Users and teams, which are also entities of `_user` and `_team`."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.port.credentials import Credential
from portctl.sandbox.port.errors import not_found, taken
from portctl.sandbox.port.store import entities
from portctl.sandbox.port.store.organisation import Organisation

STANDARD, SERVICE_ACCOUNT = "STANDARD", "SERVICE_ACCOUNT"
_TYPES = {STANDARD: "Standard", SERVICE_ACCOUNT: "Service Account"}


def find_team(organisation: Organisation, name: str) -> Row:
    """Errors: 404."""
    row = organisation.state.get("teams", name)
    if row is None:
        raise not_found("Team", name)
    return row


def create_team(organisation: Organisation, body: Row, by: str) -> Row:
    if organisation.state.get("teams", body["name"]) is not None:
        raise taken("Team", body["name"])
    own: Row = {"id": organisation.world.ids.token(24), "provider": "port", "users": []}
    return _put_team(organisation, None, {**own, **_known(body)}, by)


def change_team(organisation: Organisation, name: str, body: Row, by: str, *, whole: bool) -> Row:
    """`whole`: what the body leaves out is cleared."""
    before = find_team(organisation, name)
    kept = {name: value for name, value in before.items() if not whole or name != "description"}
    cleared: Row = {"users": []} if whole else {}
    row = {**kept, **cleared, **_known(body)}
    if row["name"] != name:
        if organisation.state.get("teams", row["name"]) is not None:
            raise taken("Team", row["name"])
        _drop(organisation, "teams", "_team", name)
    return _put_team(organisation, before, row, by)


def delete_team(organisation: Organisation, name: str, by: str) -> None:
    before = find_team(organisation, name)
    _drop(organisation, "teams", "_team", name)
    organisation.audit("team", name, by, before=before, after=None)


def written_team(row: Row) -> Row:
    """The team as writes answer it: its users as addresses."""
    return {name: value for name, value in row.items() if name not in ("createdBy", "updatedBy")}


def shown_team(organisation: Organisation, row: Row) -> Row:
    """The team as it is read: its users as objects."""
    users = [organisation.state.get("users", email) or {"email": email} for email in row["users"]]
    names = ("email", "firstName", "lastName", "picture", "status")
    return {**written_team(row), "users": [{name: user[name] for name in names if name in user} for user in users]}


def find_user(organisation: Organisation, email: str) -> Row:
    """Errors: 404."""
    row = organisation.state.get("users", email)
    if row is None:
        raise not_found("User", email)
    return row


def is_admin(organisation: Organisation, caller: Credential) -> bool:
    """Whether a caller has the role of an administrator."""
    if caller.email is None:
        return caller.is_admin
    return "Admin" in find_user(organisation, caller.email)["roles"]


def invite(organisation: Organisation, invitee: Row, by: str) -> Row:
    email = invitee["email"]
    if organisation.state.get("users", email) is not None:
        raise taken("User", email)
    row = {
        "id": organisation.world.ids.prefixed("auth0"),
        "email": email,
        "firstName": "",
        "lastName": "",
        "picture": "",
        "status": "INVITED",
        "type": STANDARD,
        "providers": [],
        "roles": invitee.get("roles", ["Member"]),
        "teams": invitee.get("teams", []),
    }
    return put_user(organisation, None, row, by)


def change_user(organisation: Organisation, email: str, body: Row, by: str) -> Row:
    before = find_user(organisation, email)
    return put_user(organisation, before, {**before, **body}, by)


def delete_user(organisation: Organisation, email: str, by: str) -> None:
    before = find_user(organisation, email)
    _drop(organisation, "users", "_user", email)
    organisation.audit("user", email, by, before=before, after=None)


def put_user(organisation: Organisation, before: Row | None, row: Row, by: str) -> Row:
    """Store a user and its entity."""
    row = organisation.stamped(row, by, before)
    organisation.state.put("users", row["email"], row)
    status = {"ACTIVE": "Active", "INVITED": "Invited"}.get(row["status"], "Disabled")
    role = row["roles"][0] if row["roles"] else "Member"
    properties = {"status": status, "port_role": role, "port_type": _TYPES[row["type"]]}
    _put_entity(organisation, "_user", row["email"], row["email"], properties, by)
    organisation.audit("user", row["email"], by, before=before, after=row)
    return row


def shown_user(row: Row) -> Row:
    """The user as it is read: roles as objects, teams as names."""
    shown = {name: value for name, value in row.items() if name not in ("createdBy", "updatedBy")}
    return {**shown, "roles": [{"name": name} for name in row["roles"]]}


def _put_team(organisation: Organisation, before: Row | None, row: Row, by: str) -> Row:
    row = organisation.stamped(row, by, before)
    organisation.state.put("teams", row["name"], row)
    properties = {"description": row.get("description"), "size": len(row["users"])}
    _put_entity(organisation, "_team", row["name"], row["name"], properties, by)
    organisation.audit("team", row["name"], by, before=before, after=row)
    return row


def _put_entity(
    organisation: Organisation, blueprint: str, identifier: str, title: str, properties: Row, by: str
) -> None:
    table = entities.table(blueprint)
    before = organisation.state.get(table, identifier)
    old = before or entities.minimal(blueprint, identifier)
    entity = {**old, "title": title, "properties": {**old["properties"], **properties}}
    organisation.state.put(table, identifier, organisation.stamped(entity, by, before))


def _drop(organisation: Organisation, table: str, blueprint: str, key: str) -> None:
    organisation.state.drop(table, key)
    organisation.state.drop(entities.table(blueprint), key)


def _known(body: Row) -> Row:
    return {name: body[name] for name in ("name", "users", "description") if name in body}
