"""The control API, state on disk, and the sandbox as a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from portctl.sandbox import launcher
from portctl.sandbox.core.switches import UnknownSwitch
from portctl.sandbox.process import parse_switches
from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, blueprint
from tests.servers import port_client, running_sandbox


@pytest.fixture
def steering(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.control) as client:
        yield client


def test_the_journal_and_the_counters_are_served(steering: httpx.Client, port: httpx.Client) -> None:
    port.get("/v1/actions")
    exchanges = steering.get("/journal").json()["exchanges"]
    assert [each["route"] for each in exchanges] == ["/v1/auth/access_token", "/v1/actions"]
    assert steering.get("/journal", params={"since": 1}).json()["exchanges"] == exchanges[1:]
    assert steering.get("/counters").json()["counters"]["port GET /v1/actions"] == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "sandbox.example.org"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:1"},
        {"host": "localhost.example.org:{port}"},
        {"host": ""},
        {"origin": "https://example.org"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": "http://localhost:{port}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
    ids=str,
)
@pytest.mark.parametrize("route", [("GET", "/runner"), ("POST", "/reset"), ("GET", "/nothing")])
def test_pages_of_other_sites_cannot_steer(sandbox: Sandbox, headers: dict[str, str], route: tuple[str, str]) -> None:
    port = urlsplit(sandbox.control).port
    filled = {name: value.replace("{port}", str(port)) for name, value in headers.items()}
    before = sandbox.world.resets
    answer = httpx.request(route[0], f"{sandbox.control}{route[1]}", headers=filled)
    assert (answer.status_code, set(answer.json())) == (403, {"error"})
    assert sandbox.world.resets == before


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_control_api_answers_at_its_own_names(sandbox: Sandbox, name: str) -> None:
    host = f"{name}:{urlsplit(sandbox.control).port}"
    own = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
    assert httpx.get(f"{sandbox.control}/health", headers=own).json()["ok"]


def test_faults_are_added_listed_and_cleared(steering: httpx.Client, port: httpx.Client) -> None:
    fault: Body = {"kind": "status", "status": 503, "method": "GET", "times": None}
    listed = steering.post("/faults", json=[fault]).json()["faults"]
    assert [{name: each[name] for name in fault} for each in listed] == [fault]
    assert port.get("/v1/actions").status_code == 503
    assert steering.get("/faults").json()["faults"][0]["seen"] == 1
    assert steering.delete("/faults").json() == {"faults": []}
    assert port.get("/v1/actions").status_code == 200


def test_switches_lag_and_clock_are_set(sandbox: Sandbox, steering: httpx.Client) -> None:
    positions = steering.put("/switches", json={"all": "lenient", "date-time": "strict"}).json()["switches"]
    assert (positions["date-time"], positions["burst"], set(positions.values())) == (
        "strict",
        "lenient",
        {"strict", "lenient"},
    )
    assert steering.get("/switches").json()["switches"] == positions
    assert steering.put("/lag", json={"seconds": 2}).json() == {"seconds": 2.0}
    before = sandbox.world.clock.seconds()
    steering.post("/advance", json={"seconds": 60})
    assert 60 <= sandbox.world.clock.seconds() - before < 65
    assert steering.post("/reset").json() == {"ok": True}
    assert sandbox.world.lag_seconds == 0
    assert sandbox.switches.strict("idle-writes")


def test_settle_ends_background_work(steering: httpx.Client, port: httpx.Client) -> None:
    port.delete("/v1/blueprints/service/all-entities")
    assert steering.post("/settle").json() == {"ended": 1}
    assert port.get("/v1/blueprints/service/entities-count").json()["count"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/switches", {"ghost": "strict"}),
        ("PUT", "/switches", {"burst": "maybe"}),
        ("PUT", "/switches", []),
        ("PUT", "/lag", {"seconds": -1}),
        ("PUT", "/lag", {"seconds": "2"}),
        ("POST", "/faults", {"kind": "boom"}),
        ("POST", "/faults", [1]),
    ],
)
def test_a_command_that_makes_no_sense_is_refused(steering: httpx.Client, method: str, path: str, body: Any) -> None:
    answer = steering.request(method, path, json=body)
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


def test_an_unknown_command_names_the_known_ones(steering: httpx.Client) -> None:
    answer = steering.get("/nowhere")
    assert answer.status_code == 404
    assert "POST /reset" in answer.json()["routes"]


def test_reset_brings_the_seeded_organisation_back(sandbox: Sandbox, port: httpx.Client) -> None:
    before = port.get("/v1/actions").json()
    port.delete("/v1/actions/scaffold_service")
    sandbox.reset()
    with port_client(sandbox) as again:
        after = again.get("/v1/actions").json()
    assert [row["id"] for row in after["actions"]] == [row["id"] for row in before["actions"]]


def test_equal_seeds_give_equal_identifiers_and_credentials() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    one, two = Sandbox(seed=3, start_time=start), Sandbox(seed=3, start_time=start)
    other = Sandbox(seed=4, start_time=start)
    assert one.credentials == two.credentials
    assert one.credentials != other.credentials
    assert _names(one) == _names(two)


def _names(sandbox: Sandbox) -> list[Any]:
    rows = sandbox.port.organisation.state.rows("actions").values()
    return [row["id"] for row in rows]


def test_state_and_addresses_survive_a_restart(tmp_path: Path) -> None:
    with running_sandbox(state_dir=tmp_path) as first, port_client(first) as port:
        port.post("/v1/blueprints", json=blueprint())
        urls, token = first.urls, port.headers["authorization"]
        identifier = port.post("/v1/blueprints/thing/entities", json={}).json()["entity"]["identifier"]
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    with running_sandbox(state_dir=tmp_path) as second:
        assert second.urls == urls
        with httpx.Client(base_url=second.urls["port"], headers={"authorization": token}) as port:
            assert port.get(f"/v1/blueprints/thing/entities/{identifier}").status_code == 200
            other = port.post("/v1/blueprints/thing/entities", json={}).json()["entity"]["identifier"]
    assert other != identifier


def test_state_of_another_seed_is_not_taken_over(tmp_path: Path) -> None:
    with running_sandbox(state_dir=tmp_path) as first, port_client(first) as port:
        port.post("/v1/blueprints", json=blueprint())
    with running_sandbox(state_dir=tmp_path, seed=9) as second, port_client(second) as port:
        assert port.get("/v1/blueprints/thing").status_code == 404


def address_of(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 0)


@contextlib.contextmanager
def listening() -> Iterator[str]:
    """A program that has nothing to do with the sandbox and answers JSON on an address of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"[1]")

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    launcher.down(tmp_path)


