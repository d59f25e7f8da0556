"""Providers for the sandbox's ServiceNow, and one body of every kind."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from portctl.compare.canonical import same
from portctl.compare.normalise import normalise
from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.provider import About, WriteRequest
from portctl.model.resource import Identity, Live
from portctl.model.value import MISSING, Attributes, SecretRef, freeze, get, leaves, pending
from portctl.providers.catalogue import catalogue
from portctl.providers.servicenow.api import connect
from portctl.providers.servicenow.provider import ServiceNowProvider
from portctl.sandbox.server import Sandbox
from portctl.source import Path, Source, SourceMap
from portctl.vault import Vault

KINDS = {name.partition("/")[2]: kind for name, kind in catalogue().items() if kind.provider == "servicenow"}
SEALED = pending((SecretRef("SIGNATURE"),))
SECRET_SETTINGS = ("password", "clientSecret", "apiKey")
BASIC = ("username", "password")

COLUMN = {
    "name": "change_request",
    "element": "u_external_tags",
    "column_label": "External tags",
    "internal_type": "string",
    "max_length": 255,
}
RULE = {
    "name": "Tell Port",
    "collection": "change_request",
    "when": "async",
    "action_insert": True,
    "advanced": True,
    "condition": "current.approval.changes()",
    "script": {"content": "(function () {\n  gs.info('told');  \n})();\n"},
}
MESSAGE = {
    "name": "Port webhook",
    "rest_endpoint": "https://ingest.example.com/key",
    "headers": {"Accept": "application/json"},
    "functions": {
        "post": {"http_method": "POST", "headers": {"Content-Type": "application/json", "x-signature": SEALED}},
        "ping.get": {"http_method": "get", "rest_endpoint": "https://ingest.example.com/ping"},
    },
}
MEMBER = {
    "table": "sys_user_grmember",
    "key": "user.user_name=portctl.gate^group.name=Service Desk",
    "references": {"user": "sys_user", "group": "sys_user_group"},
}
GROUP = {
    "table": "sys_user_group",
    "key": "name=Portctl, owners",
    "references": {"manager": "sys_user"},
    "columns": {"description": "Who owns it", "active": True, "manager.user_name": "pat.platform"},
}


def identity_of(kind: str, body: Mapping[str, Any]) -> Identity:
    return tuple(body[name] for name in KINDS[kind].identity)


def settings_for(sandbox: Sandbox, credential: str, names: tuple[str, ...]) -> tuple[Mapping[str, Any], Vault]:
    """The named settings of a seeded user; what is secret among them goes into the vault."""
    known = sandbox.credentials["servicenow"][credential]
    sources = {name: SecretSource(name, SecretOrigin.VALUE, known[name]) for name in SECRET_SETTINGS}
    sources["SIGNATURE"] = SecretSource("SIGNATURE", SecretOrigin.VALUE, "signature-s3cr3t")
    given = {name: pending((SecretRef(name),)) if name in SECRET_SETTINGS else known[name] for name in names}
    return given, Vault(sources, root=pathlib.Path(), environ={})


@contextmanager
def provider_for(
    sandbox: Sandbox,
    credential: str = "default",
    names: tuple[str, ...] = BASIC,
    *,
    read_only: bool = False,
    sleep: Callable[[float], object] | None = None,
    now: Callable[[], float] | None = None,
    **changes: Any,
) -> Iterator[ServiceNowProvider]:
    """A provider as the seeded user of a credential; waiting moves the sandbox's clock."""
    given, vault = settings_for(sandbox, credential, names)
    settings = {"url": f"{sandbox.urls['servicenow']}/api/now", **given, **changes}
    instance = InstanceSettings(
        provider="servicenow", name="default", settings=settings, sources=SourceMap(Source("environments/test.yaml"))
    )
    clock = sandbox.world.clock
    provider = connect(
        instance,
        vault=vault,
        read_only=read_only,
        sleep=sleep or clock.advance,
        now=now or clock.seconds,
    )
    try:
        yield provider
    finally:
        provider.close()


def write_request(kind: str, body: Mapping[str, Any], changed: tuple[Path, ...] = (), **given: Any) -> WriteRequest:
    return WriteRequest(identity=identity_of(kind, body), attributes=freeze(body), changed=changed, merge=True, **given)


def about(body: Mapping[str, Any]) -> About:
    return About(freeze(body), frozenset())


def read(provider: ServiceNowProvider, kind: str, body: Mapping[str, Any]) -> Live | None:
    """The object that a body describes, as a plan reads it."""
    identity = identity_of(kind, body)
    return provider.read(KINDS[kind], [identity], {identity: about(body)}).get(identity)


def create(provider: ServiceNowProvider, kind: str, body: Mapping[str, Any]) -> Live:
    return provider.create(KINDS[kind], write_request(kind, body))


def unlike(kind: str, body: Attributes, live: Live) -> dict[str, Any]:
    """What a live object has at the paths of a body where it is not as the body says."""
    wanted = normalise(KINDS[kind], freeze(body))
    found = normalise(KINDS[kind], live.attributes, like=wanted)
    differing = {}
    for path, value in leaves(wanted):
        there = get(found, path)
        if there is MISSING or not same(there, value):
            differing[".".join(map(str, path))] = there
    return differing
