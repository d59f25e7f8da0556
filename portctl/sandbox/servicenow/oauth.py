"""`/oauth_token.do`: form-encoded only, and one opaque refusal for whatever went wrong."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import parse_qs

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.state import Row
from portctl.sandbox.servicenow.accounts import signed_in, usable
from portctl.sandbox.servicenow.store.instance import Instance

CLIENT_CREDENTIALS = "glide.oauth.inbound.client.credential.grant_type.enabled"
LONGEST_LIFE = "glide.oauth.access_token.expire_in.system_max_seconds"
_REFUSAL = {"error": "server_error", "error_description": "access_denied"}


class _Refused(Exception):
    """Whatever the cause, the caller learns nothing of it; the text goes to the journal."""


def token(instance: Instance, request: Request) -> Answer:
    try:
        return Answer(200, _issue(instance, request))
    except _Refused as refusal:
        return Answer(401, _REFUSAL, note=f"token refused: {refusal}")


def revoke(instance: Instance, request: Request) -> Answer:
    row = instance.state.get("_tokens", request.query("token") or "")
    if row is not None:
        instance.state.drop("_tokens", row["token"])
    return Answer(200, "", content_type="text/html")


def _issue(instance: Instance, request: Request) -> dict[str, object]:
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        raise _Refused("the body is not form-urlencoded")
    form = {name: values[-1] for name, values in parse_qs(request.body.decode(errors="replace")).items()}
    client = _client(instance, form, request.headers.get("authorization", ""))
    match form.get("grant_type"):
        case "password":
            user = signed_in(instance, form.get("username", ""), form.get("password", ""))
            if user is None:
                raise _Refused("no such user, or another password")
            return _answer(instance, client, user, with_refresh=True)
        case "refresh_token":
            return _refreshed(instance, client, form.get("refresh_token", ""))
        case "client_credentials":
            return _answer(instance, client, _application_user(instance, client), with_refresh=False)
        case other:
            raise _Refused(f"the grant {other!r} is not supported")


def _client(instance: Instance, form: dict[str, str], authorization: str) -> Row:
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id and authorization.lower().startswith("basic "):
        try:
            client_id, _, secret = base64.b64decode(authorization[6:]).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise _Refused("the Authorization header cannot be read") from error
    rows = instance.lagging().rows("oauth_entity").values()
    client = next((row for row in rows if row["client_id"] == client_id and row["active"] == "true"), None)
    if client is None or not secret or client["client_secret"] != secret:
        raise _Refused("no such client, or another secret")
    return client


def _application_user(instance: Instance, client: Row) -> Row:
    if not instance.enabled(CLIENT_CREDENTIALS, default=False):
        raise _Refused(f"the property {CLIENT_CREDENTIALS} is not true")
    if not instance.where("oauth_entity_profile", oauth_entity=client["sys_id"], grant_type="client_credentials"):
        raise _Refused("the client has no profile for client credentials")
    user = usable(instance, client["user"])
    if user is None:
        raise _Refused("the client has no OAuth application user")
    return user


def _refreshed(instance: Instance, client: Row, text: str) -> dict[str, object]:
    row = instance.state.get("_tokens", text)
    if row is None or row["kind"] != "refresh" or row["client"] != client["sys_id"]:
        raise _Refused("no such refresh token")
    user = usable(instance, row["user"])
    if user is None or row["expires_at"] <= instance.world.clock.seconds():
        raise _Refused("the refresh token has expired, or its user is gone")
    return _answer(instance, client, user, with_refresh=True)


def _answer(instance: Instance, client: Row, user: Row, *, with_refresh: bool) -> dict[str, object]:
    access = _current(instance, client, user, "access", _access_seconds(instance, client))
    answer: dict[str, object] = {
        "access_token": access["token"],
        "scope": "useraccount",
        "token_type": "Bearer",
        "expires_in": max(1, int(access["expires_at"] - instance.world.clock.seconds())),
    }
    if with_refresh:
        life = float(client["refresh_token_lifespan"] or 8_640_000)
        answer["refresh_token"] = _current(instance, client, user, "refresh", life)["token"]
    return answer


def _current(instance: Instance, client: Row, user: Row, kind: str, life_seconds: float) -> Row:
    """The token that lives, or a new one."""
    now = instance.world.clock.seconds()
    wanted = (client["sys_id"], user["sys_id"], kind)
    for row in instance.state.rows("_tokens").values():
        if (row["client"], row["user"], row["kind"]) == wanted and row["expires_at"] > now + 1:
            return row
    fields: Row = dict(zip(("client", "user", "kind"), wanted, strict=True))
    row = {**fields, "token": instance.world.ids.token(86), "expires_at": now + life_seconds}
    instance.state.put("_tokens", row["token"], row)
    return row


def _access_seconds(instance: Instance, client: Row) -> float:
    life = float(client["access_token_lifespan"] or 1800)
    longest = instance.setting(LONGEST_LIFE, "")
    return min(life, float(longest)) if longest.isdigit() else life
