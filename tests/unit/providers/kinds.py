"""Small kinds that show one ability each, and a provider that talks to a scripted service."""

from __future__ import annotations

import pathlib
from typing import Any

from portctl.model.kind import Count, Coverage, Kind, Merge, Purge, Rename, Search, Verb
from portctl.model.plan import InstanceInfo
from portctl.model.project import SecretOrigin, SecretSource
from portctl.model.resource import Live
from portctl.model.value import freeze
from portctl.providers.rest import RestProvider
from portctl.vault import Vault
from tests.unit.wire.services import Service

INFO = InstanceInfo(provider="example", name="default", identity="org", url="https://api.example")


def kind(**given: Any) -> Kind:
    """A plain kind: things with an `identifier` in one list, replaced with PUT."""
    plain: dict[str, Any] = {
        "provider": "example",
        "name": "Thing",
        "source": "an example",
        "summary": "A thing.",
        "identity": ("identifier",),
        "collection": "/things",
        "envelope": ("thing",),
        "list_envelope": ("things",),
        "server_owned": ("id", "createdAt"),
        "schema": dict,
    }
    return Kind(**{**plain, **given})


THING = kind(
    renames=(Rename("parts.*", "{item}/parts/{before}/rename", "newName"),),
    count=Count("{item}/count", of="shop/Part"),
    purge=Purge(
        path="{item}/all",
        query={"with": "everything"},
        job="job",
        job_path="/jobs/{job}",
        state="job.state",
        done=frozenset({"DONE"}),
        failed=frozenset({"FAILED"}),
    ),
)
PATCHED = kind(
    update=Verb.PATCH,
    merge=Merge.PATCH,
    coverage=Coverage.DECLARED,
    patch_depth=2,
    clear={"lists.*": ()},
)
SCOPED = kind(
    identity=("group", "identifier"),
    collection="/groups/{group}/things",
    item="{collection}/{identifier}",
    scope=("group",),
    encode=lambda attributes: {key: value for key, value in attributes.items() if key != "group"},
)
SEARCHED = kind(
    identity=("group", "identifier"),
    collection="/groups/{group}/things",
    scope=("group",),
    search=Search("{collection}/search", lambda names, cursor: {"in": tuple(names), "from": cursor}, size=2),
)
CHILD = kind(
    name="Child",
    parent="example/Thing",
    identity=(),
    collection="",
    item="/things/{parent}/child",
    envelope=("child",),
    create=None,
    update=Verb.PATCH,
    eventual=True,
)


def provider(service: Service, **options: Any) -> RestProvider:
    """A provider whose vault knows one secret, `TOKEN`."""
    vault = Vault({"TOKEN": SecretSource("TOKEN", SecretOrigin.VALUE, "s3cr3t-token")}, root=pathlib.Path(), environ={})
    given: dict[str, Any] = {"login": lambda: INFO, "sleep": service.waits.append, **options}
    return RestProvider("default", service.client(safe=("/groups/*/things/search",)), vault, **given)


def live(of: Kind, *identity: str, **attributes: Any) -> Live:
    return Live(of, identity, freeze(attributes))
