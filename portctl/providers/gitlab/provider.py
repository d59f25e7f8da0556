"""One GitLab as a provider: each kind is served by the class that knows its ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.provider import About, Shortfall, ValidationIssue, WriteRequest
from portctl.model.resource import Identity, Live, Resource
from portctl.model.value import Attributes
from portctl.providers.gitlab.account import Account
from portctl.providers.gitlab.files import Files
from portctl.providers.gitlab.objects import WIDTH, GitLabObjects
from portctl.providers.gitlab.projects import Projects
from portctl.providers.gitlab.server import Server
from portctl.providers.gitlab.triggers import Triggers
from portctl.providers.gitlab.variables import Variables
from portctl.source import Path
from portctl.vault import Vault
from portctl.wire.client import Client

_SERVED_BY: Mapping[str, type[GitLabObjects]] = {
    "gitlab/Project": Projects,
    "gitlab/Variable": Variables,
    "gitlab/GroupVariable": Variables,
    "gitlab/PipelineTrigger": Triggers,
    "gitlab/Files": Files,
}


class GitLabProvider:
    """See `model.provider.Provider`."""

    width = WIDTH

    def __init__(
        self,
        name: str,
        client: Client,
        vault: Vault,
        *,
        account: Account,
        login: Callable[[], InstanceInfo],
        sleep: Callable[[float], object],
    ) -> None:
        self.name = name
        self._client = client
        self._login = login
        self._server = Server(client)
        self._parts = {
            served: part(name, client, vault, account=account, login=login, sleep=sleep)
            for served, part in _SERVED_BY.items()
        }

    def login(self) -> InstanceInfo:
        return self._login()

    def read(
        self, kind: Kind, identities: Sequence[Identity], about: Mapping[Identity, About] = MappingProxyType({})
    ) -> Mapping[Identity, Live]:
        return self._parts[kind.full_name].read(kind, identities, about)

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        return self._parts[kind.full_name].fetch(kind, identity)

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[ValidationIssue]:
        return self._parts[kind.full_name].check(kind, identity, attributes)

    def shortfalls(self, resources: Sequence[Resource]) -> Sequence[Shortfall]:
        return self._server.shortfalls(resources)

    def create(self, kind: Kind, write: WriteRequest) -> Live:
        return self._parts[kind.full_name].create(kind, write)

    def update(self, kind: Kind, live: Live, write: WriteRequest) -> Live:
        return self._parts[kind.full_name].update(kind, live, write)

    def delete(self, kind: Kind, live: Live, *, cascade: bool = False) -> None:
        self._parts[kind.full_name].delete(kind, live, cascade=cascade)

    def rename(self, kind: Kind, live: Live, path: Path, before: str) -> Live:
        return self._parts[kind.full_name].rename(kind, live, path, before)

    def populated(self, kind: Kind, live: Live, *, besides: int = 0) -> bool:
        return self._parts[kind.full_name].populated(kind, live, besides=besides)

    def requests(self) -> int:
        return self._client.count

    def close(self) -> None:
        self._client.close()
