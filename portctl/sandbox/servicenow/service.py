"""The ServiceNow emulator as a service: sign-in, limits, routes, and the envelope around every refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from portctl.sandbox.core.exchange import Answer, Request
from portctl.sandbox.core.router import Match, Router
from portctl.sandbox.core.state import State
from portctl.sandbox.core.world import World
from portctl.sandbox.servicenow import oauth
from portctl.sandbox.servicenow.accounts import caller_of
from portctl.sandbox.servicenow.context import Call
from portctl.sandbox.servicenow.errors import SnowError, api_denied, no_resource, not_emulated
from portctl.sandbox.servicenow.jobs import Jobs
from portctl.sandbox.servicenow.limits import RateLimits, limit_headers
from portctl.sandbox.servicenow.routes import EMULATED, REVOKE, ROUTES, TOKEN, Route
from portctl.sandbox.servicenow.rules.business_rules import BusinessRules
from portctl.sandbox.servicenow.rules.engine import Engine
from portctl.sandbox.servicenow.seed.fill import api_key_of, client_of, fill, instance_name, password_of
from portctl.sandbox.servicenow.seed.people import PEOPLE
from portctl.sandbox.servicenow.store.approvals import Approvals
from portctl.sandbox.servicenow.store.behaviours import BEHAVIOURS
from portctl.sandbox.servicenow.store.changes import Changes
from portctl.sandbox.servicenow.store.instance import Actor, Instance
from portctl.sandbox.servicenow.store.records import Records
from portctl.sandbox.servicenow.xml import as_xml

BODY_LIMIT_BYTES = 10 * 1024 * 1024
HIBERNATING = (
    "<!doctype html><html><head><title>Instance Hibernating page</title></head>"
    "<body><h1>Your instance is hibernating</h1></body></html>"
)
"""What a developer instance that sleeps answers, with 200, whatever the request (for a fault of kind `html`)."""
_MESSAGES = {
    401: "User is not authenticated",
    403: "Operation Failed",
    404: "No Record found",
    429: "Rate limit exceeded",
}


class ServiceNowService:
    """One instance."""

    name = "servicenow"

    def __init__(self, world: World) -> None:
        self.world = world
        self.instance = Instance(instance_name(world.ids.seed), State(world.clock, self._changed), world)
        self.jobs = Jobs(world, self.instance.state)
        self.engine = Engine()
        rules = BusinessRules(self.instance, self.jobs, self.engine)
        behaviours = dict(BEHAVIOURS)
        self.records = Records(self.instance, behaviours, rules)
        rules.records = self.records
        behaviours.update(Approvals(self.records, self.jobs).behaviours())
        behaviours.update(Changes(self.records, self.jobs).behaviours())
        self._limits = RateLimits(self.instance)
        self._router: Router[Route] = Router((route.method, route.template, route) for route in ROUTES)
        fill(self.instance)
        self._seeded = self.instance.state.dump()

    def respond(self, request: Request) -> Answer:
        request = _overridden(request)
        if request.path == TOKEN and request.method == "POST":
            return replace(oauth.token(self.instance, request), route=TOKEN)
        if request.path == REVOKE and request.method == "GET":
            return replace(oauth.revoke(self.instance, request), route=REVOKE)
        match = self._router.match(request.method, request.path)
        actor: Actor | None = None
        headers: dict[str, str] = {}
        try:
            if match is None and not request.path.startswith(EMULATED):
                raise not_emulated(f"the route {request.method} {request.path}")
            self.jobs.advance()
            actor = caller_of(self.instance, request)
            headers, refusal = self._limits.count(request, actor)
            answer = refusal or self._answer(request, match, actor)
        except SnowError as error:
            answer = error.answer()
        answer = replace(
            answer,
            headers={**headers, **answer.headers},
            route=match.template if match else None,
            caller=actor.user_name if actor else None,
            note="not emulated" if answer.status == 501 else answer.note,
        )
        return self._negotiated(request, answer)

    def refuse(self, status: int, why: str) -> Answer:
        message = _MESSAGES.get(status, "Transaction failed" if status >= 500 else "Bad request")
        answer = SnowError(status, message, why).answer()
        if status != 429:
            return answer
        reset = int(self.world.clock.seconds()) + 60
        return replace(answer, headers=limit_headers(100, reset, self.instance.stable_id("fault")))

    def reset(self) -> None:
        self.jobs.reset()
        self._limits.reset()
        self.instance.state.load(self._seeded)
        self.instance.reshape()

    def settle(self) -> int:
        return self.jobs.settle()

    def dump(self) -> dict[str, Any]:
        return self.instance.state.dump()

    def load(self, saved: Mapping[str, Any]) -> None:
        self.instance.state.load(saved)
        self.instance.reshape()

    def credentials(self) -> dict[str, dict[str, str]]:
        return {person.credential: self._credential(person.user_name) for person in PEOPLE}

    def listen_at(self, url: str) -> None:
        self.instance.url = url
        self.jobs.start()

    def close(self) -> None:
        """End what runs in the background; it starts again with `listen_at`."""
        self.jobs.stop()
        self.engine.close()

    def _credential(self, user_name: str) -> dict[str, str]:
        client_id, secret = client_of(self.instance, user_name)
        return {
            "organisation": self.instance.name,
            "username": user_name,
            "password": password_of(self.instance, user_name),
            "clientId": client_id,
            "clientSecret": secret,
            "apiKey": api_key_of(self.instance, user_name),
        }

    def _changed(self) -> None:
        self.world.changed()

    def _answer(self, request: Request, match: Match[Route] | None, actor: Actor) -> Answer:
        if len(request.body) > BODY_LIMIT_BYTES:
            raise SnowError(400, "Request body too large", "The limit is 10 MB")
        if match is None:
            raise no_resource()
        if match.target.roles and not actor.has(*match.target.roles):
            raise api_denied()
        return match.target.handler(Call(request, match.params, actor, self.records, self.instance.lagging()))

    def _negotiated(self, request: Request, answer: Answer) -> Answer:
        """The answer in the form that was asked for."""
        silent = request.headers.get("x-no-response-body", "").lower() == "true"
        if silent and request.method in ("POST", "PUT", "PATCH") and answer.status < 300:
            return replace(answer, body="")
        accept = request.headers.get("accept", "").strip() or "*/*"  # an empty one names no type
        if answer.body == "" or "application/json" in accept:
            return answer
        if "*/*" in accept:
            return as_xml(answer) if self.instance.strict("accept") else answer
        if "xml" in accept:
            return as_xml(answer)
        refusal = SnowError(406, "Requested content type is not supported", accept).answer()
        return replace(refusal, route=answer.route, caller=answer.caller)


def _overridden(request: Request) -> Request:
    """X-HTTP-Method-Override lets POST stand for another method."""
    method = request.headers.get("x-http-method-override")
    return replace(request, method=method.upper()) if method and request.method == "POST" else request
