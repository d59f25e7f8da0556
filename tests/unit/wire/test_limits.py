"""Answers that do not end, over real sockets: the client gives up, says why, and its memory stays bounded."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portctl.errors import AnswerLost, PortctlError, Unreachable
from portctl.wire.body import Limits
from portctl.wire.client import Client
from portctl.wire.retry import RetryPolicy
from tests.figures import record
from tests.unit.wire.services import refused

Send = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
MIB = 1024 * 1024
EMPTY_BLOCK = b"\0\0\0\xff\xff"
"""A part of a gzip that stands for nothing."""


@contextlib.contextmanager
def serving(send: Send) -> Iterator[str]:
    """A server whose every answer is what `send` writes, until the client goes away."""
    listener = socket.create_server(("127.0.0.1", 0))
    ends = threading.Event()

    def serve() -> None:
        while not ends.is_set():
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(65_536)
                if not ends.is_set():
                    send(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        ends.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()


def drip(start: bytes, pieces: Iterator[bytes]) -> Send:
    """`start` at once, and then a piece every twentieth of a second: no time-out between two pieces is ever reached."""

    def send(connection: socket.socket) -> None:
        connection.sendall(start)
        for piece in pieces:
            connection.sendall(piece)
            threading.Event().wait(0.05)

    return send


def client(url: str, **limits: Any) -> Client:
    return Client(
        url,
        service="Example",
        translate=refused,
        retry_policy=RetryPolicy(attempts=1),
        limits=Limits(**limits),
        options={"timeout": 30.0, "trust_env": False},
    )


SLOW = {
    "body": drip(HEAD + b"\r\n", itertools.repeat(b" ")),
    "packed-body": drip(
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"{}")[:10], itertools.repeat(EMPTY_BLOCK)
    ),
    "status-line": drip(b"HTTP/1.1 200 ", itertools.repeat(b"O")),
    "headers": drip(HEAD + b"x-slow: ", itertools.repeat(b"a")),
    "interim-answers": drip(b"", itertools.repeat(b"HTTP/1.1 103 Early Hints\r\n\r\n")),
    "chunks": drip(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", itertools.repeat(b"1\r\n \r\n")),
}


@pytest.mark.parametrize("send", SLOW.values(), ids=SLOW.keys())
def test_an_answer_that_never_ends_is_not_waited_for(send: Send) -> None:
    with serving(send) as url, pytest.raises(PortctlError) as caught:
        client(url, seconds=0.5).request("GET", "/v1/x")
    assert re.fullmatch(r"Example cannot be used: http://\S+ did not answer: no answer in time", str(caught.value))


def test_a_write_whose_answer_never_ends_may_have_been_done() -> None:
    with serving(SLOW["body"]) as url, pytest.raises(AnswerLost, match="POST /v1/x: no answer in time"):
        client(url, seconds=0.5).request("POST", "/v1/x", body={})


def test_the_time_is_counted_anew_for_every_answer_of_one_connection() -> None:
    ready = threading.Event()

    def send(connection: socket.socket) -> None:
        for _ in range(3):
            connection.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}")
            ready.wait(0.3)
            connection.recv(65_536)

    with serving(send) as url:
        line = client(url, seconds=20.0)
        assert [line.request("GET", "/v1/x").body for _ in range(3)] == [{}] * 3
        line.close()


HEADERS = {
    "one-long-header": [HEAD, b"x-long: ", *[b"a" * 1000] * 2000, b"\r\n\r\n{}"],
    "interim-answers": [*[b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100] * 500, HEAD, b"Content-Length: 2\r\n\r\n{}"],
    "many-headers": [HEAD, *[b"x-many: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"] * 20_000, b"\r\n{}"],
}


@pytest.mark.parametrize("parts", HEADERS.values(), ids=HEADERS.keys())
def test_headers_have_a_limit_too(parts: list[bytes]) -> None:
    def send(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)

    with serving(send) as url, pytest.raises(Unreachable, match="did not answer: "):
        client(url, seconds=60.0).request("GET", "/v1/x")


CHILD = """
import json, pathlib, re, sys
import httpx
from portctl.errors import PortctlError
from portctl.wire.client import Client
from portctl.wire.retry import RetryPolicy

