"""The life of a project, told by the program itself: every command as a process, in the order somebody would type."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from tests.e2e.processes import Done, portctl
from tests.e2e.refused_settings import REAL
from tests.servers import port_client
from tests.unit.cli.conftest import BLUEPRINT, PROJECT, Place
from tests.waiting import PATIENCE_SECONDS

HEADER = "Plan for delivery, environment sandbox\n  port: org_gZnqUwgGk11MbWi2 at URL as Sandbox\n\n"
SAME = "No changes. Everything is as the manifests say (2 resources).\n"
EXPLAINED = """\
# blueprints/change.yaml:1:1
apiVersion: "portctl/v1"
kind: "port/Blueprint"
metadata:
  name: "change"
spec:
  identifier: "change"
  title: "Change"  # values.title (environments/sandbox.yaml)
  schema:
    properties:
      tier:
        type: "string"
        title: "Tier"
    required: []
"""


def ended(done: Done, code: int = 0) -> str:
    """The output of a command that ends as expected."""
    assert done.code == code, done.out + done.err
    return done.out


def test_a_project_from_its_first_validation_to_its_end(project: Place) -> None:
    assert ended(portctl(project, "validate")) == "Valid: 2 resources, 0 warnings.\n"
    assert ended(portctl(project, "render", "--explain", "port/Blueprint:change")) == EXPLAINED
    planned = portctl(project, "plan", "--detailed-exitcode", "-o", "first.json")
    assert planned.err == "Saved to first.json. To do exactly this: portctl apply first.json\n"
    assert ended(planned, 2).endswith("\nPlan: 2 to create, 0 to update, 0 to delete.\n")
    assert ended(portctl(project, "show", "first.json")) == planned.out
    assert ended(portctl(project, "apply", "first.json")).endswith("Apply complete: 2 created, 0 updated, 0 deleted.\n")
    assert ended(portctl(project, "plan", "--detailed-exitcode")) == HEADER + SAME
    assert (
        ended(portctl(project, "state", "list")) == "port/Blueprint:change  created\nport/Secret:TOKEN      created\n"
    )
    project.write("blueprints/change.yaml", BLUEPRINT.replace("title: Tier", "title: Level"))
    assert "(manifest changed)" in ended(portctl(project, "plan", "--detailed-exitcode"), 2)
    assert ended(portctl(project, "apply", "--yes")).endswith("Apply complete: 0 created, 1 updated, 0 deleted.\n")
    (project.root / "integrations/secret.yaml").unlink()
    assert ended(portctl(project, "apply", "--yes")).endswith("Apply complete: 0 created, 0 updated, 1 deleted.\n")
    assert ended(portctl(project, "state", "rm", "port/Blueprint:change")) == ""
    assert "=   port/Blueprint:change  will be adopted" in ended(portctl(project, "apply", "--yes"))
    assert ended(portctl(project, "destroy", "--yes")).splitlines()[-1] == "Destroy complete: 0 deleted, 1 forgotten."


def test_the_commands_that_need_no_project(project: Place) -> None:
    (project.root / "portctl.yaml").unlink()
    version = ended(portctl(project, "version"))
    assert re.fullmatch(r"portctl \d+\.\d+\.\d+ \(Python 3\.\d+\.\d+\)\n", version)
    assert ended(portctl(project, "--version")).startswith("portctl")
    schema = json.loads(ended(portctl(project, "schema", "port/Secret")))
    assert schema["properties"]["kind"] == {"enum": ["port/Secret"]}
    assert ended(portctl(project, "--help")).startswith("Usage: portctl [OPTIONS] COMMAND [ARGS]...\n")


def test_an_error_with_debug_shows_requests_and_a_traceback_and_no_secret(project: Place) -> None:
    with port_client(project.sandbox) as client:
        body = {"identifier": "change", "title": "By hand", "schema": {"properties": {}}}
        client.post("/v1/blueprints", json=body).raise_for_status()
    (project.root / "blueprints/change.yaml").write_text("apiVersion: portctl/v1\nkind: [\n", encoding="utf-8")
    broken = portctl(project, "--debug", "plan")
    assert (broken.code, broken.out) == (3, "")
    assert broken.err.startswith("Traceback (most recent call last):\n")
    assert broken.err.endswith("\nerror: Invalid manifests\n  1 error; nothing was sent\n")
    project.write("blueprints/change.yaml", BLUEPRINT)
    refused = portctl(project, "plan", "--debug")
    assert refused.code == 5
    assert re.search(r"^debug: GET /v1/blueprints 200 \d+ ms$", refused.err, re.MULTILINE)
    assert "sup3rs3cret" not in refused.err + broken.err


def on_a_terminal(*arguments: str) -> str:
    """The output of a command whose stdout is a terminal."""
    ours, theirs = pty.openpty()
    with open(ours, "rb", buffering=0) as screen:
        done = subprocess.run(
            [sys.executable, "-m", "portctl", *arguments], stdout=theirs, check=False, timeout=PATIENCE_SECONDS
        )
        os.close(theirs)
        assert done.returncode == 0
        return screen.read(100_000).decode().replace("\r\n", "\n")


def test_colour_is_for_terminals_unless_it_is_declined(project: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = ended(portctl(project, "validate"))
    assert plain == "Valid: 2 resources, 0 warnings.\n"
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = on_a_terminal("validate")
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain != coloured
    assert ended(portctl(project, "validate", "--color", "always")) == coloured
    assert on_a_terminal("validate", "--color", "never") == plain
    monkeypatch.setenv("NO_COLOR", "1")
    assert on_a_terminal("validate") == plain


def test_a_real_environment_keeps_its_own_ledger_and_may_be_applied_in_ci_when_that_is_kept(
    project: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("environments/real.yaml", REAL.replace("SANDBOX", project.sandbox.urls["port"]))
    monkeypatch.setenv("CI", "true")
    assert portctl(project, "apply", "--yes", "-e", "real").code == 5
    project.write("portctl.yaml", f"{PROJECT}ledger: {{persistent: true}}\n")
    ended(portctl(project, "apply", "--yes", "-e", "real"))
    assert ended(portctl(project, "state", "list", "-e", "real")).count("created") == 2
    assert ended(portctl(project, "state", "list")) == "The ledger holds no resources.\n"
    assert sorted(file.name for file in (project.root / "ledger").glob("*.json")) == ["real.json"]
