"""One sandbox for all contract tests, as new before each, and a provider that is logged in to it."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portctl.model.project import InstanceSettings, SecretOrigin, SecretSource
from portctl.model.value import SecretRef, pending
from portctl.providers.gitlab.api import connect as connect_gitlab
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.providers.port.api import connect
from portctl.providers.rest import RestProvider
from portctl.sandbox.server import Sandbox
from portctl.source import Source, SourceMap
from portctl.vault import Vault
from tests.servers import running_sandbox
from tests.tap import check_exchanges
from tests.tap_gitlab import check_gitlab_exchanges

Connect = Callable[..., RestProvider]
AsUser = Callable[..., GitLabProvider]


@pytest.fixture(scope="session")
def served() -> Iterator[Sandbox]:
    with running_sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(served: Sandbox) -> Iterator[Sandbox]:
    served.reset()
    yield served
    check_exchanges(served.journal.exchanges())
    assert served.world.crashes == []


@pytest.fixture
def connected(sandbox: Sandbox) -> Iterator[Connect]:
    """Makes providers: `connected("member", clientSecret="wrong")`; waiting moves the sandbox's clock."""
    made: list[RestProvider] = []

    def make(credential: str = "default", *, read_only: bool = False, **changes: Any) -> RestProvider:
        known = sandbox.credentials["port"][credential]
        vault = Vault(
            {
                "PORT_CLIENT_SECRET": SecretSource("", SecretOrigin.VALUE, known["clientSecret"]),
                "HOOK": SecretSource("HOOK", SecretOrigin.VALUE, "hook-s3cr3t"),
            },
            root=pathlib.Path(),
            environ={},
        )
        settings: dict[str, Any] = {
            "url": f"{sandbox.urls['port']}/v1",
            "clientId": known["clientId"],
            "clientSecret": pending((SecretRef("PORT_CLIENT_SECRET"),)),
            **changes,
        }
        instance = InstanceSettings(
            provider="port", name="default", settings=settings, sources=SourceMap(Source("environments/test.yaml"))
        )
        provider = connect(instance, vault=vault, read_only=read_only, sleep=sandbox.world.clock.advance)
        made.append(provider)
        return provider

    yield make
    for provider in made:
        provider.close()


@pytest.fixture
def port(connected: Connect) -> RestProvider:
    return connected()


@pytest.fixture
def as_user(sandbox: Sandbox) -> Iterator[Callable[..., GitLabProvider]]:
    """Makes providers of GitLab by the name of a credential; what they sent is held against GitLab's description."""
    made: list[GitLabProvider] = []

    def make(credential: str = "default", *, read_only: bool = False, **changes: Any) -> GitLabProvider:
        vault = Vault(
            {
                "TOKEN": SecretSource("", SecretOrigin.VALUE, sandbox.credentials["gitlab"][credential]["token"]),
                "LOGIN": SecretSource("LOGIN", SecretOrigin.VALUE, "l0gin-s3cr3t"),
            },
            root=pathlib.Path(),
            environ={},
        )
        settings: dict[str, Any] = {
            "url": f"{sandbox.urls['gitlab']}/api/v4/",
            "token": pending((SecretRef("TOKEN"),)),
            **changes,
        }
        instance = InstanceSettings(
            provider="gitlab", name="default", settings=settings, sources=SourceMap(Source("environments/test.yaml"))
        )
        provider = connect_gitlab(instance, vault=vault, read_only=read_only, sleep=sandbox.world.clock.advance)
        made.append(provider)
        return provider

    yield make
    for provider in made:
        provider.close()
    check_gitlab_exchanges(sandbox.journal.exchanges())


@pytest.fixture
def gitlab(as_user: Callable[..., GitLabProvider]) -> GitLabProvider:
    """As the service account that owns the groups."""
    return as_user()
