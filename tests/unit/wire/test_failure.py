"""What stops an exchange is told in our words, whatever the libraries underneath say of it."""

from __future__ import annotations

import errno
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from portctl.wire.failure import words

CANARY = "canary-4f1d"


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server for one connection, which says `answer` to whatever it is asked."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        thread.join(timeout=30)


def asked(url: str, **options: str) -> httpx.TransportError:
    with httpx.Client(**options) as client, pytest.raises(httpx.TransportError) as caught:  # type: ignore[arg-type]
        client.get(url)
    return caught.value


@pytest.mark.parametrize(
    ("answer", "scheme", "said"),
    [
        (b"", "http", "it ended the connection or gave no answer that is HTTP"),
        (f"{CANARY}\r\n\r\n".encode(), "http", "it ended the connection or gave no answer that is HTTP"),
        (
            f"HTTP/1.1 200 OK\r\n{CANARY} \x01: x\r\n\r\n".encode(),
            "http",
            "it ended the connection or gave no answer that is HTTP",
        ),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
            "http",
            "it ended the connection or gave no answer that is HTTP",
        ),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "https", "it does not speak TLS there, or not as we do"),
    ],
)
def test_answers_that_are_none(answer: bytes, scheme: str, said: str) -> None:
    with answering(answer) as address:
        assert words(asked(f"{scheme}://{address}/x")) == said


def test_a_proxy_that_refuses_is_told_by_its_status() -> None:
    with answering(f"HTTP/1.1 407 {CANARY}\r\n\r\n".encode()) as address:
        assert words(asked("https://api.example/x", proxy=f"http://{address}")) == "the proxy answered 407"


def test_nothing_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert words(asked(address)) == "connection refused"


def caused(error: Exception, cause: Exception) -> Exception:
    try:
        raise error from cause
    except type(error) as raised:
        return raised


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, CANARY)
    error.verify_code = code
    return error


def alert(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, CANARY)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (
            lambda: caused(httpx.ReadError(CANARY), alert("TLSV13_ALERT_CERTIFICATE_REQUIRED")),
            "it wants another client certificate",
        ),
        (lambda: caused(httpx.ConnectError(CANARY), certificate(10)), "its certificate has expired"),
        (lambda: caused(httpx.ConnectError(CANARY), certificate(62)), "its certificate is for another host"),
        (
            lambda: caused(httpx.ConnectError(CANARY), certificate(18)),
            "no authority that is trusted here has signed its certificate",
        ),
        (
            lambda: caused(httpx.ConnectError(CANARY), certificate(23)),
            "its certificate is not accepted (OpenSSL's code 23)",
        ),
        (
            lambda: caused(httpx.ConnectError(CANARY), socket.gaierror(socket.EAI_NONAME, CANARY)),
            "its name is not known here",
        ),
        (
            lambda: caused(httpx.ConnectError(CANARY), socket.gaierror(socket.EAI_AGAIN, CANARY)),
            "its name cannot be looked up now",
        ),
        (lambda: caused(httpx.ReadError(CANARY), OSError(errno.ECONNRESET, CANARY)), "connection reset by peer"),
        (lambda: caused(httpx.ReadError(CANARY), OSError(CANARY)), "the connection broke"),
        (lambda: httpx.ConnectError(CANARY), "no connection"),
        (lambda: httpx.WriteError(CANARY), "the connection broke"),
        (lambda: httpx.ProxyError(CANARY), "the proxy let nothing through"),
        (
            lambda: httpx.LocalProtocolError(f"Illegal header value b'{CANARY}'"),
            "the request is none that HTTP can carry",
        ),
        (lambda: httpx.UnsupportedProtocol(CANARY), "its address is none that HTTP can use"),
        (lambda: ValueError(CANARY), "ValueError"),
    ],
)
def test_types_and_numbers_count_and_no_text_does(make: Callable[[], Exception], said: str) -> None:
    assert words(make()) == said
