"""Who is asking: Basic with its restriction, Bearer tokens, API keys."""

from __future__ import annotations

import base64
import binascii

from portctl.sandbox.core.exchange import Request
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.errors import SnowError, unauthenticated
from portctl.sandbox.servicenow.seed.people import BASIC_ROLE
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.people import actor_of

API_KEY = "x-sn-apikey"
RESTRICTION = "glide.authenticate.basic_auth.restriction.enforce"


def caller_of(instance: Instance, request: Request) -> Actor:
    """The user behind a request. Errors: 401."""
    key = request.headers.get(API_KEY) or request.query(API_KEY)
    authorization = request.headers.get("authorization", "")
    word, _, rest = authorization.partition(" ")
    if key:
        user = _by_key(instance, key)
    elif word.lower() == "bearer":
        user = _by_token(instance, rest.strip())
    elif word.lower() == "basic":
        return _basic(instance, rest.strip())
    else:
        raise unauthenticated()
    if user is None:
        raise unauthenticated()
    return actor_of(user, instance.lagging())


def signed_in(instance: Instance, user_name: str, password: str) -> Row | None:
    """The active user with this password."""
    user = instance.one("sys_user", user_name=user_name)
    if user is None or not _usable(user):
        return None
    stored = instance.state.get("_passwords", user["sys_id"])
    return user if stored is not None and stored["password"] == password else None


def usable(instance: Instance, sys_id: str) -> Row | None:
    """The user, unless it is locked out or not active."""
    user = instance.get("sys_user", sys_id)
    return user if user is not None and _usable(user) else None


def _usable(user: Row) -> bool:
    return bool(user["active"] == "true" and user["locked_out"] != "true")


def _basic(instance: Instance, encoded: str) -> Actor:
    try:
        user_name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthenticated() from error
    user = signed_in(instance, user_name, password) if colon else None
    if user is None:
        raise unauthenticated()
    actor = actor_of(user, instance.lagging())
    is_meant_for_it = BASIC_ROLE in actor.roles or user["web_service_access_only"] == "true"
    if not is_meant_for_it and instance.enabled(RESTRICTION, default=instance.strict("basic-restriction")):
        raise unauthenticated()
    return actor


def _by_key(instance: Instance, key: str) -> Row | None:
    row = instance.state.get("_api_keys", key)
    return None if row is None else usable(instance, row["user"])


def _by_token(instance: Instance, token: str) -> Row | None:
    row = instance.state.get("_tokens", token)
    if row is None or row["kind"] != "access":
        return None
    if row["expires_at"] <= instance.world.clock.seconds():
        raise SnowError(401, "User is not authenticated", "Required to provide Auth information")
    return usable(instance, row["user"])
