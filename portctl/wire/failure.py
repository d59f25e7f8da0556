"""What stopped an exchange, in our words. The libraries underneath put parts of requests into theirs: a credential in a
header that they refuse, for one. So types and numbers count here, and their text never does."""

from __future__ import annotations

import os
import re
import socket
import ssl
from collections.abc import Iterator, Mapping

_STATUS = re.compile(r"[1-5][0-9][0-9]\b")
_CERTIFICATES: Mapping[int, str] = {
    9: "its certificate is not valid yet",
    10: "its certificate has expired",
    **dict.fromkeys((2, 18, 19, 20, 21), "no authority that is trusted here has signed its certificate"),
    **dict.fromkeys((62, 64), "its certificate is for another host"),
}
"""By OpenSSL's X509_V_ERR numbers."""
_ABOUT_OURS = re.compile(r"ALERT_(CERTIFICATE_|BAD_CERTIFICATE|UNSUPPORTED_CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)")
"""OpenSSL's names for what a server says of a client's certificate, or of its lack."""


def words(error: Exception) -> str:
    """Why no answer came, to go on after "cannot be reached: "."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            other = f"its certificate is not accepted (OpenSSL's code {cause.verify_code})"
            return _CERTIFICATES.get(cause.verify_code, other)
        if isinstance(cause, ssl.SSLError):
            ours = _ABOUT_OURS.search(cause.reason or "")
            return "it wants another client certificate" if ours else "it does not speak TLS there, or not as we do"
        if isinstance(cause, socket.gaierror):
            again = cause.errno == socket.EAI_AGAIN
            return "its name cannot be looked up now" if again else "its name is not known here"
        if isinstance(cause, OSError) and cause.errno:
            return os.strerror(cause.errno).lower()
    return _by_type(error)


def _by_type(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.ProxyError):
        status = _STATUS.match(str(error))
        return f"the proxy answered {status[0]}" if status else "the proxy let nothing through"
    for kind, said in (
        (httpx.ConnectError, "no connection"),
        (httpx.NetworkError, "the connection broke"),
        (httpx.RemoteProtocolError, "it ended the connection or gave no answer that is HTTP"),
        (httpx.LocalProtocolError, "the request is none that HTTP can carry"),
        (httpx.UnsupportedProtocol, "its address is none that HTTP can use"),
    ):
        if isinstance(error, kind):
            return said
    return type(error).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
