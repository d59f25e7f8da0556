"""Which host of the internet is which address of this machine: nothing of the sandbox calls anything else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Hosts:
    """A table of hosts. A key is a host name, or `*.` and a domain; a value is a base URL on this machine."""

    def __init__(self, table: Mapping[str, str] | None = None) -> None:
        self._initial = dict(table or {})
        self._services: dict[str, str] = {}
        self._table = dict(self._initial)

    def serve(self, table: Mapping[str, str]) -> None:
        """The hosts that the sandbox's own services stand for; what is configured comes first."""
        self._services = dict(table)

    def set(self, table: Mapping[str, str]) -> None:
        """Add hosts. Errors: ValueError where a value is no address of this machine."""
        for host, url in table.items():
            parts = urlsplit(url)
            if parts.scheme != "http" or parts.hostname not in _LOOPBACK:
                raise ValueError(f'"{host}" can be an http address of this machine, not "{url}"')
        self._table.update(table)

    def reset(self) -> None:
        self._table = dict(self._initial)

    def table(self) -> dict[str, str]:
        return {**self._services, **self._table}

    def resolve(self, url: str) -> str | None:
        """The URL on this machine that a URL stands for, or None. Errors: ValueError where it is no URL."""
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host:
            raise ValueError(f"not a URL: {url.split('?')[0]}")
        if parts.scheme == "http" and host in _LOOPBACK:
            return url
        table = self.table()
        names = [host, *(f"*{host[at:]}" for at, letter in enumerate(host) if letter == ".")]
        base = next((table[name] for name in names if name in table), None)
        if base is None:
            return None
        query = f"?{parts.query}" if parts.query else ""
        return f"{base.rstrip('/')}{parts.path or '/'}{query}"