def mebibytes(name):
    return int(re.search(name + r":\\s+([0-9]+) kB", pathlib.Path("/proc/self/status").read_text())[1]) // 1024

client = Client(sys.argv[1], service="Example", translate=None, retry_policy=RetryPolicy(attempts=1),
                options={"timeout": 30.0, "trust_env": False})
before = mebibytes("VmRSS")
try:
    ended = "taken, " + str(len(client.request("GET", "/v1/x").body))
except PortctlError as error:
    ended = str(error).partition(": ")[2].partition(" ")[2]
print(json.dumps([ended, mebibytes("VmHWM") - before]))
"""


def flood(start: bytes, piece: bytes, times: int, end: bytes = b"") -> Send:
    def send(connection: socket.socket) -> None:
        connection.sendall(HEAD + start)
        for _ in range(times):
            connection.sendall(piece)
        connection.sendall(end)

    return send


def packed(count: int, *, twice: bool = False) -> bytes:
    """A gzip of `count` zeros, made without holding them."""
    pack = zlib.compressobj(1, zlib.DEFLATED, 31)
    content = b"".join(pack.compress(bytes(MIB)) for _ in range(count // MIB)) + pack.flush()
    return gzip.compress(content) if twice else content


MOST_MEBIBYTES = (200, 900)
TOO_LARGE = "did not answer: the answer has more than 33,554,432 bytes"
LARGE: dict[str, tuple[Callable[[], Send], str]] = {
    "700 MB": (lambda: flood(b"\r\n", b'"' + b"x" * (MIB - 1), 700), TOO_LARGE),
    "700 MB, said before": (lambda: flood(b"Content-Length: 734003200\r\n\r\n", bytes(MIB), 700), TOO_LARGE),
    "700 MB in chunks": (
        lambda: flood(b"Transfer-Encoding: chunked\r\n\r\n", b"100000\r\n" + bytes(MIB) + b"\r\n", 700),
        TOO_LARGE,
    ),
    "a gzip of 700 MB": (lambda: flood(b"Content-Encoding: gzip\r\n\r\n", packed(700 * MIB), 1), TOO_LARGE),
    "a gzip of a gzip of 700 MB": (
        lambda: flood(b"Content-Encoding: gzip, gzip\r\n\r\n", packed(700 * MIB, twice=True), 1),
        "did not answer: the answer is packed in a way that was not asked for: 'gzip, gzip'",
    ),
    "10 million empty lists": (
        lambda: flood(b"\r\n", b"[" + b"[]," * 10_000_000 + b"[]]", 1),
        "cannot be understood: the answer has more than 1,000,000 values",
    ),
    "the largest that is taken": (
        lambda: flood(b"\r\n", b'[{"a":"bcdefghijkl"}' + b',{"a":"bcdefghijkl"}' * 999_999 + b"]", 1),
        "taken, 1000000",
    ),
}


def test_memory_stays_bounded_whatever_comes(covered: list[str]) -> None:
    """In processes of their own, since memory that was used once counts for ever."""
    figures = {}
    for name, (make, said) in LARGE.items():
        with serving(make()) as url:
            done = subprocess.run(
                [sys.executable, "-c", CHILD, url], capture_output=True, text=True, check=True, env=dict(os.environ)
            )
        ended, mebibytes = json.loads(done.stdout)
        assert (name, ended) == (name, said)
        assert mebibytes < MOST_MEBIBYTES[name == "the largest that is taken"], name
        figures[f"memory for {name}"] = f"{mebibytes} MiB"
    record("memory", figures)
    covered.append(f"answers that would fill the memory: {len(figures)}, {figures}")
