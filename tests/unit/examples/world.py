"""A project, its ledger and its shop, put together the way the commands do it."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path as FilePath
from typing import Any

from portctl.apply.execute import ApplyContext, Approval, execute
from portctl.errors import PortctlError
from portctl.ledger.document import dump_ledger, load_ledger, new_ledger
from portctl.model.address import Address
from portctl.model.change import Change
from portctl.model.kind import Kind
from portctl.model.ledger import Entry, Ledger, Run
from portctl.model.plan import Plan, PlanOptions, Step
from portctl.model.project import Guards, SecretOrigin, SecretSource
from portctl.model.report import Outcome, Report
from portctl.model.resource import Identity, Meta, RemoteKey, Resource
from portctl.model.value import OutputRef, Pending, SecretRef, freeze, pending
from portctl.plan.decide import PlanInputs
from portctl.plan.make import Frame, make_plan, select
from portctl.plan.outputs import lookup_in
from portctl.plan.references import References
from portctl.refresh.read import Reader, check_instances
from portctl.source import Source, SourceMap
from portctl.vault import Vault
from tests.unit.examples.kinds import CATALOGUE, DOOR, GOOD, KEY, OFFER, RIGHTS, SHELF
from tests.unit.examples.service import Clock, Shop

INSTANCE = "shop@default"


def address(kind: Kind, name: str) -> Address:
    return Address(kind.provider, kind.name, name)


def key_of(kind: Kind, *identity: str) -> RemoteKey:
    return (INSTANCE, kind.full_name, identity)


def resource(kind: Kind, identity: Identity, attributes: Mapping[str, Any], name: str = "", **meta: Any) -> Resource:
    return Resource(
        address=address(kind, name or "_".join(identity)),
        kind=kind,
        identity=identity,
        attributes=freeze(attributes),
        meta=Meta(**meta),
        sources=SourceMap(Source(f"{kind.name.lower()}s/{'_'.join(identity)}.yaml")),
    )


def shelf(
    identifier: str, attributes: Mapping[str, Any] | None = None, *, links: tuple[str, ...] = (), **meta: Any
) -> Resource:
    linked = {"links": {f"to_{other}": {"target": other} for other in links}} if links else {}
    return resource(SHELF, (identifier,), {"id": identifier, **linked, **(attributes or {})}, **meta)


def offer(identifier: str, attributes: Mapping[str, Any] | None = None, **meta: Any) -> Resource:
    return resource(OFFER, (identifier,), {"id": identifier, **(attributes or {})}, **meta)


def rights(of: str, roles: tuple[str, ...], **meta: Any) -> Resource:
    return resource(RIGHTS, (of,), {"sell": {"roles": roles}}, within=address(OFFER, of), **meta)


def good(on: str, identifier: str, attributes: Mapping[str, Any], **meta: Any) -> Resource:
    return resource(GOOD, (on, identifier), {"shelf": on, "id": identifier, **attributes}, **meta)


def key(identifier: str, secret: str, attributes: Mapping[str, Any] | None = None, **meta: Any) -> Resource:
    return resource(KEY, (identifier,), {"id": identifier, "value": sealed(secret), **(attributes or {})}, **meta)


def door(identifier: str, attributes: Mapping[str, Any], **meta: Any) -> Resource:
    return resource(DOOR, (identifier,), {"id": identifier, **attributes}, **meta)


def sealed(name: str, before: str = "", after: str = "") -> Pending:
    return pending(tuple(part for part in (before, SecretRef(name), after) if part))


def awaited(of: Resource, name: str, *, secret: bool = False) -> Pending:
    return pending((OutputRef(of.address, name, secret),))


class MemoryBackend:
    """A ledger that lives as text, so that every load and save passes through the real form. `dead`: saves fail."""

    def __init__(self) -> None:
        self.text = dump_ledger(replace(new_ledger("shop", "test"), salt="00" * 16, lineage="one"))
        self.dead = False
        self.saves = 0

    @property
    def where(self) -> str:
        return "memory"

    def die(self) -> None:
        self.dead = True

    def load(self) -> Ledger:
        return load_ledger(self.text, self.where)

    def save(self, ledger: Ledger) -> Ledger:
        if self.dead:
            raise KeyboardInterrupt
        if self.load().serial != ledger.serial:
            raise PortctlError("Ledger changed underneath")
        saved = replace(ledger, serial=ledger.serial + 1)
        self.text = dump_ledger(saved)
        self.saves += 1
        return saved

    def lock(self, holder: str) -> AbstractContextManager[None]:  # noqa: ARG002
        return contextlib.nullcontext()


class Watcher:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def started(self, step: Step) -> None:
        self.said.append(f"started {step.key}")

    def ended(self, outcome: Outcome) -> None:
        self.said.append(f"{outcome.status} {outcome.step.key}")

    def waiting(self, text: str) -> None:
        self.said.append(text)


@dataclass(slots=True)
class World:
    """Everything around the engine. `secrets` are the values that can be had."""

    secrets: dict[str, str] = field(default_factory=dict)
    workers: int = 1
    guards: Guards = field(default_factory=lambda: Guards(deletes=100, delete_share=1.0))
    clock: Clock = field(default_factory=Clock)
    backend: MemoryBackend = field(default_factory=MemoryBackend)
    watch: Watcher = field(default_factory=Watcher)
    vault: Vault = None  # type: ignore[assignment]  # made from `secrets` where none is given
    shop: Shop = field(init=False)

    def __post_init__(self) -> None:
        self.vault = self.vault or self._vault()
        self.shop = Shop(self.vault, self.clock)

    def set_secrets(self, **values: str) -> None:
        """Other values, as a later run would find them."""
        self.secrets = values
        self.vault = self._vault()
        self.shop._vault = self.vault

    def _vault(self) -> Vault:
        names = ("A", "B", *self.secrets)
        sources = {name: SecretSource(name, SecretOrigin.ENV, name) for name in names}
        return Vault(sources, root=FilePath(), environ=self.secrets)

    @property
    def ledger(self) -> Ledger:
        return self.backend.load()

    def entry(self, kind: Kind, *identity: str) -> Entry | None:
        return self.ledger.entries.get(key_of(kind, *identity))

    def reader(self) -> Reader:
        return Reader(
            providers={INSTANCE: self.shop},
            catalogue=CATALOGUE,
            workers=self.workers,
            sleep=self.clock.sleep,
            now=self.clock.now,
            waiting=self.watch.waiting,
        )

    def inputs(self, *resources: Resource, **options: Any) -> PlanInputs:
        """Log in, read, and lay out everything that decisions stand on."""
        ledger = self.ledger
        keys = [each.remote_key for each in resources] + [key for key in ledger.entries if key[1] in CATALOGUE]
        reader = self.reader()
        check_instances(reader.login([INSTANCE]), ledger)
        lives = reader.read(keys, ledger)
        by_address = {each.address: each for each in resources}
        there = {each.address: lives[each.remote_key] for each in resources if each.remote_key in lives}
        return PlanInputs(
            resources=by_address,
            catalogue=CATALOGUE,
            ledger=ledger,
            lives=lives,
            vault=self.vault,
            lookup=lookup_in(by_address, there, self.vault),
            populated=self._populated,
            options=PlanOptions(**options),
            references=References(resources),
        )

    def _populated(self, change: Change) -> bool:
        return change.live is not None and self.shop.populated(change.kind, change.live, besides=change.spare)

    def plan(self, *resources: Resource, **options: Any) -> Plan:
        inputs = self.inputs(*resources, **options)
        known = frozenset(entry.address for entry in inputs.ledger.entries.values())
        selected = select(resources, inputs.options, inputs.references, known)
        frame = Frame(
            project="shop",
            environment="test",
            guards=self.guards,
            instances={INSTANCE: self.shop.login()},
            configured=frozenset({INSTANCE}),
        )
        return make_plan(inputs, selected, frame)

    def execute(self, plan: Plan) -> Report:
        return execute(plan, Approval.given(plan), self.ledger, self.context(plan))

    def context(self, plan: Plan) -> ApplyContext:
        return ApplyContext(
            providers={INSTANCE: self.shop},
            backend=self.backend,
            vault=self.vault,
            resources={change.address: change.resource for change in plan.changes if change.resource},
            watch=self.watch,
            run=Run(id="run", who="tester", commit="c0ffee", started=self.clock.now(), operations={}),
            workers=self.workers,
            now=self.clock.now,
            sleep=self.clock.sleep,
        )

    def apply(self, *resources: Resource, **options: Any) -> Report:
        return self.execute(self.plan(*resources, **options))

    def revive(self) -> None:
        """Another process takes over after one was killed."""
        self.shop.faults.kill_at = 0
        self.shop.dead = self.backend.dead = False

    def settle(self) -> None:
        """Let so much time pass that no list is late any more."""
        self.clock.sleep(60)


def actions(plan: Plan) -> list[str]:
    """`create shop/Shelf:a`: what the plan does, in words."""
    return [f"{change.action} {change.address}" for change in plan.changes]


def refused(plan: Plan) -> list[tuple[int, str, str, str]]:
    return [(int(each.exit_code), each.summary, each.detail, each.hint) for each in plan.refusals]


def ended(report: Report) -> dict[str, str]:
    return {outcome.step.key: str(outcome.status) for outcome in report.outcomes}
