"""A moment by which a whole exchange has ended, however many pieces it comes in.

The time-outs of httpx count from one piece to the next: a byte a second never ends. Here every read and write of a
connection gets what is left of the time. The time is that of a thread, since each exchange has one.
"""

from __future__ import annotations

import contextlib
import math
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import httpcore
import httpx

_MOST_BYTES_BEFORE = 1024 * 1024
"""Of headers, handshakes aside: answers such as 103 may precede the one that counts, in any number."""

_time = threading.local()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Let every read and write of this thread's exchange end in time; later ones raise httpx.TimeoutException."""
    _time.ends = time.monotonic() + seconds
    _time.before = _MOST_BYTES_BEFORE
    try:
        yield
    finally:
        _time.ends = _time.before = math.inf


def answered() -> None:
    """The answer of this thread's exchange has begun: its body has a limit of its own."""
    _time.before = math.inf


def keep_time(client: httpx.Client) -> None:
    """Make all connections that `client` will open keep to the time. httpx has no setting for it; httpcore has."""
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):
            transport._pool._network_backend = _Network(transport._pool._network_backend)


def _left(seconds: float | None, error: type[Exception]) -> float | None:
    left = getattr(_time, "ends", math.inf) - time.monotonic()
    if left <= 0:
        raise error("no time is left")
    least = min(left, math.inf if seconds is None else seconds)
    return None if least == math.inf else least


class _Network(httpcore.NetworkBackend):
    def __init__(self, inner: httpcore.NetworkBackend) -> None:
        self._inner = inner

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))


class _Stream(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))
        _time.before = getattr(_time, "before", math.inf) - len(data)
        if _time.before < 0:
            raise httpcore.RemoteProtocolError("too much before the answer")
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
