"""No credential is in a job's log, in an error or in a file, even where a service sends back what it was sent."""

from __future__ import annotations

import base64
import json
import pathlib
from collections.abc import Callable

import httpx
import pytest

from portctl.errors import PortctlError
from portctl.gate.commands import Gate, run_gate
from portctl.gate.evidence import Question
from portctl.views.diagnostics import error_text
from portctl.views.json import error_document
from tests.unit.gate.deployments import COMMIT, NOW, STARTED, approval_row, call, change_row, furnish, taking
from tests.unit.gate.office import HOSTS, SECRETS, Office, canaries

KINDS = {
    Question.ACCEPT: "request",
    Question.OPEN: "request",
    Question.WAIT: "decision",
    Question.LOOK: "look",
    Question.START: "deploy",
    Question.FINISH: "deploy",
    Question.REPORT: "request",
}
STATUSES = (400, 401, 403, 404, 409, 422, 429, 500, 503)


def echo(status: int) -> Callable[[httpx.Request], httpx.Response]:
    """A refusal that quotes the request, as error pages and chatty proxies do."""

    def reply(request: httpx.Request) -> httpx.Response:
        said = f"{dict(request.headers)} {request.url} {request.content.decode()}"
        body = {"message": said, "error": {"message": said, "detail": said}, "error_description": said}
        return httpx.Response(status, json=body)

    return reply


def told(office: Office, question: Question, folder: pathlib.Path) -> str:
    """All that anybody gets to see of a job: its log as it is written, and its error."""
    gate = Gate(settings=office.settings, call=call(KINDS[question]), now=NOW, rim=office.rim, root=folder)
    lines: list[str] = []
    try:
        run_gate(question, gate)
    except PortctlError as error:
        lines = [error_text(error_document(error)), repr(error)]
    return office.scrub("\n".join([*office.log, *lines]))


def furnished(office: Office, question: Question, folder: pathlib.Path) -> Office:
    """So that each question gets to its writes."""
    started = STARTED if question is Question.FINISH else None
    job = {"id": 7, "status": "success", "started_at": "2026-11-21T10:00:00Z"}
    tested = {"tested": None} if question is Question.OPEN else {}
    rows = (approval_row(),)
    furnish(office, KINDS[question], started=started, change=change_row(), approvals=rows, job=job, **tested)
    left = {"project": "shop/checkout", "sha": "a" * 40, "deploy": 'sh deploy.sh "$ENVIRONMENT"'}
    (folder / "gate").mkdir(exist_ok=True)
    (folder / "gate" / "service.json").write_text(json.dumps(left), encoding="utf-8")
    (folder / "coverage.xml").write_text("<coverage line-rate='0.5'/>", encoding="utf-8")
    return office


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("question", list(Question))
@pytest.mark.parametrize("service", ["port", "gitlab", "snow", "writes"])
def test_no_credential_is_told(
    office: Office, tmp_path: pathlib.Path, question: Question, service: str, status: int
) -> None:
    furnished(office, question, tmp_path)
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        known = HOSTS[request.url.host] == service if service != "writes" else request.method != "GET"
        if known and request.url.path != "/v1/auth/access_token":
            return echo(status)(request)
        key = f"{HOSTS[request.url.host]} {request.method} {request.url.raw_path.decode().partition('?')[0]}"
        if key not in office.replies:
            return httpx.Response(404, json={"ok": False}) if request.method == "GET" else taking()
        return office(request)

    office.transport = httpx.MockTransport(reply)
    said = told(office, question, tmp_path)
    assert asked
    assert [each for each in canaries() if each in said] == []


@pytest.mark.parametrize("status", STATUSES)
def test_signing_in_tells_nothing(office: Office, tmp_path: pathlib.Path, status: int) -> None:
    furnish(office, "look").replies["port POST /v1/auth/access_token"] = echo(status)
    said = told(office, Question.LOOK, tmp_path)
    assert "Port" in said
    assert [each for each in canaries() if each in said] == []


def test_a_broken_connection_tells_nothing(office: Office, tmp_path: pathlib.Path) -> None:
    """Its words may quote what could not be sent."""
    office.replies = {key: httpx.ConnectError(" ".join(SECRETS.values())) for key in furnish(office, "look").replies}
    said = told(office, Question.LOOK, tmp_path)
    assert "cannot be reached" in said
    assert [each for each in canaries() if each in said] == []


def test_what_git_sends_is_known_to_the_scrubber(office: Office) -> None:
    office.desk().connections.code()
    basic = base64.b64encode(f"oauth2:{SECRETS['SERVICE_READ_TOKEN']}".encode()).decode()
    assert office.scrub(f"Basic {basic}") == "Basic (secret SERVICE_READ_TOKEN for git)"


def test_no_file_of_a_job_holds_a_credential(office: Office, tmp_path: pathlib.Path) -> None:
    service = "port GET /v1/blueprints/service/entities/shop%2Fcheckout"
    furnished(office, Question.OPEN, tmp_path).replies |= {service: (404, None), COMMIT: echo(403)}
    assert "Not allowed" in told(office, Question.OPEN, tmp_path)
    texts = [path.read_text("utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(texts) == 3
    assert [each for each in canaries() if any(each in text for text in texts)] == []
