"""The Port emulator as a service: authentication, limits, routes, and the envelope around every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.jobs import JobQueue
from portctl.sandbox.core.limits import Meter, Quota
from portctl.sandbox.core.router import Match, Router
from portctl.sandbox.core.state import State
from portctl.sandbox.core.world import World
from portctl.sandbox.port import seed
from portctl.sandbox.port.automations import timers
from portctl.sandbox.port.automations.reacting import react
from portctl.sandbox.port.context import Call, parse_body
from portctl.sandbox.port.credentials import Credential, Registry, seeded_credentials
from portctl.sandbox.port.delivery.invoking import Invoker
from portctl.sandbox.port.errors import PortError, not_emulated
from portctl.sandbox.port.ingest import mapping
from portctl.sandbox.port.ingest.receiving import INGEST, receive
from portctl.sandbox.port.ingest.receiving import ROUTE as INGEST_ROUTE
from portctl.sandbox.port.jq_program import ENGINE
from portctl.sandbox.port.limits import LIMITS, Group, group_of, headers
from portctl.sandbox.port.routes import ROUTES, Route
from portctl.sandbox.port.runs.record import INVOKE
from portctl.sandbox.port.schemas.check import check
from portctl.sandbox.port.schemas.token import TOKEN_BODY
from portctl.sandbox.port.store import migrations, people
from portctl.sandbox.port.store.organisation import Organisation

BODY_LIMIT_BYTES = 1024 * 1024
JOBS = "port-jobs"
"""The name under which background work stands in the journal, and under which faults hit it."""
_WORKERS = 4


class PortService:
    """Two organisations, whose tables never meet, behind one address."""

    name = "port"

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self._meter = Meter(world.clock)
        self._router: Router[Route] = Router((route.method, route.template, route) for route in ROUTES)
        self._tokens = State(world.clock, self._changed)
        names = seed.organisation_names(world.ids.seed)
        self._registry = Registry(world, self._tokens, seeded_credentials(world.ids.seed, *names, seed.PEOPLE))
        self.organisations = {name: Organisation(name, State(world.clock, self._changed), world) for name in names}
        self._work = State(world.clock, self._changed)
        self.jobs = JobQueue(JOBS, world, self._work, workers=_WORKERS, tick=self._tick)
        self.jobs.register(INVOKE, Invoker(world, self.organisations, self._registry).work())
        self.jobs.register(INGEST, mapping.work(self.organisations))
        self._seed()
        for organisation in self.organisations.values():
            organisation.runtime.later = self.jobs.add
            organisation.runtime.listeners.append(react)

    @property
    def organisation(self) -> Organisation:
        """The organisation of the default credentials."""
        return next(iter(self.organisations.values()))

    def respond(self, request: Request) -> Answer:
        match = self._router.match(request.method, request.path)
        group = group_of(request.method, match.template) if match else Group.OTHER
        caller: Credential | None = None
        quota: Quota | None = None
        try:
            if group is not Group.UNAUTHENTICATED and match is not None and match.template != INGEST_ROUTE:
                caller = self._registry.caller(request.headers.get("authorization"))
            quota = self._count(group, caller)
            answer = self._answer(request, match, caller, quota)
        except PortError as error:
            answer = error.answer()
        return self._finished(answer, match, caller, quota or self._count(Group.UNAUTHENTICATED, None))

    def refuse(self, status: int, why: str) -> Answer:
        errors = {401: "unauthorized", 403: "forbidden", 404: "not_found", 429: "rate_limit_exceeded"}
        error = errors.get(status, "internal_error" if status >= 500 else "invalid_request")
        return PortError(status, error, why).answer()

    def reset(self) -> None:
        self.jobs.reset()
        self._meter.reset()
        self._tokens.load({})
        for organisation in self.organisations.values():
            organisation.state.load({})
            organisation.runtime.cut_chains.clear()
        self._seed()

    def settle(self) -> int:
        """Errors: Unsettled where automations set each other off without end."""
        with self.world.lock:
            ended = sum(migrations.finish(organisation) for organisation in self.organisations.values())
            self._tick()
        ended += self.jobs.settle()
        with self.world.lock:
            cut = [text for organisation in self.organisations.values() for text in organisation.runtime.cut_chains]
            for organisation in self.organisations.values():
                organisation.runtime.cut_chains.clear()
        if cut:
            raise self.jobs.storm(cut[0])
        return ended

    def dump(self) -> dict[str, Any]:
        tables = {name: organisation.state.dump() for name, organisation in self.organisations.items()}
        return {"tokens": self._tokens.dump(), "organisations": tables, "jobs": self._work.dump()}

    def load(self, saved: Mapping[str, Any]) -> None:
        self._tokens.load(saved["tokens"])
        for name, organisation in self.organisations.items():
            organisation.state.load(saved["organisations"][name])
        self._work.load(saved.get("jobs", {}))
        self.jobs.load()

    def credentials(self) -> dict[str, dict[str, str]]:
        return {
            each.name: {
                "clientId": each.client_id,
                "clientSecret": each.client_secret,
                "organisation": each.organisation,
            }
            for each in self._registry.all()
        }

    def listen_at(self, url: str) -> None:
        self.url = url
        for organisation in self.organisations.values():
            organisation.address.url = url
        self.jobs.start()

    def close(self) -> None:
        """End what runs in the background; it starts again with `listen_at`."""
        self.jobs.stop()
        ENGINE.close()

    def _seed(self) -> None:
        first, second = self.organisations.values()
        seed.fill(first)
        seed.fill_elsewhere(second)
        for organisation in (first, second):
            organisation.state.forget()

    def _tick(self) -> None:
        for organisation in self.organisations.values():
            timers.advance(organisation)

    def _changed(self) -> None:
        self.world.changed()

    def _answer(self, request: Request, match: Match[Route] | None, caller: Credential | None, quota: Quota) -> Answer:
        if quota.exceeded:
            message = f"Too many requests, retry in {quota.reset_after_seconds} seconds"
            refusal = PortError(429, "rate_limit_exceeded", message).answer()
            return replace(refusal, headers={"retry-after": str(quota.reset_after_seconds)})
        if len(request.body) > BODY_LIMIT_BYTES:
            raise PortError(413, "payload_too_large", "Request body is too large (limit is 1MiB)")
        if match is None:
            raise not_emulated(f"the route {request.method} {request.path}")
        if match.template == INGEST_ROUTE:
            return receive(self.organisations.values(), match.params["key"], request)
        if caller is None:
            return self._issue(request)
        organisation = self.organisations[caller.organisation]
        if not match.target.reads and not people.is_admin(organisation, caller):
            raise PortError(403, "forbidden", "The role Member is not allowed to do this")
        migrations.advance(organisation)
        timers.advance(organisation)
        return match.target.handler(Call(request, match.params, caller, organisation, organisation.lagging()))

    def _issue(self, request: Request) -> Answer:
        body = parse_body(request)
        check(TOKEN_BODY, body)
        return Answer(200, self._registry.issue(body["clientId"], body["clientSecret"]), caller=body["clientId"])

    def _count(self, group: Group, caller: Credential | None) -> Quota:
        tenant = caller.organisation if caller else "anonymous"
        if caller is not None and caller.is_service_account:
            tenant = caller.client_id
        return self._meter.count(f"{tenant}:{group}", LIMITS[group], burst=self.world.switches.strict("burst"))

    def _finished(self, answer: Answer, match: Match[Route] | None, caller: Credential | None, quota: Quota) -> Answer:
        return replace(
            answer,
            headers={**headers(quota, epoch=self.world.switches.strict("reset-header")), **answer.headers},
            route=match.template if match else None,
            caller=caller.client_id if caller else answer.caller,
            note="not emulated" if answer.status == 501 else answer.note,
        )
