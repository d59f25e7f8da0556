"""Port's API as a whole: tokens, which organisation this is, and what its refusals mean.

Source: Port API reference, "Authentication", and the documentation of errors and rate limits.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.json_text import parse
from portctl.model.project import InstanceSettings
from portctl.model.value import get, thaw
from portctl.providers.settings import require_settings
from portctl.vault import Vault
from portctl.wire.auth import Token, TokenAuth, setting_text
from portctl.wire.client import DEFAULT_OPTIONS, Client, Observer, Refused
from portctl.wire.network import network_options
from portctl.wire.retry import DEFAULT_RETRY_POLICY, RetryPolicy

if TYPE_CHECKING:
    import httpx

    from portctl.providers.rest import RestProvider

WIDTH = 8
TOKEN_PATH = "/v1/auth/access_token"
ORGANISATION_PATH = "/v1/organization"
SAFE_POSTS = (TOKEN_PATH, "/v1/blueprints/*/entities/search")
"""The POSTs that change nothing: a plan may send them."""

HAS_DEPENDENTS = frozenset({"has_dependents"})
REGIONS = "https://api.port.io (EU) or https://api.us.port.io (US)"
_REQUIRED = ("url", "clientId", "clientSecret")
_SET_THEM = "Set them in the environment file; credentials as `<% secret('NAME') %>`."


def connect(
    settings: InstanceSettings,
    *,
    vault: Vault,
    read_only: bool,
    observer: Observer | None = None,
    transport: httpx.BaseTransport | None = None,
    options: Mapping[str, Any] = DEFAULT_OPTIONS,
    retry_policy: RetryPolicy = DEFAULT_RETRY_POLICY,
    sleep: Callable[[float], object] = time.sleep,
    now: Callable[[], float] = time.time,
) -> RestProvider:
    """A provider for one Port organisation. Sends nothing yet.

    Settings: `url` (with or without `/v1`), `clientId`, `clientSecret`. Raises InvalidInput when one is missing.
    """
    from portctl.model.plan import InstanceInfo
    from portctl.providers.rest import RestProvider  # here, since the gate needs none

    require_settings(settings, _REQUIRED, "Port", _SET_THEM)
    url = base_url(setting_text(vault, settings.settings["url"]))
    auth = sign_in(settings, vault, now)
    client = Client(
        url,
        service="Port",
        translate=translate,
        auth=auth,
        safe=SAFE_POSTS,
        read_only=read_only,
        observer=observer,
        scrub=vault.scrub,
        retry_policy=retry_policy,
        sleep=sleep,
        now=now,
        transport=transport,
        options=network_options(settings, vault, options),
    )

    def login() -> InstanceInfo:
        claims = _claims(auth.token(client).text)
        organisation = get(client.request("GET", ORGANISATION_PATH).body, ("organization",))
        identity = claims.get("orgId") or get(organisation, ("id",))
        if not isinstance(identity, str) or not identity:
            raise _not_port(ORGANISATION_PATH, "neither the token nor the answer says which organisation this is")
        name = get(organisation, ("name",))
        return InstanceInfo(
            provider=settings.provider,
            name=settings.name,
            identity=identity,
            url=url,
            principal=name if isinstance(name, str) else "",
            makers=frozenset({setting_text(vault, settings.settings["clientId"]), *_texts(claims)}),
        )

    return RestProvider(
        settings.name, client, vault, login=login, width=WIDTH, has_dependents=HAS_DEPENDENTS, sleep=sleep
    )


def sign_in(settings: InstanceSettings, vault: Vault, now: Callable[[], float]) -> TokenAuth:
    """An access token for `clientId` and `clientSecret`, asked for when it is needed first."""

    def issue(client: Client) -> Token:
        body = {name: setting_text(vault, settings.settings[name]) for name in ("clientId", "clientSecret")}
        response = client.request("POST", TOKEN_PATH, body=body, anonymous=True)
        text, seconds = get(response.body, ("accessToken",)), get(response.body, ("expiresIn",))
        if not isinstance(text, str):
            raise _not_port(TOKEN_PATH, "no accessToken in the answer")
        vault.add(f"access token of {settings.provider}@{settings.name}", text)
        return Token(text, now() + (seconds if isinstance(seconds, int | float) else 0))

    return TokenAuth(issue, now=now)


def base_url(url: str) -> str:
    """`url` without a trailing slash or `/v1`: Port's own tools do not agree on which of them belongs to it."""
    return url.rstrip("/").removesuffix("/v1").rstrip("/")


def translate(refused: Refused) -> PortctlError:
    """Port's envelope (`ok`, `error`, `message`, `details`) as one of our errors; codes count, texts do not."""
    code = _text(refused.body, "error")
    said = _text(refused.body, "message") or code or f"status {refused.status}"
    where = f"{refused.method} {refused.path}"
    match refused.status:
        case 401 if refused.path == TOKEN_PATH:
            return AccessDenied(
                "Login refused",
                f"Port: {said}",
                hint=f"Check the secrets behind `clientId` and `clientSecret`, and that `url` is {REGIONS}, "
                "whichever your organisation is in.",
            )
        case 401:
            return AccessDenied(
                "Login refused",
                f"{where}: {said}",
                hint=f"The token was not accepted. Check that `url` is {REGIONS}, whichever your organisation is in.",
            )
        case 403:
            return AccessDenied("Not allowed", f"{where}: {said}", hint=_role_hint(code, said))
        case 404 | 405 | 501 if refused.path in (TOKEN_PATH, ORGANISATION_PATH):
            return AccessDenied("Not Port's API", f"{where}: {said}", hint=f"`url` must be {REGIONS}.")
    details = get(refused.body, ("details",))
    more = f" {json.dumps(thaw(details), ensure_ascii=False)}" if isinstance(details, Mapping) and details else ""
    return ApiError(
        "Port refused a request",
        f"{where} ({refused.status}): {said}{more}",
        method=refused.method,
        path=refused.path,
        status=refused.status,
        code=code,
        hint=_HINTS.get(code, ""),
    )


_HINTS = {
    "identifier_taken": "It exists in Port and is not in this project's ledger: plan again, and take it over with "
    "`--adopt ADDRESS` if it should be managed here.",
    "has_dependents": "Something in Port still needs it: delete that first, or remove what refers to it.",
    "rate_limit_exceeded": "Port's limit for the organisation is used up; wait five minutes, or use fewer `--workers`.",
}


def _role_hint(code: str, said: str) -> str:
    if said.startswith("IP not whitelisted"):
        return "The organisation accepts calls from listed addresses only; run from one of them."
    if code.startswith("protected"):
        return "Port protects this object; nobody can write it through the API."
    return "These credentials may not do this. Use the organisation's credentials, or a user with the role Admin."


def _claims(token: str) -> Mapping[str, Any]:
    """The payload of a JSON Web Token, {} when `token` is none. Not verified: it came over our own connection."""
    parts = token.split(".")
    try:
        payload = parse(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (IndexError, ValueError, binascii.Error):
        return {}
    return payload if isinstance(payload, Mapping) else {}


def _texts(claims: Mapping[str, Any]) -> Iterator[str]:
    """Port does not say which of the names of an account it gives as the maker: its client, or a claim of its token."""
    return (value for value in claims.values() if isinstance(value, str) and value)


def _not_port(path: str, what: str) -> AccessDenied:
    return AccessDenied("Not Port's API", f"{path}: {what}", hint=f"`url` must be {REGIONS}.")


def _text(body: Any, key: str) -> str:
    value = get(body, (key,))
    return value if isinstance(value, str) else ""
