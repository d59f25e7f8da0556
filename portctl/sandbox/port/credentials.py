"""Seeded API credentials and the tokens issued for them. Tokens look like JWTs and are signed by nobody."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.core.ids import derive
from portctl.sandbox.core.state import State
from portctl.sandbox.core.world import World
from portctl.sandbox.port.errors import PortError

TOKEN_SECONDS = 10_800
SERVICE_ACCOUNTS = "serviceaccounts.getport.io"
"""The domain of the addresses of service accounts."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A client of an organisation, or a person there. Only administrators write.

    `is_admin` holds for machines; what a person may do depends on the roles of the user `email`.
    """

    name: str
    client_id: str
    client_secret: str
    organisation: str
    is_admin: bool = field(kw_only=True)
    email: str | None = None

    @property
    def is_service_account(self) -> bool:
        return self.email is not None and self.email.endswith(f"@{SERVICE_ACCOUNTS}")


class Registry:
    """Who may ask for a token, and which tokens are valid."""

    def __init__(self, world: World, state: State, credentials: tuple[Credential, ...]) -> None:
        self._world = world
        self._state = state
        self._by_client = {credential.client_id: credential for credential in credentials}

    def issue(self, client_id: str, client_secret: str) -> dict[str, Any]:
        """The answer of the token endpoint: the same token until it expires."""
        credential = self._by_client.get(client_id)
        if credential is None or credential.client_secret != client_secret:
            raise PortError(401, "invalid_credentials", "Invalid credentials supplied to the generate token API")
        now = int(self._world.clock.seconds())
        row = self._state.get("tokens", client_id)
        if row is None or row["expiresAt"] <= now:
            row = {"token": _jwt(credential, now), "expiresAt": now + TOKEN_SECONDS}
            self._state.put("tokens", client_id, row)
        return {
            "ok": True,
            "accessToken": row["token"],
            "expiresIn": row["expiresAt"] - now,
            "tokenType": "Bearer",
        }

    def caller(self, authorization: str | None) -> Credential:
        """Who stands behind an Authorization header, with or without the word Bearer."""
        if not authorization:
            raise PortError(401, "unauthorized", "Missing access token")
        word, _, rest = authorization.strip().partition(" ")
        token = rest.strip() if word.lower() == "bearer" else authorization.strip()
        for client_id, row in self._state.rows("tokens").items():
            if row["token"] == token:
                if row["expiresAt"] <= self._world.clock.seconds():
                    raise PortError(401, "token_expired", "The access token has expired")
                return self._by_client[client_id]
        raise PortError(401, "invalid_token", "The access token is not valid")

    def own_token(self, organisation: str) -> str:
        """The token with which an organisation calls itself."""
        own = self.owner(organisation)
        return str(self.issue(own.client_id, own.client_secret)["accessToken"])

    def owner(self, organisation: str) -> Credential:
        """The administrator's credential of an organisation."""
        return next(each for each in self.all() if each.organisation == organisation and each.is_admin)

    def all(self) -> tuple[Credential, ...]:
        return tuple(self._by_client.values())


def seeded_credentials(
    seed: int, organisation: str, elsewhere: str, people: Mapping[str, str]
) -> tuple[Credential, ...]:
    """An administrator, a member of the same organisation, an administrator of another one; and `people`, by name."""
    plan = (("default", organisation, True), ("member", organisation, False), ("elsewhere", elsewhere, True))
    machines = tuple(
        Credential(
            name=name,
            client_id=derive(f"{seed}:client:{name}", 32),
            client_secret=derive(f"{seed}:secret:{name}", 64),
            organisation=owner,
            is_admin=is_admin,
        )
        for name, owner, is_admin in plan
    )
    persons = tuple(
        Credential(name, email, derive(f"{seed}:secret:{name}", 64), organisation, is_admin=False, email=email)
        for name, email in people.items()
    )
    return (*machines, *persons)


def _jwt(credential: Credential, issued_at: int) -> str:
    payload = {
        "orgId": credential.organisation,
        "isMachine": credential.email is None,
        "iss": "https://api.getport.io",
        "sub": credential.client_id,
        "iat": issued_at,
        "exp": issued_at + TOKEN_SECONDS,
    }
    signed = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(payload)}"
    return f"{signed}.{_base64url(hashlib.sha256(signed.encode()).digest())}"


def _part(document: dict[str, Any]) -> str:
    return _base64url(json.dumps(document).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
