"""A project on disk and a sandbox behind it: what a user has, driven through the same functions as the commands."""

from __future__ import annotations

import json
import pathlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import yaml

from portctl import app
from portctl.app import Session, Workspace
from portctl.apply.execute import Approval
from portctl.cli.wiring import Choices, open_session, open_workspace
from portctl.model.address import Address
from portctl.model.change import Action, Change
from portctl.model.plan import Plan, PlanOptions, Step
from portctl.model.report import Outcome, Report
from portctl.sandbox.server import Sandbox


class Silence:
    """Watches and says nothing; keeps what it was told."""

    def __init__(self) -> None:
        self.waits: list[str] = []

    def started(self, step: Step) -> None: ...

    def ended(self, outcome: Outcome) -> None: ...

    def waiting(self, text: str) -> None:
        self.waits.append(text)


class World:
    """One project folder against one sandbox. `waits_move_clock`: nothing is waited for but on the sandbox's clock."""

    def __init__(
        self,
        root: pathlib.Path,
        sandbox: Sandbox,
        *,
        credential: str = "default",
        workers: int = 8,
        waits_move_clock: bool = False,
    ) -> None:
        self.root = root
        self.waits_move_clock = waits_move_clock
        self.sandbox = sandbox
        self.workers = workers
        self.watch = Silence()
        self.write(
            "portctl.yaml",
            {
                "apiVersion": "portctl/v1",
                "project": "laws",
                "manifests": ["manifests"],
                "defaultEnvironment": "sandbox",
            },
        )
        self.secrets: dict[str, str] = {}
        self.environment({})
        self.point_at(sandbox, credential)

    def point_at(self, sandbox: Sandbox, credential: str = "default") -> None:
        services = {
            name: {"url": url, "credentials": sandbox.credentials[name][credential]}
            for name, url in sandbox.urls.items()
            if credential in sandbox.credentials[name]
        }
        self.write(".portctl/sandbox.json", {"pid": 0, "control": sandbox.control, "services": services})

    def environment(self, secrets: dict[str, str]) -> None:
        """Set the values of the declared secrets; a name with an empty value is declared and not available."""
        self.secrets = dict(secrets)
        sources = {name: {"value": value} if value else {"env": f"NOT_SET_{name}"} for name, value in secrets.items()}
        self.write("environments/sandbox.yaml", {"apiVersion": "portctl/v1", "sandbox": True, "secrets": sources})

    def write(self, name: str, document: Any) -> pathlib.Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document) if name.endswith(".json") else _yaml(document), encoding="utf-8")
        return path

    def manifests(self, files: dict[str, list[dict[str, Any]]]) -> None:
        """Make the manifest folder hold exactly these files."""
        folder = self.root / "manifests"
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        for name, documents in files.items():
            (folder / name).write_text(yaml.safe_dump_all(documents, sort_keys=False), encoding="utf-8")

    def workspace(self) -> Workspace:
        return open_workspace(Choices(directory=self.root, environment="sandbox", workers=self.workers))

    @contextmanager
    def session(self, *, read_only: bool) -> Iterator[Session]:
        clock = self.sandbox.world.clock
        sleep = clock.advance if self.waits_move_clock else lambda seconds: time.sleep(seconds / clock.scale)
        with open_session(self.workspace(), read_only=read_only, watch=self.watch, sleep=sleep) as session:
            yield replace(session, now=clock.seconds) if self.waits_move_clock else session

    def plan(self, **options: Any) -> Plan:
        with self.session(read_only=True) as session:
            return app.plan(session, PlanOptions(**options))

    def apply(self, **options: Any) -> Report:
        with self.session(read_only=False) as session:
            plan = app.plan(session, PlanOptions(**options))
            return app.apply(session, plan, Approval.given(plan))

    def destroy(self, **options: Any) -> Report:
        return self.apply(destroy=True, **options)


def acting(plan: Plan) -> dict[str, Action]:
    """Address -> action, of everything that would happen."""
    return {str(change.address): change.action for change in plan.changes if change.action is not Action.NOOP}


def change_of(plan: Plan, address: str) -> Change:
    return next(change for change in plan.changes if change.address == Address.parse(address))


def _yaml(document: Any) -> str:
    if isinstance(document, list):
        return yaml.safe_dump_all(document, sort_keys=False)
    return yaml.safe_dump(document, sort_keys=False)
