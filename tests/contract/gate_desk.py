"""What the gate is given in a pipeline of the sandbox: settings, credentials, and a job's log to look into."""

from __future__ import annotations

import pathlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from portctl.gate.connections import MARKS_TOKEN, PORT_CLIENT, READ_TOKEN, SERVICENOW_SECRET, Connections, Rim
from portctl.gate.evidence import Run
from portctl.gate.gather import Desk
from portctl.sandbox.server import Sandbox
from tests.unit.gate.settings_file import document, settings

PIPELINES, MARKS, SERVICE = "platform/pipelines", "gate/deployment-marks", "shop/checkout"
CREATED = 1_790_000_000.0
MONTH = "2026-09"


def action(identifier: str, url: str, **inputs: str) -> dict[str, Any]:
    """An action on services, each of its inputs a text, whose backend is at `url`."""
    properties = {name: {"type": "string", "title": title} for name, title in inputs.items()}
    trigger = {
        "type": "self-service",
        "operation": "DAY-2",
        "blueprintIdentifier": "service",
        "userInputs": {"properties": properties},
    }
    return {"identifier": identifier, "trigger": trigger, "invocationMethod": {"type": "WEBHOOK", "url": url}}


def run_of(identifier: str, created_at: float = CREATED) -> Run:
    return Run(id=identifier, action="deploy_service_to_cluster", is_open=True, created_at=created_at)


@dataclass(frozen=True, slots=True)
class Seat:
    """A desk with the log of its job and every wait."""

    desk: Desk
    log: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)


def variables(sandbox: Sandbox) -> dict[str, str]:
    """What the jobs have, as variables."""
    known = sandbox.credentials
    return {
        **dict(zip(PORT_CLIENT, (known["port"]["gate"][name] for name in ("clientId", "clientSecret")), strict=True)),
        READ_TOKEN: known["gitlab"]["gate-reader"]["token"],
        MARKS_TOKEN: known["gitlab"]["gate-marks"]["token"],
        SERVICENOW_SECRET: known["servicenow"]["gate"]["password"],
    }


@contextmanager
def seated(sandbox: Sandbox, folder: pathlib.Path, environ: Mapping[str, str] | None = None) -> Iterator[Seat]:
    """Waiting moves the sandbox's clock. `environ`: other variables than the usual."""
    log: list[str] = []
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        sandbox.world.clock.advance(seconds)

    snow: dict[str, Any] = {**document()["servicenow"], "url": sandbox.urls["servicenow"]}
    chosen = settings(
        folder,
        port=sandbox.urls["port"],
        gitlab=sandbox.urls["gitlab"],
        pipelines=PIPELINES,
        marks=MARKS,
        servicenow=snow,
    )
    rim = Rim(environ=variables(sandbox) if environ is None else environ, say=log.append, sleep=sleep)
    connections = Connections(chosen, rim)
    try:
        yield Seat(Desk(settings=chosen, connections=connections, sleep=sleep), log, waits)
    finally:
        connections.close()
