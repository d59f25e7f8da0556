"""A project full of secrets that are hard to keep, commands that are run in it, and every place where one may show."""

from __future__ import annotations

import base64
import json
import logging
import pathlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import click
import pytest

from portctl.cli.common_options import CommonOptions
from portctl.cli.root import root as program
from portctl.cli.run import run
from portctl.errors import PortctlError
from portctl.sandbox.process import describe
from portctl.sandbox.server import Sandbox
from tests.canary.echo import TOKEN
from tests.canary.values import ECHOES, values

BODIES = ("q7Xw2Zk9", "m4Hc8Tb1", "v9Rf3Lp6", "j2Ys5Gd7", "z8Nk1Vx4", "w6Bq4Jh3")
"""One for each secret of the project: whose value has leaked shows."""

NAMES = tuple(f"HOLDER{number}" for number in range(len(BODIES)))
VALUES = tuple(values(BODIES[0], "canary"))
GROUPS = tuple(
    tuple(VALUES[(first + at) % len(VALUES)] for at in range(len(BODIES)))
    for first in range(0, len(VALUES), len(BODIES))
)
"""Which values the secrets have together. Each value is in one of them, at least."""

PROJECT = """\
apiVersion: portctl/v1
project: canary
manifests: [manifests]
defaultEnvironment: sandbox
secrets:
"""
MANIFESTS = """\
apiVersion: portctl/v1
kind: port/Secret
metadata: {name: held}
spec: {secretName: HELD, secretValue: "<% secret('HOLDER0') %>"}
---
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: hook}
spec:
  identifier: hook
  title: Hook
  enabled: true
  mappings: []
  security: {secret: "<% secret('HOLDER1') %>", signatureHeaderName: X-Signature, signatureAlgorithm: sha256}
---
apiVersion: portctl/v1
kind: gitlab/Project
metadata: {name: canary}
spec: {path_with_namespace: platform/canary, name: Canary, visibility: private}
---
apiVersion: portctl/v1
kind: gitlab/Variable
metadata: {name: plain, in: "gitlab/Project:canary"}
spec: {key: PLAIN, environment_scope: "*", value: "a <% secret('HOLDER2') %> b", raw: true}
---
apiVersion: portctl/v1
kind: gitlab/Variable
metadata: {name: masked, in: "gitlab/Project:canary"}
spec: {key: MASKED, environment_scope: "*", value: "<% secret('HOLDER3') %>", masked: true, raw: true}
---
apiVersion: portctl/v1
kind: gitlab/PipelineTrigger
metadata: {name: canary, in: "gitlab/Project:canary"}
spec: {description: "portctl: canary"}
---
apiVersion: portctl/v1
kind: port/Secret
metadata: {name: born}
spec: {secretName: BORN, secretValue: "<% output('gitlab/PipelineTrigger:canary', 'token') %>"}
---
apiVersion: portctl/v1
kind: servicenow/RestMessage
metadata: {name: canary}
spec:
  name: Canary
  rest_endpoint: "https://example.com/<% secret('HOLDER4') | urlencode %>"
  headers: {Authorization: "Basic <% 'user' | basic_auth(secret('HOLDER5')) %>"}
  functions:
    post: {http_method: post, headers: {X-Held: "<% secret('HOLDER4') | b64encode %>"}}
"""
REAL = """\
apiVersion: portctl/v1
instances:
  port: {default: {url: URL, clientId: "<% secret('HOLDER0') %>", clientSecret: "<% secret('HOLDER1') %>"}}
  gitlab: {default: {url: URL, token: "<% secret('HOLDER2') %>"}}
  servicenow: {default: {url: URL, SIGN_IN}}
"""
SIGN_INS: Mapping[str, str] = {
    "Basic": "username: admin, password: \"<% secret('HOLDER3') %>\"",
    "an API key": "apiKey: \"<% secret('HOLDER3') %>\"",
    "OAuth": "clientId: us, clientSecret: \"<% secret('HOLDER4') %>\", username: admin, "
    "password: \"<% secret('HOLDER5') %>\"",
}


