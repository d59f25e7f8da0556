"""The variables of the environment that httpx reads: proxies and certificate authorities. Which of them cannot be used.

Their values are never shown, as an address of a proxy holds a password. httpx has no other look at them than to fail.
Source: https://www.python-httpx.org/environment_variables/
"""

from __future__ import annotations

import os
import re
import ssl
from functools import cache
from urllib.parse import urlsplit

from portctl.errors import InvalidInput

_NEVER_IN_ADDRESSES = re.compile(r"[\x00-\x20\x7f]")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_FILE = "SSL_CERT_FILE"
_FOLDER = "SSL_CERT_DIR"


def is_proxy(url: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    """Whether `url` has a scheme, a host and nothing that no address has."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        host.encode("idna")
        return parts.scheme in schemes and bool(host) and parts.port != 0 and not _NEVER_IN_ADDRESSES.search(url)
    except ValueError:
        return False


def unusable_proxy(error: Exception) -> InvalidInput:
    """Why httpx refused the environment with `error`."""
    given = [name for name in sorted(os.environ) if name.lower() in _PROXIES and os.environ[name]]
    socks = [name for name in given if _address(name).lower().startswith(("socks5://", "socks5h://"))]
    wrong = [name for name in given if name not in socks and not is_proxy(_address(name))]
    if isinstance(error, ImportError):
        return _refused(
            socks,
            "a SOCKS proxy, and the package for these is not installed",
            "Install httpx[socks] beside portctl, or name an HTTP proxy.",
        )
    if wrong:
        return _refused(
            wrong,
            "no address of a proxy: http:// or https://, a host and a port",
            "In its user and password, characters such as / ? # @ and blanks are percent-encoded.",
        )
    lists = [name for name in sorted(os.environ) if name.lower() == "no_proxy" and os.environ[name]]
    return _refused(lists or given, "no list of hosts", "NO_PROXY is a list of hosts with commas between them.")


def unusable_authority(error: OSError) -> InvalidInput | None:
    """What httpx met where it read certificates, if a variable says where these are."""
    if not os.environ.get(_FILE):
        return None
    why = "no certificate in PEM" if isinstance(error, ssl.SSLError) else os.strerror(error.errno or 0).lower()
    return _certificate(_FILE, why)


def check_authorities() -> None:
    """OpenSSL says nothing of a folder that is not there, and then trusts nobody. Raises InvalidInput."""
    folders = os.environ.get(_FOLDER, "")
    if folders and not os.environ.get(_FILE) and not any(map(os.path.isdir, folders.split(os.pathsep))):
        raise _certificate(_FOLDER, "no such folder")


def default_authorities() -> ssl.SSLContext:
    """Whom a client trusts where its instance names nobody. Read once: it takes longer than a request."""
    return _authorities(os.environ.get(_FILE, ""), os.environ.get(_FOLDER, ""))


@cache
def _authorities(file: str, folder: str) -> ssl.SSLContext:  # noqa: ARG001 - httpx reads both from the environment
    import httpx

    return httpx.create_ssl_context()


def _address(name: str) -> str:
    url = os.environ[name]
    return url if "://" in url else f"http://{url}"


def _refused(names: list[str], why: str, hint: str) -> InvalidInput:
    named = ", ".join(names)
    return InvalidInput("Proxy cannot be used", f"{named} in the environment holds {why}", hint=hint)


def _certificate(name: str, why: str) -> InvalidInput:
    return InvalidInput(
        "Certificate cannot be used",
        f"{name} in the environment: {why}",
        hint=f"Correct {name} or unset it; an instance's `caFile` counts in its place.",
    )
