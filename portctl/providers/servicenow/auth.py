"""The four ways to sign in. Source: ServiceNow docs, "Authentication"; "OAuth inbound"; "Token-based authentication".

Which one is meant shows in the settings: `apiKey`; `clientId` and `clientSecret`, with `username` and `password`
(password grant, refreshed) or without (client credentials); `username` and `password` alone (Basic).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portctl.errors import AccessDenied, InvalidInput
from portctl.model.project import InstanceSettings
from portctl.model.value import Codec, Encoded, Part, Pending, get, pending
from portctl.vault import Vault
from portctl.wire.auth import Auth, Token, TokenAuth, header_text, setting_text
from portctl.wire.client import Client

TOKEN_PATH = "/oauth_token.do"
API_KEY_HEADER = "x-sn-apikey"
_USER = ("username", "password")
_CLIENT = ("clientId", "clientSecret")
_KEY = ("apiKey",)
_WAYS = "apiKey; or clientId and clientSecret, with or without username and password; or username and password"


class Fixed:
    """The same header on every request. Its value is looked up when the first one is sent."""

    def __init__(self, name: str, text: Callable[[], str]) -> None:
        self._name = name
        self._text = text

    def headers(self, client: Client) -> Mapping[str, str]:  # noqa: ARG002
        return {self._name: self._text()}

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002
        """There is nothing else to try."""
        return False


def chosen_auth(settings: InstanceSettings, vault: Vault, now: Callable[[], float]) -> Auth:
    """Errors: InvalidInput where the settings are none of the four ways, or more than one."""
    given = {name for name in (*_KEY, *_CLIENT, *_USER) if name in settings.settings}
    if given == set(_KEY):
        return Fixed(API_KEY_HEADER, lambda: header_text(vault, settings.settings["apiKey"], API_KEY_HEADER))
    if given == set(_USER):
        return Fixed("Authorization", lambda: f"Basic {setting_text(vault, _basic(settings))}")
    if given == {*_CLIENT, *_USER}:
        return TokenAuth(_Grant(settings, vault, "password", (*_CLIENT, *_USER), now).issue, now=now)
    if given == set(_CLIENT):
        return TokenAuth(_Grant(settings, vault, "client_credentials", _CLIENT, now).issue, now=now)
    raise InvalidInput(
        "ServiceNow is not fully set up",
        f"instance {settings.provider}@{settings.name} has {', '.join(sorted(given)) or 'no credentials'}, "
        "which is no way to sign in",
        source=settings.sources.at(()),
        hint=f"One of: {_WAYS}.",
    )


def _basic(settings: InstanceSettings) -> Pending:
    user, password = (_parts(settings.settings[name]) for name in _USER)
    return pending((Encoded(Codec.BASIC_AUTH, (*user, ":", *password)),))


def _parts(value: str | bool | int | Pending) -> tuple[Part, ...]:
    return value.parts if isinstance(value, Pending) else (str(value),)


_FIELDS = {"clientId": "client_id", "clientSecret": "client_secret", "username": "username", "password": "password"}


class _Grant:
    """Asks for tokens; where one can be refreshed, the password is sent once."""

    def __init__(
        self, settings: InstanceSettings, vault: Vault, grant: str, names: tuple[str, ...], now: Callable[[], float]
    ) -> None:
        self._settings = settings
        self._vault = vault
        self._grant = grant
        self._names = names
        self._now = now
        self._refresh = ""

    def issue(self, client: Client) -> Token:
        """Called by one thread at a time."""
        if self._refresh:
            try:
                return self._ask(client, "refresh_token", _CLIENT, refresh_token=self._refresh)
            except AccessDenied:
                self._refresh = ""
        return self._ask(client, self._grant, self._names)

    def _ask(self, client: Client, grant: str, names: tuple[str, ...], **more: str) -> Token:
        fields = {_FIELDS[name]: setting_text(self._vault, self._settings.settings[name]) for name in names}
        response = client.request("POST", TOKEN_PATH, form={"grant_type": grant, **fields, **more}, anonymous=True)
        text, seconds = get(response.body, ("access_token",)), get(response.body, ("expires_in",))
        if not isinstance(text, str):
            raise AccessDenied(
                "Not ServiceNow's API",
                f"{TOKEN_PATH}: no access_token in the answer",
                hint="Check `url` in the environment file.",
            )
        self._keep("access", text)
        refresh = get(response.body, ("refresh_token",))
        if isinstance(refresh, str):
            self._keep("refresh", refresh)
            self._refresh = refresh
        return Token(text, self._now() + (seconds if isinstance(seconds, int | float) else 0))

    def _keep(self, kind: str, text: str) -> None:
        self._vault.add(f"{kind} token of {self._settings.provider}@{self._settings.name}", text)
