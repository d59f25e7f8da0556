"""A project of a few manifests, and a sandbox to apply it to."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from portctl.cli import output
from portctl.cli.run import run
from portctl.sandbox.core.faults import Fault
from portctl.sandbox.process import describe
from portctl.sandbox.server import Sandbox
from tests.servers import running_sandbox
from tests.tap import check_exchanges

PROJECT = """\
apiVersion: portctl/v1
project: delivery
defaultEnvironment: sandbox
secrets:
  TOKEN: {env: TOKEN}
"""
ENVIRONMENT = """\
apiVersion: portctl/v1
sandbox: true
instances:
  port:
    default: {}
values:
  title: Change
"""
BLUEPRINT = """\
apiVersion: portctl/v1
kind: port/Blueprint
metadata: {name: change}
spec:
  identifier: change
  title: <% values.title %>
  schema: {properties: {tier: {type: string, title: Tier}}, required: []}
"""
SECRET = """\
apiVersion: portctl/v1
kind: port/Secret
metadata: {name: TOKEN}
spec: {secretName: TOKEN, secretValue: "<% secret('TOKEN') %>"}
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. The sandbox's address, which is another one in every run, reads `URL`."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Place:
    """A project folder and the sandbox behind it."""

    root: pathlib.Path
    sandbox: Sandbox
    capture: pytest.CaptureFixture[str]

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def fail(self, fault: Fault) -> None:
        self.sandbox.faults.add(fault)

    def run(self, *arguments: str) -> Ended:
        self.capture.readouterr()
        code = run([*arguments, "-C", str(self.root)])
        told = self.capture.readouterr()
        url = self.sandbox.urls["port"]
        return Ended(code, told.out.replace(url, "URL"), told.err.replace(url, "URL"))


@pytest.fixture(scope="session")
def _sandbox() -> Iterator[Sandbox]:
    with running_sandbox(seed=0) as sandbox:
        yield sandbox


@pytest.fixture
def place(
    _sandbox: Sandbox,
    tmp_path: pathlib.Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Place]:
    _sandbox.reset()
    monkeypatch.setenv("TOKEN", "sup3rs3cret")
    made = Place(tmp_path, _sandbox, capsys)
    made.write("portctl.yaml", PROJECT)
    made.write("environments/sandbox.yaml", ENVIRONMENT)
    made.write("blueprints/change.yaml", BLUEPRINT)
    made.write("integrations/secret.yaml", SECRET)
    made.write(".portctl/sandbox.json", json.dumps(describe(_sandbox)))
    yield made
    output.scrub_with(str)
    check_exchanges(_sandbox.journal.exchanges())
