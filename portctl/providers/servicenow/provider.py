"""One instance as a provider: each kind is served by the class that knows its ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from portctl.model.kind import Kind
from portctl.model.plan import InstanceInfo
from portctl.model.provider import About, Shortfall, ValidationIssue, WriteRequest
from portctl.model.resource import Identity, Live, Resource
from portctl.model.value import Attributes
from portctl.providers.servicenow.business_rules import BusinessRules
from portctl.providers.servicenow.columns import Columns
from portctl.providers.servicenow.messages import Messages
from portctl.providers.servicenow.objects import WIDTH, Objects, Surroundings
from portctl.providers.servicenow.records import Records
from portctl.source import Path

_SERVED_BY: Mapping[str, type[Objects]] = {
    "servicenow/BusinessRule": BusinessRules,
    "servicenow/Column": Columns,
    "servicenow/Record": Records,
    "servicenow/RestMessage": Messages,
}


class ServiceNowProvider:
    """See `model.provider.Provider`."""

    width = WIDTH

    def __init__(self, name: str, around: Surroundings) -> None:
        self.name = name
        self._around = around
        self._parts = {served: part(name, around) for served, part in _SERVED_BY.items()}

    def login(self) -> InstanceInfo:
        return self._around.login()

    def read(
        self, kind: Kind, identities: Sequence[Identity], about: Mapping[Identity, About] = MappingProxyType({})
    ) -> Mapping[Identity, Live]:
        return self._parts[kind.full_name].read(kind, identities, about)

    def fetch(self, kind: Kind, identity: Identity) -> Live | None:
        return self._parts[kind.full_name].fetch(kind, identity)

    def check(self, kind: Kind, identity: Identity, attributes: Attributes) -> Sequence[ValidationIssue]:
        return self._parts[kind.full_name].check(kind, identity, attributes)

    def shortfalls(self, resources: Sequence[Resource]) -> Sequence[Shortfall]:  # noqa: ARG002
        return ()

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
        return self._around.client.count

    def close(self) -> None:
        self._around.client.close()
