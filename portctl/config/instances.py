"""The instances of an environment: their settings, where a sandbox's come from, and what placeholders may read."""

from __future__ import annotations

import ipaddress
import pathlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from portctl.config.section import Section
from portctl.errors import InvalidInput
from portctl.findings import Findings, did_you_mean, listing
from portctl.model.address import DEFAULT_INSTANCE
from portctl.model.project import Environment, InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import Attributes, Pending, Sealed, SecretRef, Value
from portctl.source import Source, SourceMap
from portctl.template.expression import Function
from portctl.template.placeholder import PlaceholderError, fill
from portctl.yaml.document import Document

SANDBOX_FILE = ".portctl/sandbox.json"
_WHO = "It is service.person.credential, with the names under `others` in .portctl/sandbox.json."
NO_SANDBOX = "http://sandbox.invalid"
"""The address of a sandbox that does not run: enough to check and to render, never reached."""

_SCHEMES = ("https://", "http://")
_PORT_PAGES = re.compile(r"https://app\.([a-z]+\.)?(port\.io|getport\.io)([:/]|$)", re.IGNORECASE)
_INSTANCE_NAME = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Service:
    """What the environment file may say of an instance of one service."""

    api: str
    """Path of the API under `url`."""

    credentials: tuple[str, ...]
    secret: frozenset[str]
    """Credentials that may not stand in a file."""

    others: tuple[str, ...] = field(default=())

    @property
    def keys(self) -> tuple[str, ...]:
        return ("url", *self.credentials, *self.others, *NETWORK)


FILES = ("caFile", "clientCertificate", "clientKey")
NETWORK = ("proxy", *FILES)
"""Settings of the way to a service, which every instance may have."""

SERVICES: Mapping[str, Service] = {
    "port": Service("/v1", ("clientId", "clientSecret"), frozenset({"clientSecret"}), ("organization",)),
    "gitlab": Service("/api/v4", ("token",), frozenset({"token"}), ("user",)),
    "servicenow": Service(
        "/api/now",
        ("username", "password"),
        frozenset({"password", "clientSecret", "apiKey"}),
        ("clientId", "clientSecret", "apiKey", "instance", "updateSet"),
    ),
}

Instances = dict[tuple[str, str], InstanceSettings]


def secret_name(provider: str, credential: str) -> str:
    """`PORT_CLIENT_ID` for `clientId` of `port`: the name that a sandbox's credentials go by."""
    return f"{provider}_{re.sub(r'(?<=[a-z])(?=[A-Z])', '_', credential)}".upper()


def read_instances(section: Section, values: Attributes, root: pathlib.Path, *, sandbox: bool) -> Instances:
    """The declared instances. With `sandbox` they may have no settings of their own. Files are relative to `root`."""
    section.close(SERVICES, "instances")
    found: Instances = {}
    for provider in section.value:
        service = SERVICES.get(provider)
        if service is None:
            continue
        below = section.section(provider)
        for name in below.value:
            if _INSTANCE_NAME.fullmatch(name) is None or name in (*service.keys, "api_url"):
                below.complain_key(name, "Malformed name", "Instance names have letters, digits, `_` and `-`.")
                continue
            settings = dict(_settings(below.section(name), service, values, sandbox=sandbox))
            settings.update({key: str(root / str(settings[key])) for key in FILES if key in settings})
            places = SourceMap(below.document.sources.at((*below.path, name)), _places(below, name))
            found[provider, name] = InstanceSettings(provider=provider, name=name, settings=settings, sources=places)
    return found


def _places(section: Section, name: str) -> Mapping[tuple[str | int, ...], Source]:
    path = (*section.path, name)
    return {(key,): section.document.sources.at((*path, key)) for key in section.section(name).value}


def _settings(
    section: Section, service: Service, values: Attributes, *, sandbox: bool
) -> Mapping[str, str | bool | int | Pending]:
    if sandbox:
        for key in section.value:
            section.complain_key(key, "Setting of a sandbox", f"{key} comes from the running sandbox; leave it out.")
        return {}
    section.close(service.keys, "An instance")
    names = {
        "values": values,
        "secret": Function("secret('NAME')", lambda name: Sealed((SecretRef(name),))),
    }
    settings: dict[str, str | bool | int | Pending] = {}
    for key, written in section.value.items():
        value = _filled(section, key, written, names)
        if key in service.secret and not isinstance(value, Sealed):
            hint = f"Write <% secret('{secret_name(str(section.path[-2]), key)}') %> and declare that secret."
            section.complain((key,), "Secret in a file", f"{key} may not stand in the file.", hint)
        elif key in FILES and isinstance(value, Pending):
            section.complain((key,), "Secret as a file", f"{key} is the name of a file that holds it.")
        elif key == "organization" and isinstance(value, Pending):
            detail = "Plans and the ledger name the organization, so it is no secret."
            section.complain((key,), "Secret as a name", detail, "Write the id itself, or take it from values.")
        elif isinstance(value, str | Pending):
            settings[key] = value
        elif value is not None:
            section.wrong((key,), value, "Text")
    _check_addresses(section, settings)
    return settings