def test_a_sandbox_is_started_found_reset_and_ended(project: Path) -> None:
    assert launcher.status(project) is None
    running = launcher.up(project)
    assert launcher.up(project) == running
    file = launcher.Place(project).address_file
    document = json.loads(file.read_text())
    assert file.stat().st_mode & 0o777 == 0o600
    assert document == running.document
    credentials = document["services"]["port"]["credentials"]
    assert sorted(credentials) == ["clientId", "clientSecret"]
    others = ["developer", "elsewhere", "engineer", "gate", "gate-member", "member"]
    assert sorted(document["services"]["port"]["others"]) == others
    answer = httpx.post(f"{running.urls()['port']}/v1/auth/access_token", json=credentials)
    assert answer.status_code == 200
    assert launcher.reset(project) is True
    assert launcher.call(running, "GET", "/counters") == {"counters": {}}
    assert launcher.down(project) is True
    assert (launcher.status(project), file.exists(), launcher.down(project)) == (None, False, False)
    assert launcher.reset(project) is False
    assert not (project / ".portctl" / "sandbox" / "state.json").exists()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="an environment is looked up in /proc")
@pytest.mark.parametrize("detached", [True, False])
def test_a_sandbox_has_no_more_of_the_environment_than_it_needs(
    project: Path, monkeypatch: pytest.MonkeyPatch, detached: bool
) -> None:
    (project / "portctl.yaml").write_text("name: here\n")
    (project / "json.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.setenv("PORT_CLIENT_SECRET", "canary-of-the-host")
    monkeypatch.chdir(project)
    if detached:
        running = launcher.up(project)
    else:
        program = [sys.executable, "-P", "-c", "from portctl.cli import main; main()", "sandbox", "up"]
        with subprocess.Popen(program, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith(b"The sandbox is starting")
            while (found := launcher.status(project)) is None:
                assert process.poll() is None
            running = found
            assert running.pid == process.pid
            environment = Path(f"/proc/{running.pid}/environ").read_bytes()
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0
    if detached:
        environment = Path(f"/proc/{running.pid}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"canary" not in environment


def test_the_file_of_a_dead_sandbox_is_recognised(project: Path) -> None:
    running = launcher.up(project)
    os.kill(running.pid, signal.SIGKILL)
    os.waitpid(running.pid, 0)
    assert launcher.Place(project).address_file.exists()
    assert launcher.status(project) is None
    assert not launcher.Place(project).address_file.exists()


def test_a_file_whose_process_number_is_somebody_elses_is_no_sandbox(project: Path) -> None:
    file = launcher.Place(project).address_file
    file.parent.mkdir()
    with listening() as url:
        for control_url in ("http://127.0.0.1:9", url):
            file.write_text(json.dumps({"pid": os.getpid(), "control": control_url, "services": {}}))
            assert launcher.status(project) is None
            assert not file.exists()
    file.write_text(json.dumps({"pid": os.getpid(), "control": "http://127.0.0.1:9", "services": {}}))
    assert (launcher.down(project), file.exists()) == (False, False)
    file.write_text(json.dumps({"pid": os.getpid(), "control": "http://127.0.0.1:9", "services": {}}))
    assert launcher.reset(project) is False
    assert launcher.up(project).pid != os.getpid()


def test_a_sandbox_that_still_answers_somebody_is_ended(project: Path) -> None:
    running = launcher.up(project, faults=['{"kind": "delay", "seconds": 60, "times": null}'])
    with socket.create_connection(address_of(running.urls()["port"])) as slow:
        slow.sendall(b"GET /v1/actions HTTP/1.1\r\nhost: sandbox\r\n\r\n")
        while not launcher.call(running, "GET", "/faults")["faults"][0]["seen"]:
            time.sleep(0.01)
        assert launcher.down(project) is True
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)
    assert not launcher.Place(project).address_file.exists()
    assert (launcher.Place(project).state_dir / "state.json").exists()


def test_a_sandbox_whose_folder_was_removed_can_be_ended(project: Path) -> None:
    running = launcher.up(project)
    shutil.rmtree(launcher.Place(project).state_dir)
    assert launcher.down(project) is True
    with pytest.raises(ProcessLookupError):
        os.kill(running.pid, 0)


def test_a_sandbox_that_does_not_answer_is_still_known_and_can_be_ended(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher, "_STOP_SECONDS", 0.2)
    monkeypatch.setattr(launcher, "_ANSWER_SECONDS", 0.2)
    running = launcher.up(project)
    os.kill(running.pid, signal.SIGSTOP)
    with pytest.raises(launcher.ControlError, match=r"does not answer: .*; portctl sandbox down ends it"):
        launcher.status(project)
    assert launcher.Place(project).address_file.exists()
    assert launcher.down(project) is True
    assert launcher.status(project) is None


def test_a_sandbox_that_cannot_start_says_why(project: Path) -> None:
    with pytest.raises(launcher.ControlError, match='no switch "ghost"'):
        launcher.up(project, switches=["ghost=strict"])
    assert launcher.status(project) is None


@pytest.mark.parametrize("text", ["{", "{}", '{"pid": "x"}'])
def test_a_broken_address_file_is_no_sandbox(project: Path, text: str) -> None:
    file = launcher.Place(project).address_file
    file.parent.mkdir()
    file.write_text(text)
    assert launcher.status(project) is None
    assert not file.exists()


def test_switches_are_written_name_equals_reading() -> None:
    assert parse_switches(["burst=strict", "date-time=lenient"]) == {"burst": "strict", "date-time": "lenient"}
    with pytest.raises(UnknownSwitch, match='not "burst"'):
        parse_switches(["burst"])
