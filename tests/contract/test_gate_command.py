"""`portctl gate` as a job calls it: exit codes, what a missing or odd variable is answered with, and a lean start."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
from collections.abc import Iterator, Mapping

import pytest

from portctl.cli import output
from portctl.cli.run import run
from portctl.gate import port
from portctl.gate.connections import CREDENTIALS
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import variables
from tests.unit.gate.settings_file import document

COMMANDS = {
    "accept": "request",
    "open": "request",
    "wait": "decision",
    "look": "look",
    "start": "deploy",
    "finish": "deploy",
    "report": "request",
}
HINT = "  hint: `portctl gate` runs in the jobs of the pipeline that `portctl apply` writes: see docs/deployment.md.\n"
HEAVY = ("jinja2", "deepdiff", "jsonschema", "yaml", "portctl.manifest", "portctl.engine", "portctl.sandbox")


def called(kind: str) -> dict[str, str]:
    """The variables of a job."""
    return {
        "GATE_CALL": kind,
        "GATE_DEPLOY_RUN": "r_one",
        "GATE_RUN": "" if kind == "deploy" else "r_own",
        "GATE_ENVIRONMENT": "Staging" if kind == "deploy" else "none",
        "CI_PIPELINE_ID": "70",
        "CI_PIPELINE_URL": "https://gitlab.example/p/70",
        "CI_JOB_STARTED_AT": "2026-11-21T10:00:00Z",
        "CI_JOB_URL": "https://gitlab.example/j/6",
        "CI_JOB_STATUS": "running",
    }


class Job:
    """A folder with settings, and the variables of a job. `told`: exit code, output and errors."""

    def __init__(
        self,
        root: pathlib.Path,
        patch: pytest.MonkeyPatch,
        capture: pytest.CaptureFixture[str],
        urls: Mapping[str, str],
    ) -> None:
        self.root = root
        self._patch = patch
        self._capture = capture
        whole = document()
        whole |= {name: urls.get(name, whole[name]) for name in ("port", "gitlab")}
        whole["servicenow"]["url"] = urls.get("servicenow", "https://snow.example")
        (root / "gate.json").write_text(json.dumps(whole), encoding="utf-8")

    def told(self, command: str, **environ: str | None) -> tuple[int, str, str]:
        for name, value in environ.items():
            if value is None:
                self._patch.delenv(name, raising=False)
            else:
                self._patch.setenv(name, value)
        self._capture.readouterr()
        code = run(["gate", command, "-C", str(self.root)])
        said = self._capture.readouterr()
        return code, said.out, said.err


@pytest.fixture
def alone(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Job]:
    """Without any service and any credential."""
    for name in CREDENTIALS:
        monkeypatch.delenv(name, raising=False)
    yield Job(tmp_path, monkeypatch, capsys, {})
    output.scrub_with(str)


@pytest.fixture
def job(
    sandbox: Sandbox, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Job]:
    for name, value in variables(sandbox).items():
        monkeypatch.setenv(name, value)
    yield Job(tmp_path, monkeypatch, capsys, sandbox.urls)
    output.scrub_with(str)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_job_without_its_credentials_says_which_is_missing(alone: Job, command: str) -> None:
    if command == "open":
        (alone.root / "gate").mkdir()
        (alone.root / "gate" / "service.json").write_text("{}", encoding="utf-8")
    code, out, err = alone.told(command, **called(COMMANDS[command]))
    assert (code, out) == (3, "Requests: none\n")
    assert err == (
        "error: Credential missing\n  this job has no variable PORT_CLIENT_ID\n"
        "  hint: Is the variable of the project protected, and this branch not? Has it another environment scope?\n"
    )


@pytest.mark.parametrize("kind", ["request", "decision", "look", "deploy", "", "none", "DEPLOY"])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_job_of_another_pipeline_is_refused(alone: Job, command: str, kind: str) -> None:
    wanted = {"report": ("request", "decision", "look", "deploy")}.get(command, (COMMANDS[command],))
    code, out, err = alone.told(command, **{**called("deploy"), "GATE_RUN": "r_own", "GATE_CALL": kind})
    if kind in wanted:
        assert err.startswith(("error: Credential missing\n", "error: Artifact lost\n"))
        return
    said = f"error: Not called by its pipeline\n  GATE_CALL is '{kind}', not {' or '.join(wanted)}\n{HINT}"
    assert (code, out, err) == (3, "", said)


HOSTILE = [
    "",
    " ",
    "../x",
    "r/one",
    "r one",
    "r_one\n",
    "r_one\x1b[2J",
    "$(id)",
    "%2e%2e",
    "é",
    "r" * 65,
    "r?x=1",
    "..",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(
    ("command", "name"),
    [("look", "GATE_DEPLOY_RUN"), ("look", "GATE_RUN"), ("start", "GATE_DEPLOY_RUN"), ("report", "GATE_RUN")],
)
def test_what_is_no_run_is_refused(alone: Job, command: str, name: str, value: str) -> None:
    code, out, err = alone.told(command, **{**called(COMMANDS[command]), name: value})
    assert (code, out, err) == (3, "", f"error: Not called by its pipeline\n  {name} is no id of a run\n{HINT}")
    code, _, err = alone.told(command, **{name: None})
    assert (code, err) == (3, f"error: Not called by its pipeline\n  {name} is no id of a run\n{HINT}")


def test_what_is_shown_of_a_call_is_short_and_harmless(alone: Job) -> None:
    code, _, err = alone.told("look", **{**called("look"), "GATE_CALL": "\x1b[2J\u202e" + "x" * 1000})
    shown = r"'\x1b[2J\u202e" + "x" * 35 + "'"
    assert (code, err) == (3, f"error: Not called by its pipeline\n  GATE_CALL is {shown}, not look\n{HINT}")


@pytest.mark.parametrize("value", ["", "now", "1790000000", "2026-13-01T00:00:00Z"])
def test_a_pipeline_without_a_time_is_refused(alone: Job, value: str) -> None:
    code, out, err = alone.told("look", **{**called("look"), "CI_JOB_STARTED_AT": value})
    said = f"error: Not called by its pipeline\n  CI_JOB_STARTED_AT is no time\n{HINT}"
    assert (code, out, err) == (3, "", said)


@pytest.mark.parametrize("value", ["9" * 5000, "-1", "1.5", "٣", "x", ""])
def test_an_odd_id_of_a_pipeline_is_none(alone: Job, value: str) -> None:
    code, _, err = alone.told("look", **{**called("look"), "CI_PIPELINE_ID": value})
    assert (code, err.splitlines()[0]) == (3, "error: Credential missing")


def test_settings_are_looked_for_in_the_folder_of_the_job(alone: Job) -> None:
    (alone.root / "gate.json").unlink()
    code, out, err = alone.told("look", **called("look"))
    path = alone.root / "gate.json"
    assert (code, out) == (3, "")
    assert err.startswith(f"error: No settings\n  {path}: No such file or directory\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_run_that_port_does_not_know_is_refused(job: Job, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the ten seconds in which a new one may show."""
    monkeypatch.setattr(port, "_SHOWS_WITHIN_SECONDS", 0.0)
    if command == "open":
        (job.root / "gate").mkdir()
        (job.root / "gate" / "service.json").write_text("{}", encoding="utf-8")
    code, out, err = job.told(command, **called(COMMANDS[command]))
    assert (code, err) == (0 if command == "report" else 1, "")
    assert out.splitlines()[0] == "Refused: Port does not know the run r_one"


