"""Credentials on requests."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from portctl.errors import AccessDenied, InvalidInput
from portctl.model.value import Pending, SecretRef, pending
from portctl.vault import Vault

if TYPE_CHECKING:
    from portctl.wire.client import Client

RENEW_BEFORE_SECONDS = 60.0
ASK_AGAIN_AFTER_SECONDS = 5.0

_NEVER_IN_HEADERS = (
    (re.compile(r"[\r\n]"), "a line break"),
    (re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"), "a control character"),
    (re.compile(r"[^\x00-\xff]"), "a character that is not in Latin-1"),
    (re.compile(r"^[ \t]|[ \t]$"), "a blank at its beginning or end"),
)
"""What RFC 9110, section 5.5, keeps out of the values of headers."""
_LINE_BREAK_HINT = (
    "Store it without: `printf '%s'` writes no line break where `echo` does. One at the end of a variable, a file or a "
    "command's output is taken off already."
)


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
                token = self._issue(client)
                why = _unfit(token.text)
                if why:
                    told = f"the token that the service gave has {why}: no header can hold it"
                    raise AccessDenied("Login failed", told, hint="Check `url` in the environment file.")
                self._token = token
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


def header_text(vault: Vault, value: str | bool | int | Pending, header: str) -> str:
    """`setting_text` for a header. Errors: InvalidInput for what no header can hold; it names the secret."""
    text = setting_text(vault, value)
    why = _unfit(text)
    if not why:
        return text
    raise InvalidInput(
        "Secret cannot be sent",
        f"{_whose(vault, value)} has {why}, and goes into the header {header}, which can hold none",
        hint=_LINE_BREAK_HINT if why == "a line break" else "Check what is stored there.",
    )


def _unfit(text: str) -> str:
    """What keeps `text` out of a header, "" where nothing does."""
    return next((why for pattern, why in _NEVER_IN_HEADERS if pattern.search(text)), "")


def _whose(vault: Vault, value: str | bool | int | Pending) -> str:
    placeholders = (
        [placeholder for placeholder in value.placeholders() if isinstance(placeholder, SecretRef)]
        if isinstance(value, Pending)
        else []
    )
    blamed = [
        placeholder for placeholder in placeholders if _unfit(vault.reveal(pending((placeholder,))))
    ] or placeholders
    return " with ".join(f"secret {placeholder.name!r}" for placeholder in blamed) or "the credential"
