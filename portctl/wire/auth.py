"""Credentials on requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from portctl.model.value import Pending
from portctl.vault import Vault

if TYPE_CHECKING:
    from portctl.wire.client import Client

RENEW_BEFORE_SECONDS = 60.0
ASK_AGAIN_AFTER_SECONDS = 5.0


class Auth(Protocol):
    """What puts credentials on a request. Safe to use from several threads."""

    def headers(self, client: Client) -> Mapping[str, str]:
        """The headers to send; may first ask for a token with `client`."""

    def renew(self, used: Mapping[str, str]) -> bool:
        """The service refused `used`: whether another try may end better."""


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the Unix time when it ends."""

    text: str = field(repr=False)
    expires_at: float


class TokenAuth:
    """One bearer token for all threads, asked for when first needed, when it is about to end and when it is refused."""

    def __init__(self, issue: Callable[[Client], Token], *, now: Callable[[], float] = time.time) -> None:
        self._issue = issue
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._renew_at = 0.0

    def headers(self, client: Client) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token(client).text}"}

    def token(self, client: Client) -> Token:
        with self._lock:
            if self._token is None or self._now() >= self._renew_at:
                self._token = self._issue(client)
                # A service may give the same token until it ends: do not ask before every request of its last minute.
                soonest = self._now() + ASK_AGAIN_AFTER_SECONDS
                self._renew_at = max(self._token.expires_at - RENEW_BEFORE_SECONDS, soonest)
            return self._token

    def renew(self, used: Mapping[str, str]) -> bool:
        """Forget the refused token, unless another thread has replaced it meanwhile."""
        with self._lock:
            if self._token is not None and used.get("Authorization") == f"Bearer {self._token.text}":
                self._token = None
        return True


def setting_text(vault: Vault, value: str | bool | int | Pending) -> str:
    """A setting of an instance as text; secrets in it are revealed here because they go into a login request."""
    return vault.reveal(value) if isinstance(value, Pending) else str(value)
