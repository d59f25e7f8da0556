"""The way to a service: proxy, certificate authority, client certificate. What an instance's settings say of them."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any

from portctl.errors import InvalidInput
from portctl.model.project import InstanceSettings
from portctl.vault import Vault
from portctl.wire.auth import setting_text
from portctl.wire.client import DEFAULT_OPTIONS
from portctl.wire.environment import is_proxy

PROXY = "proxy"
CA_FILE = "caFile"
CLIENT_CERTIFICATE = "clientCertificate"
CLIENT_KEY = "clientKey"


def network_options(
    settings: InstanceSettings, vault: Vault, options: Mapping[str, Any] = DEFAULT_OPTIONS
) -> Mapping[str, Any]:
    """`options` with what `settings` say of the way to the instance.

    `caFile` is trusted in place of the usual authorities; a certificate without `clientKey` holds its key itself.
    Errors: InvalidInput for files, and for a proxy, that cannot be used.
    """
    found = dict(options)
    if PROXY in settings.settings:
        found[PROXY] = _proxy(settings, setting_text(vault, settings.settings[PROXY]))
    if CLIENT_KEY in settings.settings and CLIENT_CERTIFICATE not in settings.settings:
        raise _unusable(settings, CLIENT_KEY, f"a {CLIENT_KEY} belongs to a {CLIENT_CERTIFICATE}, and there is none")
    if CA_FILE in settings.settings or CLIENT_CERTIFICATE in settings.settings:
        found["verify"] = _context(settings)
    return found


def _proxy(settings: InstanceSettings, url: str) -> str:
    """`url` if it is an address; what it is instead may be part of a password, and is not said."""
    if not is_proxy(url):
        raise InvalidInput(
            "Proxy cannot be used",
            f"{PROXY} of {settings.provider}@{settings.name} is http:// or https://, a host and a port",
            source=settings.sources.at((PROXY,)),
            hint="In its user and password, characters such as / ? # @ and blanks are percent-encoded.",
        )
    return url


def _context(settings: InstanceSettings) -> ssl.SSLContext:
    authority, certificate, key = (
        str(settings.settings[name]) if name in settings.settings else None
        for name in (CA_FILE, CLIENT_CERTIFICATE, CLIENT_KEY)
    )
    try:
        context = ssl.create_default_context(cafile=authority)
    except (OSError, ssl.SSLError) as error:
        raise _unusable(settings, CA_FILE, f"{authority}: {_words(error)}") from error
    if certificate is not None:
        try:
            # A key with a passphrase would ask for it at the terminal.
            context.load_cert_chain(certificate, key, password=lambda: b"")
        except (OSError, ssl.SSLError) as error:
            raise _unusable(settings, CLIENT_CERTIFICATE, f"{certificate}: {_words(error)}") from error
    return context


def _words(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        return "it is not what OpenSSL can read, in PEM and without a passphrase"
    return error.strerror or type(error).__name__


def _unusable(settings: InstanceSettings, name: str, detail: str) -> InvalidInput:
    return InvalidInput(
        "Certificate cannot be used",
        detail,
        source=settings.sources.at((name,)),
        hint=f"Correct `{name}` in the environment file; files are relative to the project.",
    )
