"""Users and their access tokens. Source: GitLab docs, "Personal access tokens API", "Users API"."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import GitLabError, invalid, not_found, refused, unauthorized
from portctl.sandbox.gitlab.store.instance import Instance

_LONGEST_LIFE_DAYS = 365
EXPIRED = "Token is expired. You can either do re-authorization or token refresh."
REVOKED = "Token was revoked. You have to re-authorize from the user."


def find(instance: Instance, user_id: int) -> Row:
    row = instance.state.get("users", str(user_id))
    if row is None:
        raise not_found("User")
    return row


def by_username(instance: Instance, username: str) -> Row | None:
    return next(iter(instance.select("users", lambda row: row["username"].lower() == username.lower())), None)


def create(instance: Instance, *, username: str, name: str, is_admin: bool = False, bot: bool = False) -> Row:
    """A user with a namespace of their own."""
    user_id, namespace_id = instance.next_id("user"), instance.next_id("namespace")
    row: Row = {
        "id": user_id,
        "username": username,
        "name": name,
        "state": "active",
        "email": f"{username}@example.com",
        "is_admin": is_admin,
        "bot": bot,
        "namespace_id": namespace_id,
        "created_at": instance.now(),
    }
    instance.state.put("users", str(user_id), row)
    namespace = {
        "id": namespace_id,
        "kind": "user",
        "name": name,
        "path": username,
        "full_path": username,
        "parent_id": None,
        "owner_id": user_id,
        "visibility": "public",
    }
    instance.state.put("namespaces", str(namespace_id), namespace)
    return row


def basic(instance: Instance, user: Row) -> Row:
    """The short form that stands in other answers."""
    return {
        "id": user["id"],
        "username": user["username"],
        "name": user["name"],
        "state": user["state"],
        "avatar_url": None,
        "web_url": instance.web_url(user["username"]),
        "public_email": "",
        "locked": False,
    }


def issue(instance: Instance, user: Row, *, name: str, scopes: list[str], expires_at: str | None) -> Row:
    """A new token; its value is in the row and is shown once."""
    token_id = instance.next_id("token")
    row: Row = {
        "id": token_id,
        "name": name,
        "revoked": False,
        "created_at": instance.now(),
        "description": None,
        "scopes": scopes,
        "user_id": user["id"],
        "last_used_at": None,
        "expires_at": expires_at,
        "token": f"glpat-{instance.world.ids.token(26)}",
    }
    instance.state.put("tokens", str(token_id), row)
    return row


def authenticate(instance: Instance, value: str) -> Row:
    """The token row behind a value. Errors: 401, in another shape for a dead token."""
    row = next(iter(instance.select("tokens", lambda each: each["token"] == value)), None)
    if row is None or find(instance, row["user_id"])["state"] != "active":
        raise unauthorized()
    if row["revoked"]:
        raise _dead(REVOKED)
    if expired(instance, row):
        raise _dead(EXPIRED)
    if row["last_used_at"] is None:
        row = {**row, "last_used_at": instance.now()}
        instance.state.put("tokens", str(row["id"]), row)
    return row


def expired(instance: Instance, token: Row) -> bool:
    return token["expires_at"] is not None and token["expires_at"] <= instance.today()


def shown_token(instance: Instance, token: Row, *, secret: bool = False) -> Row:
    active = not token["revoked"] and not expired(instance, token)
    return {**{name: value for name, value in token.items() if secret or name != "token"}, "active": active}


def revoke(instance: Instance, token: Row) -> None:
    instance.state.put("tokens", str(token["id"]), {**token, "revoked": True})


def rotate(instance: Instance, token: Row, expires_at: str | None) -> Row:
    """A successor; the old value is dead at once. Errors: 400 for a date beyond a year."""
    if token["revoked"]:
        raise refused("Token already revoked")
    moment = instance.world.clock.now()
    latest = moment.date().toordinal() + _LONGEST_LIFE_DAYS
    if expires_at is None:
        expires_at = moment.date().fromordinal(moment.date().toordinal() + 7).isoformat()
    if moment.date().fromisoformat(expires_at[:10]).toordinal() > latest:
        raise invalid(expires_at=["must be before the latest allowed expiration date"])
    revoke(instance, token)
    user = find(instance, token["user_id"])
    return issue(instance, user, name=token["name"], scopes=token["scopes"], expires_at=expires_at)


def _dead(text: str) -> GitLabError:
    challenge = f'Bearer realm="Protected by OAuth 2.0", error="invalid_token", error_description="{text}"'
    body = {"error": "invalid_token", "error_description": text}
    return GitLabError(401, body, {"www-authenticate": challenge})
