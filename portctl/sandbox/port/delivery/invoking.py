"""Jobs that carry a run out. Source: port.md 4.5, 5.1, 5.6, 5.7."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from portctl.sandbox.core.jobs import Work
from portctl.sandbox.core.state import Row
from portctl.sandbox.core.world import World
from portctl.sandbox.port.context import CHAIN_HEADER
from portctl.sandbox.port.credentials import Registry
from portctl.sandbox.port.delivery import upserting
from portctl.sandbox.port.delivery.outgoing import Outgoing, note, send, signature
from portctl.sandbox.port.delivery.rendering import Rendered, render, secrets_of, text
from portctl.sandbox.port.jq_program import UNDEFINED
from portctl.sandbox.port.runs import record
from portctl.sandbox.port.store.organisation import Cause, Organisation
from portctl.sandbox.port.templates import TemplateError

_BODILESS = ("GET",)


class Invoker:
    """Carries out the runs of all organisations of a service."""

    def __init__(self, world: World, organisations: Mapping[str, Organisation], registry: Registry) -> None:
        self._world = world
        self._organisations = organisations
        self._registry = registry

    def work(self) -> Work:
        return Work(self._invoke, lambda payload: str(payload["action"]), outside=True)

    def _invoke(self, payload: Row) -> None:
        organisation = self._organisations[payload["organisation"]]
        with self._world.lock:
            run = organisation.state.get("runs", payload["run"])
            name = payload["action"] if run is None else run["action"]["identifier"]  # it may have been renamed
            action = organisation.state.get("actions", name)
            secrets = secrets_of(organisation)
        if run is None or run["status"] != record.IN_PROGRESS:
            return
        if action is None:
            self._end(organisation, run["id"], {}, f'The action "{payload["action"]}" was deleted')
            return
        method = action["invocationMethod"]
        try:
            rendered = render(method, run["_data"], secrets)
        except TemplateError as error:
            self._end(organisation, run["id"], {}, f"Failed to evaluate the templates of the action: {error}")
            return
        backends: dict[str, Callable[[Organisation, Row, Rendered], None]] = {
            "WEBHOOK": self._webhook,
            "UPSERT_ENTITY": self._upsert,
        }
        backends.get(method["type"], self._refuse)(organisation, run, rendered)

    def _webhook(self, organisation: Organisation, run: Row, rendered: Rendered) -> None:
        sent, shown = rendered.sent, rendered.shown
        if _is_true(sent.get("agent")):
            self._refuse(organisation, run, rendered, "the execution agent")
            return
        reply = send(self._world, self._outgoing(organisation, run, sent, text(shown.get("url", UNDEFINED))))
        synchronised = _is_true(sent.get("synchronized"))
        changes: Row = {"payload": shown}
        if synchronised:
            changes["response"] = reply.body
        if not reply.is_good:
            if synchronised or organisation.strict("failed-delivery"):
                self._end(organisation, run["id"], changes, reply.complaint())
            else:
                self._keep(organisation, run["id"], changes)
        elif synchronised:
            self._end(organisation, run["id"], changes, None)
        else:
            self._keep(organisation, run["id"], changes)

    def _outgoing(self, organisation: Organisation, run: Row, sent: Row, shown_url: str) -> Outgoing:
        method = str(sent.get("method", "POST"))
        body = None if method in _BODILESS else _compact(sent.get("body", {}))
        headers = {name: text(value) for name, value in (sent.get("headers") or {}).items()}
        known = {name.lower() for name in headers}
        owner = self._registry.owner(organisation.identifier)
        headers |= signature(owner.client_secret, int(self._world.clock.seconds()), body or b"")
        if body is not None and "content-type" not in known:
            headers["Content-Type"] = "application/json"
        if "user-agent" not in known:
            headers["User-Agent"] = "Port/1.0"
        url = text(sent.get("url", UNDEFINED))
        if self._is_own(organisation, url):
            headers[CHAIN_HEADER] = run["id"]
            if "authorization" not in known:
                with self._world.lock:
                    token = self._registry.own_token(organisation.identifier)
                headers["Authorization"] = f"Bearer {token}"
        return Outgoing(method, url, shown_url, headers, body)

    def _is_own(self, organisation: Organisation, url: str) -> bool:
        """Whether a URL is Port's own API, under any of its names."""
        try:
            address = self._world.hosts.resolve(url)
        except ValueError:
            return False
        return address is not None and address.startswith(f"{organisation.address.url}/v1/")

    def _upsert(self, organisation: Organisation, run: Row, rendered: Rendered) -> None:
        with self._world.lock:
            complaint = upserting.upsert(organisation, run, rendered.sent)
        self._end(organisation, run["id"], {"payload": rendered.shown}, complaint)

    def _refuse(self, organisation: Organisation, run: Row, rendered: Rendered, what: str | None = None) -> None:
        """A backend that is not emulated: said in the journal and in the run."""
        what = what or f"the backend {rendered.shown['type']}"
        complaint = f"The sandbox does not emulate {what}"
        note(self._world, Outgoing("RUN", "", f"/{run['action']['identifier']}"), 501, f"not emulated: {what}")
        self._end(organisation, run["id"], {"payload": rendered.shown}, complaint)

    def _keep(self, organisation: Organisation, run_id: str, changes: Row) -> None:
        """Note what was sent; the run stays open until somebody reports."""
        with self._world.lock:
            run = organisation.state.get("runs", run_id)
            if run is not None:
                record.note(organisation, run, changes)

    def _end(self, organisation: Organisation, run_id: str, changes: Row, complaint: str | None) -> None:
        """End a run, unless somebody did while its backend was working."""
        with self._world.lock:
            run = organisation.state.get("runs", run_id)
            if run is None:
                return
            cause = _cause(run)
            if run["status"] != record.IN_PROGRESS:
                record.note(organisation, run, changes)
                return
            status = "SUCCESS" if complaint is None else "FAILURE"
            if complaint is not None:
                record.log(organisation, run, {"message": complaint}, cause)
                changes = {**changes, "summary": complaint}
            record.change(organisation, run, {**changes, "status": status}, cause)


def _cause(run: Row) -> Cause:
    return Cause(run["createdBy"], run["source"], run_id=run["id"], chain=tuple(run["_chain"]))


def _is_true(value: object) -> bool:
    """Flags may be templates, which may yield text."""
    return value is True or (isinstance(value, str) and value.strip().lower() == "true")


def _compact(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