def _check_addresses(section: Section, settings: Mapping[str, Value]) -> None:
    """`url` and `proxy` are addresses, and their credentials stand elsewhere."""
    if "url" not in section.value:
        section.complain((), "Missing key", "url, the address of the service, is missing.")
    url, proxy = settings.get("url", ""), settings.get("proxy", "")
    if not isinstance(url, str) or (url and not url.startswith(_SCHEMES)):
        section.complain(("url",), "Not an address", "url starts with https:// and holds no secret.")
    elif url.startswith("http://") and not _is_this_machine(url):
        detail = "Secrets would travel over http://, where everybody on the way can read them."
        section.complain(("url",), "Not encrypted", detail, "Write https://; http:// is for this machine only.")
    elif "@" in url:
        section.complain(("url",), "Secret in a file", "url holds credentials.", "Use the settings made for them.")
    elif section.path[-2:-1] == ("port",) and _PORT_PAGES.match(url):
        detail = f"{url} has Port's pages; its API is elsewhere."
        section.complain(
            ("url",), "Not an API", detail, "Write https://api.port.io (EU) or https://api.us.port.io (US)."
        )
    if isinstance(proxy, str) and proxy and not proxy.startswith(_SCHEMES):
        section.complain(("proxy",), "Not an address", "proxy starts with http:// or https://.")
    elif isinstance(proxy, str) and "@" in proxy:
        hint = "Keep the whole address in a secret: <% secret('PROXY') %>."
        section.complain(("proxy",), "Secret in a file", "proxy holds credentials.", hint)


def _is_this_machine(url: str) -> bool:
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _filled(section: Section, key: str, written: Value, names: Mapping[str, Any]) -> Value:
    if not isinstance(written, str):
        return written
    try:
        return fill(written, names)
    except PlaceholderError as error:
        section.complain((key,), error.summary, error.detail, error.hint)
        return None


def sandbox_instances(
    declared: Instances, running: Mapping[str, Any] | None, document: Document, findings: Findings
) -> tuple[Instances, dict[str, SecretSource]]:
    """Every instance at the running sandbox, and its credentials as secrets.

    `running` is what the sandbox wrote to its file. Without it, instances stand at `NO_SANDBOX`: manifests can be
    checked and rendered, and `require_sandbox` says what is missing.
    """
    services: Mapping[str, Any] = {name: {} for name in SERVICES} if running is None else running.get("services", {})
    found: Instances = {}
    secrets: dict[str, SecretSource] = {}
    wanted = {*declared, *((provider, DEFAULT_INSTANCE) for provider in services if provider in SERVICES)}
    for provider, name in sorted(wanted):
        service = services.get(provider)
        if service is None:
            detail = f"The running sandbox has no {provider}.{did_you_mean(provider, services)}"
            findings.error("Not in the sandbox", declared[provider, name].sources.document, detail=detail)
            continue
        settings: dict[str, str | bool | int | Pending] = {"url": str(service.get("url", NO_SANDBOX))}
        if service.get("organization"):
            settings["organization"] = str(service["organization"])
        for credential in SERVICES[provider].credentials:
            secret = secret_name(provider, credential)
            settings[credential] = Sealed((SecretRef(secret),))
            known = service.get("credentials", {}).get(credential)
            secrets[secret] = (
                SecretSource(secret, SecretOrigin.ENV, secret)
                if known is None
                else SecretSource(secret, SecretOrigin.VALUE, str(known))
            )
        source = declared[provider, name].sources if (provider, name) in declared else document.sources
        found[provider, name] = InstanceSettings(
            provider=provider, name=name, settings=settings, sources=SourceMap(source.document)
        )
    return found, secrets


def in_sandbox(source: SecretSource, running: Mapping[str, Any] | None, section: Section) -> SecretSource:
    """A secret that is a credential of somebody in the sandbox: its value, or the environment's where none runs."""
    if source.origin is not SecretOrigin.SANDBOX:
        return source
    if running is None:
        return SecretSource(source.name, SecretOrigin.ENV, source.name)
    service, _, rest = str(source.argument).partition(".")
    person, _, credential = rest.rpartition(".")
    known = running.get("services", {}).get(service, {}).get("others", {}).get(person, {}).get(credential)
    if known is None:
        section.complain((source.name, "sandbox"), "Not in the sandbox", f"The sandbox has no {source.argument}.", _WHO)
        return source
    return SecretSource(source.name, SecretOrigin.VALUE, str(known))


def require_sandbox(environment: Environment) -> None:
    """Raise InvalidInput when the environment is a sandbox that does not run."""
    if any(settings.settings.get("url") == NO_SANDBOX for settings in environment.instances.values()):
        raise InvalidInput(
            "The sandbox does not run",
            f"{environment.file} is a sandbox environment, and no sandbox of this project runs.",
            source=Source(environment.file),
            hint="Start it: portctl sandbox up --detach",
        )


def provider_context(environment: Environment) -> Mapping[str, Attributes]:
    """What placeholders may read of the instances: `port.eu.url`, and `port.url` for the default one.

    Settings that hold a secret are left out, and so is the way there.
    """
    context: dict[str, dict[str, Value]] = {}
    for (provider, name), instance in sorted(environment.instances.items()):
        service = SERVICES[provider]
        readable: dict[str, Value] = {
            key: value
            for key, value in instance.settings.items()
            if key not in NETWORK and not isinstance(value, Pending)
        }
        if "url" in readable:
            readable["url"] = str(readable["url"]).rstrip("/").removesuffix(service.api)
            readable["api_url"] = f"{readable['url']}{service.api}"
        above = context.setdefault(provider, {})
        above[name] = readable
        if name == DEFAULT_INSTANCE:
            above.update(readable)
    return context


def unknown_instance(environment: Environment, provider: str, name: str) -> str:
    """Why `provider@name` cannot be used, in words; nothing when it can."""
    if (provider, name) in environment.instances:
        return ""
    names = [other for at, other in environment.instances if at == provider]
    known = f"it has {listing(names)}" if names else f"it has no instance of {provider}"
    return f'{environment.file} has no instance "{name}" of {provider}; {known}.{did_you_mean(name, names)}'
