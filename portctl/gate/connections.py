"""Clients of the three services, with the credentials that this job has: variables of its environment in GitLab.

What knows a service is imported when it is asked first: a job starts with what it needs.
"""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portctl.errors import InvalidInput
from portctl.gate.code import Code, basic
from portctl.gate.settings import Settings
from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import SecretRef, pending
from portctl.source import Source, SourceMap
from portctl.vault import Vault
from portctl.wire.auth import header_text, setting_text
from portctl.wire.client import DEFAULT_OPTIONS, Client, Translate
from portctl.wire.retry import RetryPolicy

if TYPE_CHECKING:
    import httpx

    from portctl.wire.auth import Auth

PORT_CLIENT = ("PORT_CLIENT_ID", "PORT_CLIENT_SECRET")
READ_TOKEN = "SERVICE_READ_TOKEN"
MARKS_TOKEN = "MARKS_TOKEN"
TRIGGER_TOKEN = "TRIGGER_TOKEN"
SERVICENOW_SECRET = "SERVICENOW_SECRET"
CREDENTIALS = (*PORT_CLIENT, READ_TOKEN, MARKS_TOKEN, TRIGGER_TOKEN, SERVICENOW_SECRET)
"""What a job may have. docs/deployment.md says which job has which."""

_SECRET_SETTINGS = {"basic": "password", "oauth": "clientSecret", "apiKey": "apiKey"}
_PATIENT = RetryPolicy(attempts=6, advice="Run this job again then.")
"""Two of Port's windows, in which it counts sign-ins, are waited for; jobs may run longer than that."""
_ONCE = RetryPolicy(attempts=1)
_HINT = "Is the variable of the project protected, and this branch not? Has it another environment scope?"


class _Waiting:
    """Says in the job's log what is waited for."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def intent(self, *_: Any) -> Any:
        return None

    def result(self, *_: Any) -> None:
        return None

    def waiting(self, text: str) -> None:
        self._say(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rim:
    """What lies between the gate and the world. Tests replace the transport, and nothing of ours.

    `say`: the job's log. `scrub_with`: told how to take credentials out of whatever is written.
    """

    environ: Mapping[str, str]
    say: Callable[[str], None]
    scrub_with: Callable[[Callable[[str], str]], None] = lambda _: None
    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], object] = time.sleep


class Connections:
    """The clients, made when first used: a job has no credential that it does not need."""

    def __init__(self, settings: Settings, rim: Rim) -> None:
        self._settings = settings
        self._rim = rim
        sources = {name: SecretSource(name, SecretOrigin.ENV, name) for name in CREDENTIALS}
        self.vault = Vault(sources, root=pathlib.Path(), environ=rim.environ)
        for name in CREDENTIALS:
            self.vault.available(name)  # looked up now, so that it is known to the scrubber
        rim.scrub_with(self.vault.scrub)
        self.say = rim.say
        self._clients: dict[str, Client] = {}

    def close(self) -> None:
        for client in self._clients.values():
            client.close()

    @property
    def requests(self) -> Mapping[str, int]:
        """How many requests were sent to each service."""
        return {name: client.count for name, client in self._clients.items()}

    def port(self) -> Client:
        return self._client("Port", self._make_port)

    def gitlab(self, token: str) -> Client:
        """`token`: the name of the variable that holds it."""
        return self._client(f"GitLab as {token}", lambda: self._make_gitlab(token))

    def trigger(self) -> Client:
        """For the one request that must not be sent twice: its credential is in its body."""
        return self._client("GitLab, pipelines", self._make_trigger)

    def code(self) -> Code:
        """The repositories that the token for reading may see."""
        token = self.secret(READ_TOKEN)
        self.vault.add(f"{READ_TOKEN} for git", basic(token))
        return Code(self._settings.gitlab_url, token, self._rim.environ, self._rim.sleep, self.vault.scrub)

    def servicenow(self) -> Client:
        return self._client("ServiceNow", self._make_servicenow)

    def secret(self, name: str) -> str:
        """A credential that is part of a body. Errors: InvalidInput where this job does not have it."""
        self._need(name)
        return setting_text(self.vault, pending((SecretRef(name),)))

    def _client(self, name: str, make: Callable[[], Client]) -> Client:
        if name not in self._clients:
            self._clients[name] = make()
        return self._clients[name]

    def _need(self, *names: str) -> None:
        for name in names:
            if not self.vault.available(name):
                raise InvalidInput("Credential missing", f"this job has no variable {name}", hint=_HINT)

    def _make_port(self) -> Client:
        from portctl.providers.port import api as port_api

        self._need(*PORT_CLIENT)
        client_id, client_secret = (pending((SecretRef(name),)) for name in PORT_CLIENT)
        url = port_api.base_url(self._settings.port_url)
        settings = _instance("port", {"url": url, "clientId": client_id, "clientSecret": client_secret})
        auth = port_api.sign_in(settings, self.vault, time.time)
        return self._made(url, "Port", port_api.translate, auth, _PATIENT)

    def _make_gitlab(self, token: str) -> Client:
        from portctl.providers.gitlab.auth import TOKEN_HEADER, PrivateToken
        from portctl.providers.gitlab.refusals import translate

        self._need(token)
        held = pending((SecretRef(token),))
        auth = PrivateToken(lambda: header_text(self.vault, held, TOKEN_HEADER))
        return self._made(self._settings.gitlab_url, "GitLab", translate, auth, _PATIENT)

    def _make_trigger(self) -> Client:
        from portctl.providers.gitlab.refusals import translate

        return self._made(self._settings.gitlab_url, "GitLab", translate, None, _ONCE)

    def _make_servicenow(self) -> Client:
        from portctl.providers.servicenow.auth import chosen_auth
        from portctl.providers.servicenow.refusals import explain_page, translate

        self._need(SERVICENOW_SECRET)
        given = dict(self._settings.servicenow.signs_in)
        way = given.pop("type", "basic")
        if way not in _SECRET_SETTINGS:
            known = ", ".join(_SECRET_SETTINGS)
            detail = f"servicenow: auth: type {way!r} is no way to sign in"
            raise InvalidInput("Settings that cannot be used", detail, hint=f"One of: {known}.")
        settings = _instance("servicenow", {**given, _SECRET_SETTINGS[way]: pending((SecretRef(SERVICENOW_SECRET),))})
        auth = chosen_auth(settings, self.vault, time.time)
        return self._made(
            self._settings.servicenow.url,
            "ServiceNow",
            translate,
            auth,
            _PATIENT,
            headers={"Accept": "application/json"},
            explain=explain_page,
        )

    def _made(
        self, url: str, service: str, translate: Translate, auth: Auth | None, retry_policy: RetryPolicy, **more: Any
    ) -> Client:
        options = {**DEFAULT_OPTIONS, **({"headers": more.pop("headers")} if "headers" in more else {})}
        return Client(
            url,
            service=service,
            translate=translate,
            auth=auth,
            observer=_Waiting(self._rim.say),
            scrub=self.vault.scrub,
            retry_policy=retry_policy,
            sleep=self._rim.sleep,
            transport=self._rim.transport,
            options=options,
            **more,
        )


def _instance(provider: str, settings: Mapping[str, Any]) -> InstanceSettings:
    return InstanceSettings(
        provider=provider, name="default", settings=settings, sources=SourceMap(Source("the settings of the gate"))
    )
