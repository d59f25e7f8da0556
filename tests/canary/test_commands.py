"""No secret is said, however hard its value is to keep, whatever a service does, in whatever place one looks."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from portctl.cli import output
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.scrubbing.needles import SHORTEST
from tests.canary.echo import Echo, Part, document, echoing, forms
from tests.canary.ground import GROUPS, SIGN_INS, VALUES, Ground, quiet_logs
from tests.canary.values import ECHOES
from tests.figures import record
from tests.sampling import chosen
from tests.servers import running_sandbox

FASTER = 30.0
OFFLINE = (
    ("validate",),
    ("validate", "--json"),
    ("render",),
    ("render", "--explain"),
    ("schema",),
    ("plan", "--nonsense"),
    ("plan", "-t", "HELD"),
    ("state", "list"),
)
CONNECTED = (
    ("plan", "--debug"),
    ("plan", "--json"),
    ("plan", "--format", "markdown", "-o", "PLAN"),
    ("show", "PLAN"),
    ("show", "PLAN", "--json"),
    ("apply", "--yes", "--debug"),
    ("plan", "--json", "--debug"),
    ("apply", "--yes", "--json"),
    ("state", "list", "--json"),
    ("state", "show", "port/Secret:held"),
    ("destroy", "--yes", "--debug"),
)
IN_EARNEST = (("plan", "--debug"), ("plan", "--json"), ("apply", "--yes"), ("destroy", "--yes", "--json"))
SERVICES = ("port", "gitlab", "servicenow")
METHODS = ("GET", "POST")
STATUSES = (400, 401, 403, 404, 409, 422)
WHERE = tuple(itertools.product(SERVICES, METHODS))
IN_SANDBOX = [
    (number, kind, *WHERE[(number + at) % len(WHERE)])
    for number in range(len(GROUPS))
    for at, kind in enumerate(FaultKind)
]
"""Every value with every kind of fault, and every kind in every place."""
ECHOED = [
    (number, part, list(SIGN_INS)[(number + at) % len(SIGN_INS)], after_login)
    for number in range(len(GROUPS))
    for at, part in enumerate(Part)
    for after_login in (False, True)
]
"""Every value in every part of an answer, and every part with every way to sign in."""
TOTALS: Counter[str] = Counter()
"""Over all tests of this file, for the figures."""


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with running_sandbox(time_scale=FASTER) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def echo() -> Iterator[Echo]:
    with echoing() as server:
        yield server


@pytest.fixture
def ground(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Ground]:
    quiet_logs(caplog)
    made = Ground(tmp_path / "project", capsys, caplog)
    yield made
    output.scrub_with(str)
    TOTALS["commands"] += made.commands
    TOTALS["secrets found"] += made.found
    TOTALS.update({f"looked: {place}": times for place, times in made.looked.items()})


def test_offline(ground: Ground, served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in chosen("offline", range(len(GROUPS)), 1):
        ground.furnish(number, number, monkeypatch)
        ground.in_sandbox(served)
        for command in OFFLINE:
            ground.run(*command)


@pytest.mark.parametrize(("number", "kind", "service", "method"), chosen("faults", IN_SANDBOX, 2))
def test_faults_of_services(
    number: int,
    kind: FaultKind,
    service: str,
    method: str,
    ground: Ground,
    served: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    served.reset()
    ground.furnish(number, list(FaultKind).index(kind), monkeypatch)
    ground.in_sandbox(served)
    plan = str(ground.root / "plan.json")
    for turn, command in enumerate(CONNECTED):
        served.faults.clear()
        served.faults.add(_fault(kind, service, method, number + turn, ground))
        ground.run(*(plan if word == "PLAN" else word for word in command))
        ground.born |= _born(served)
    served.faults.clear()


def _fault(kind: FaultKind, service: str, method: str, turn: int, ground: Ground) -> Fault:
    """The first request that matches is hit; a refusal says every secret of the project, in some forms."""
    said = "; ".join(forms(value, turn) for value in ground.held.values())
    body = document(said, in_keys=bool(turn % 2)) if kind is FaultKind.STATUS else None
    return Fault(
        kind,
        service=service,
        method=method,
        path="" if method == "GET" else "^(?!/v1/auth|/oauth)",
        nth=1 + turn % 3,
        status=STATUSES[turn % len(STATUSES)],
        seconds=0.01,
        field="name",
        value=body if kind is FaultKind.STATUS else f"<html>{said}" if kind is FaultKind.HTML else None,
    )


def _born(served: Sandbox) -> set[str]:
    """Tokens that the services have given."""
    found = set()
    for exchange in served.journal.exchanges():
        answer: Any = exchange.response_body
        if isinstance(answer, dict):
            found |= {answer[key] for key in ("accessToken", "token") if isinstance(answer.get(key), str)}
    return {each for each in found if not set(each) <= {"*"}}


@pytest.mark.parametrize(("number", "part", "sign_in", "after_login"), chosen("echoes", ECHOED, 5))
def test_services_that_send_back_what_they_were_sent(
    number: int,
    part: Part,
    sign_in: str,
    after_login: bool,
    ground: Ground,
    echo: Echo,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    echo.part, echo.after_login, echo.status = part, after_login, STATUSES[number % len(STATUSES)]
    echo.asked.clear()
    ground.furnish(number, list(Part).index(part), monkeypatch)
    ground.in_earnest(echo.url, sign_in)
    for command in IN_EARNEST:
        said = ground.run(*command)
        assert not said.startswith("0\n")
    assert ground.raised("plan", "--json")
    TOTALS["requests that were sent back"] += len(echo.asked)


def test_figures(covered: list[str]) -> None:
    """What the tests above have looked at; they come first in this file."""
    looked = {place.removeprefix("looked: "): n for place, n in sorted(TOTALS.items()) if place.startswith("looked")}
    covered.append(f"{TOTALS['commands']} commands, texts looked at: {json.dumps(looked)}")
    record(
        "canary",
        {
            "values that are hard to keep": len(VALUES),
            "forms in which a service may send one back": len(ECHOES),
            "kinds of faults, services, methods": f"{len(FaultKind)}, {len(SERVICES)}, {len(METHODS)}",
            "parts of an answer in which a request is sent back": len(Part),
            "commands run": TOTALS["commands"],
            "requests that were sent back": TOTALS["requests that were sent back"],
            **{f"texts looked at: {place}": times for place, times in looked.items()},
            "secrets found": TOTALS["secrets found"],
        },
    )


PROJECT_WITH_A_USER = """\
apiVersion: portctl/v1
project: canary
defaultEnvironment: sandbox
secrets: {WHO: {env: WHO}, WORD: {env: WORD}}
"""
MESSAGE = """\
apiVersion: portctl/v1
kind: servicenow/RestMessage
metadata: {name: canary}
spec: {name: Canary, description: Sings, rest_endpoint: https://example.com/, functions: {post: {http_method: post}}}
"""
SIGNED_IN = """\
apiVersion: portctl/v1
instances:
  servicenow: {default: {url: URL, username: "<% secret('WHO') %>", password: "<% secret('WORD') %>"}}
"""


@pytest.mark.parametrize("who", ["ab", "svc.canary-q7Xw2Zk9"])
def test_the_name_of_a_user_may_be_a_secret(
    who: str, ground: Ground, served: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.reset()
    url = served.urls["servicenow"]
    admin = served.credentials["servicenow"]["admin"]
    signed = {"x-sn-apikey": admin["apiKey"]}
    with httpx.Client(base_url=f"{url}/api/now/table", headers=signed) as client:
        default = served.credentials["servicenow"]["default"]
        asked = {"sysparm_query": f"user_name={default['username']}"}
        (user,) = client.get("/sys_user", params=asked).json()["result"]
        client.patch(f"/sys_user/{user['sys_id']}", json={"user_name": who}).raise_for_status()
        ground.furnish(0, 0, monkeypatch)
        monkeypatch.setenv("WHO", who)
        monkeypatch.setenv("WORD", default["password"])
        ground.write("portctl.yaml", PROJECT_WITH_A_USER)
        ground.write("environments/sandbox.yaml", SIGNED_IN.replace("URL", url))
        ground.write("servicenow/message.yaml", MESSAGE)
        plan = str(ground.root / "plan.json")
        told = [ground.run("plan", "-o", plan), ground.run("show", plan), ground.run("apply", plan)]
        (message,) = client.get("/sys_rest_message", params={"sysparm_query": "name=Canary"}).json()["result"]
        drifted = {"description": f"changed by {who}"}
        client.patch(f"/sys_rest_message/{message['sys_id']}", json=drifted).raise_for_status()
    told += [ground.run("plan", "-o", plan), ground.run("show", plan), ground.run("apply", "--yes", "--json")]
    assert [text.partition("\n")[0] for text in told] == ["0"] * 6
    assert "as (secret WHO)\n" in told[0]
    assert json.loads((ground.root / "plan.json").read_text())["plan"]["instances"][0]["principal"] == "(secret WHO)"
    written = [path.read_text() for path in ground.root.rglob("*") if path.is_file()]
    assert not [text for text in (*told, *written) if f'"{who}"' in text or f"as {who}" in text]
    if len(who) > SHORTEST:
        assert not [text for text in (*told, *written) if who in text]