def test_a_credential_that_is_not_accepted_ends_with_8(job: Job) -> None:
    secret = "canary-not-the-secret"
    code, out, err = job.told("look", **called("look"), PORT_CLIENT_SECRET=secret)
    assert (code, err.splitlines()[0]) == (8, "error: Login refused")
    assert out == "Requests: Port 1\n"
    assert secret not in out + err


def test_a_service_that_is_not_one_ends_with_9(job: Job, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault(FaultKind.HTML, service="port", path="/v1/actions/runs/", value="<html>a portal</html>"))
    code, out, err = job.told("look", **called("look"))
    assert (code, err.splitlines()[0]) == (9, "error: Port cannot be used")
    assert out == "Requests: Port 2\n"


def test_a_refusal_of_a_service_ends_with_1_and_is_told_without_credentials(job: Job, sandbox: Sandbox) -> None:
    quoted = " ".join(variables(sandbox).values())
    body = {"ok": False, "error": "invalid_request", "message": f"no\x1b[2J {quoted}"}
    sandbox.faults.add(Fault(FaultKind.STATUS, service="port", path="/v1/actions/runs/", status=422, value=body))
    code, out, err = job.told("look", **called("look"))
    assert (code, err.splitlines()[0]) == (1, "error: Port refused a request")
    assert [value for value in variables(sandbox).values() if value in out + err] == []
    assert "\x1b" not in out + err


def test_a_job_that_fails_on_its_settings_has_imported_little(tmp_path: pathlib.Path) -> None:
    script = (
        "import sys\nfrom portctl.cli.run import run\n"
        f"code = run(['gate', 'accept', '--settings', {str(tmp_path / 'none.json')!r}])\n"
        "print(code, *sorted(sys.modules), sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *modules = done.stdout.splitlines()
    assert code == "3"
    dragged = {name for name in modules for heavy in (*HEAVY, "httpx") if name == heavy or name.startswith(f"{heavy}.")}
    assert dragged == set()


@pytest.mark.parametrize("name", ["commands", "connections", "gather", "perform"])
def test_no_module_of_the_gate_drags_in_what_only_plans_need(name: str) -> None:
    script = f"import sys, portctl.gate.{name}\nprint(*sorted(sys.modules), sep='\\n')\n"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()
    dragged = {each for each in modules for heavy in (*HEAVY, "httpx") if each == heavy or each.startswith(f"{heavy}.")}
    assert dragged == set()


def test_clients_that_were_made_drag_in_no_plan_either(job: Job) -> None:
    """Each service is asked once, in a process of its own."""
    script = (
        "import os, pathlib, sys\n"
        "from portctl.gate.connections import Connections, Rim\n"
        "from portctl.gate.settings import read_settings\n"
        f"settings = read_settings(pathlib.Path({str(job.root / 'gate.json')!r}))\n"
        "made = Connections(settings, Rim(environ=os.environ, say=print))\n"
        "made.port().request('GET', '/v1/organization')\n"
        "made.gitlab('MARKS_TOKEN').request('GET', '/api/v4/user')\n"
        "made.servicenow().request('GET', '/api/now/table/sys_user_group')\n"
        "made.trigger(), made.code(), made.close()\n"
        "print(*sorted(sys.modules), sep='\\n')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    modules = done.stdout.splitlines()
    assert "httpx" in modules
    assert {each for each in modules for heavy in HEAVY if each == heavy or each.startswith(f"{heavy}.")} == set()
