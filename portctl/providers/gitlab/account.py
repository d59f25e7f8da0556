"""Who the token belongs to. Source: GitLab docs, "Users API", current user."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from portctl.errors import AccessDenied
from portctl.model.value import get
from portctl.wire.client import Client

API = "/api/v4"
USER_PATH = f"{API}/user"


@dataclass(frozen=True, slots=True)
class User:
    """`url` is the address that GitLab itself goes by, without a trailing slash; "" when it does not say."""

    id: int
    name: str
    url: str
    admin: bool


class Account:
    """The user behind the token, asked for once. Safe to use from several threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._user: User | None = None

    def user(self) -> User:
        with self._lock:
            if self._user is None:
                self._user = self._asked()
            return self._user

    def _asked(self) -> User:
        response = self._client.request("GET", USER_PATH).body
        number, name = get(response, ("id",)), get(response, ("username",))
        if not isinstance(number, int) or not isinstance(name, str):
            raise AccessDenied(
                "Not GitLab's API", f"{USER_PATH}: no user in the answer", hint="Check `url` in the environment file."
            )
        page = get(response, ("web_url",))
        url = page.removesuffix(f"/{name}") if isinstance(page, str) else ""
        return User(number, name, url, get(response, ("is_admin",)) is True)