@dataclass
class Ground:
    """`looked`: in how many texts of each place secrets were looked for."""

    root: pathlib.Path
    capture: pytest.CaptureFixture[str]
    records: pytest.LogCaptureFixture
    held: dict[str, str] = field(default_factory=dict)
    tracks: dict[str, Tracks] = field(default_factory=dict)
    born: set[str] = field(default_factory=set)
    looked: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    found: int = 0

    def furnish(self, number: int, turn: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """The project, and a value of a group for each secret: in the environment, else in a file outside.

        `turn`: which of the values the first secret has.
        """
        lines = [PROJECT]
        group = [GROUPS[number][(turn + at) % len(BODIES)] for at in range(len(BODIES))]
        for name, body, kind in zip(NAMES, BODIES, group, strict=True):
            value = values(body, "canary")[kind]
            self.held[name], self.tracks[name] = value, Tracks.of(body, value)
            if "\0" in value or value.endswith("\n"):
                outside = self.root.parent / f"{self.root.name}-{name}"
                outside.write_bytes(f"{value}\n".encode())
                lines.append(f"  {name}: {{file: {json.dumps(str(outside))}}}\n")
            else:
                monkeypatch.setenv(name, value)
                lines.append(f"  {name}: {{env: {name}}}\n")
        self.write("portctl.yaml", "".join(lines))
        self.write("manifests/all.yaml", MANIFESTS)

    def in_sandbox(self, sandbox: Sandbox) -> None:
        self.write("environments/sandbox.yaml", "apiVersion: portctl/v1\nsandbox: true\n")
        self.write(".portctl/sandbox.json", json.dumps(describe(sandbox)))

    def in_earnest(self, url: str, sign_in: str) -> None:
        self.write("environments/sandbox.yaml", REAL.replace("URL", url).replace("SIGN_IN", SIGN_INS[sign_in]))

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run(self, *arguments: str) -> str:
        """Run a command and look everywhere. What it has said; fails for whatever it should not have."""
        self.capture.readouterr()
        self.records.clear()
        code = run([*arguments, "-C", str(self.root)])
        self.commands += 1
        told = self.capture.readouterr()
        assert "This is a bug in portctl" not in told.err, told.err
        self._look("standard output", told.out, arguments)
        self._look("standard error", told.err, arguments)
        for record in self.records.records:
            self._look("log records", f"{record.getMessage()} {record.exc_text or ''}", arguments)
        self.look_into_files(arguments)
        return f"{code}\n{told.out}\n{told.err}"

    def raised(self, *arguments: str) -> list[str]:
        """The errors of ours that a command raises, as whoever catches them sees them; each looked at."""
        texts: list[str] = []
        try:
            program.main([*arguments, "-C", str(self.root)], "portctl", standalone_mode=False, obj=CommonOptions())
        except (PortctlError, click.ClickException) as error:
            seen: BaseException | None = error
            while seen is not None:
                if isinstance(seen, PortctlError):
                    texts.append(f"{seen!r} {seen} {seen.detail} {seen.hint} {vars(seen)}")
                seen = seen.__cause__ or seen.__context__
        finally:
            self.capture.readouterr()
        for text in texts:
            self._look("exceptions", text, arguments)
        return texts

    def look_into_files(self, arguments: Sequence[str]) -> None:
        for path in sorted(self.root.rglob("*")):
            if path.is_file() and path.name != "sandbox.json":
                relative = path.relative_to(self.root)
                place = str(relative.parent) if relative.parts[0] == ".portctl" else relative.parts[0]
                self._look(f"files: {place}", path.read_text("utf-8", "replace"), arguments)
                self._look("names of files", str(relative), arguments)

    def _look(self, place: str, text: str, arguments: Sequence[str]) -> None:
        self.looked[place] += 1
        found = [f"{name} in {place} of {' '.join(arguments)}" for name in NAMES if self.tracks[name].are_in(text)]
        found += [f"a born secret in {place} of {' '.join(arguments)}" for each in (*self.born, TOKEN) if each in text]
        self.found += len(found)
        assert found == [], f"{found}: {text[:3000]}"


def quiet_logs(records: pytest.LogCaptureFixture) -> None:
    """Every record of every logger is looked at, whatever its level."""
    records.set_level(logging.DEBUG)


@dataclass(frozen=True, slots=True)
class Tracks:
    """What a secret leaves in a text: anything of its heart, in whatever case, or all of it in one of its forms."""

    hearts: tuple[str, ...]
    wholes: frozenset[str]

    @classmethod
    def of(cls, body: str, value: str) -> Tracks:
        heart = body[:6]
        forms = {echo(value) for name, echo in ECHOES.items() if len(value) < _LONG or name in _FEW}
        return cls((heart.lower(), heart.lower().encode().hex()), frozenset((*forms, *_cores(heart))))

    def are_in(self, text: str) -> bool:
        folded = text.lower()
        return any(heart in folded for heart in self.hearts) or any(whole in text for whole in self.wholes)


_LONG = 200
_FEW = ("as it is", "JSON", "percent", "base64")


def _cores(body: str) -> tuple[str, ...]:
    """What Base64 makes of it, wherever it begins, without what depends on its neighbours."""
    ways = ((0, 0, 8), (1, 2, 8), (2, 3, 8))
    encoded = (base64.b64encode(b"x" * skipped + body.encode()).decode() for skipped, _, _ in ways)
    return tuple(
        text[start:].rstrip("=")[: -1 if skipped else None]
        for text, (skipped, start, _) in zip(encoded, ways, strict=True)
    )
