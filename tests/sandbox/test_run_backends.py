"""What runs send, to whom, and what the answers do to them."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import Body, action, self_service
from tests.sandbox.listener import Listener
from tests.sandbox.running import RUNS, make, messages, run, runs, started

DEVELOPER = "dev.dora@example.com"
CHECKOUT = "shop/checkout"
SPREAD_REFUSAL = "Evaluated value should be an object if the key is {{ spreadValue() }}."


def carried_out(sandbox: Sandbox, port: httpx.Client, method: Body, inputs: Body | None = None, **query: str) -> Body:
    """A run of an action on a service with this backend, after everything is done."""
    trigger = self_service(blueprintIdentifier="service")
    make(port, action("act", trigger=trigger, invocationMethod=method))
    run_id = started(port, "act", inputs, CHECKOUT, **query)
    sandbox.settle()
    return run(port, run_id)


def webhook(url: str, **more: Any) -> Body:
    return {"type": "WEBHOOK", "url": url, **more}


@pytest.mark.fact(179)
def test_templates_see_inputs_entity_action_run_and_who(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    carried_out(sandbox, port, webhook(listener.url, body={"all": "{{ . }}"}), {"a": 1}, run_as=DEVELOPER)
    seen = listener.bodies[0]["all"]
    user = port.get(f"/v1/users/{DEVELOPER}").json()["user"]
    entity = port.get("/v1/blueprints/service/entities/shop%2Fcheckout").json()["entity"]
    organisation = sandbox.credentials["port"]["default"]["organisation"]
    names = ("email", "firstName", "lastName", "picture", "providers", "status", "id", "createdAt", "updatedAt")
    assert seen == {
        "inputs": {"a": 1},
        "trigger": {
            "by": {
                "orgId": organisation,
                "userId": user["id"],
                "user": {**{name: user[name] for name in names}, "phoneNumber": ""},
            },
            "origin": "API",
            "at": seen["trigger"]["at"],
            "operation": "DAY-2",
        },
        "event": None,
        "entity": {name: value for name, value in entity.items() if name != "scorecards"},
        "action": {"identifier": "act", "blueprint": "service", "encryptedProperties": []},
        "run": {"id": runs(port)[0]["id"]},
        "secrets": {"SCAFFOLD_TOKEN": "not-ours"},
    }


@pytest.mark.fact(180)
def test_a_request_is_compact_json_signed_with_the_client_secret(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    method = webhook(f"{listener.url}/a?b=c", method="PUT", headers={"X-Run": "{{ 7 }}"}, body={"ü": ["{{ .run.id }}"]})
    made = carried_out(sandbox, port, method)
    heard = listener.heard[0]
    assert (heard.method, heard.path) == ("PUT", "/a?b=c")
    assert heard.raw.decode() == f'{{"ü":["{made["id"]}"]}}'
    message = heard.headers["x-port-timestamp"].encode() + b"." + heard.raw
    key = sandbox.credentials["port"]["default"]["clientSecret"].encode()
    digest = base64.b64encode(hmac.new(key, message, hashlib.sha256).digest()).decode()
    wanted = {
        "x-port-signature": f"v1,{digest}",
        "content-type": "application/json",
        "x-run": "7",
        "user-agent": "Port/1.0",
    }
    assert {name: heard.headers[name] for name in wanted} == wanted
    assert abs(int(heard.headers["x-port-timestamp"]) - sandbox.world.clock.seconds()) < 60


@pytest.mark.fact(180)
def test_a_get_has_no_body(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    carried_out(sandbox, port, webhook(listener.url, method="GET", body={"a": 1}))
    heard = listener.heard[0]
    assert (heard.method, heard.raw, "content-type" in heard.headers) == ("GET", b"", False)


@pytest.mark.fact(181)
@pytest.mark.parametrize(
    ("status", "reading", "ends"),
    [
        (200, "strict", ("IN_PROGRESS", [])),
        (201, "lenient", ("IN_PROGRESS", [])),
        (404, "strict", ("FAILURE", ["Failed to invoke the webhook with status code: 404."])),
        (302, "strict", ("FAILURE", ["Failed to invoke the webhook with status code: 302."])),
        (500, "lenient", ("IN_PROGRESS", [])),
    ],
)
def test_an_asynchronous_backend_leaves_the_run_open_or_fails_it(
    sandbox: Sandbox,
    port: httpx.Client,
    listener: Listener,
    status: int,
    reading: str,
    ends: tuple[str, list[str]],
) -> None:
    sandbox.switches.set({"failed-delivery": reading})
    listener.status, listener.answer = status, {"a": 1}
    made = carried_out(sandbox, port, webhook(listener.url))
    assert ((made["status"], messages(port, made["id"])), made["response"]) == (ends, None)


@pytest.mark.fact(182)
@pytest.mark.parametrize("flag", [True, "{{ true }}", "{{ 'true' }}"])
@pytest.mark.parametrize(("status", "ends"), [(200, "SUCCESS"), (204, "SUCCESS"), (409, "FAILURE")])
def test_a_synchronised_backend_ends_the_run_with_its_answer(
    sandbox: Sandbox, port: httpx.Client, listener: Listener, flag: bool | str, status: int, ends: str
) -> None:
    listener.status, listener.answer = status, "" if status == 204 else {"result": [1]}
    made = carried_out(sandbox, port, webhook(listener.url, synchronized=flag))
    assert (made["status"], made["response"]) == (ends, listener.answer)
    assert made["endedAt"] == made["updatedAt"]


@pytest.mark.fact(183)
def test_secrets_go_out_and_are_masked_everywhere_else(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    port.post("/v1/organization/secrets", json={"secretName": "TOP", "secretValue": "t0p-s3cret"})
    method = webhook(
        f"{listener.url}/{{{{ .secrets.TOP }}}}?token={{{{ .secrets.TOP }}}}",
        headers={"Authorization": "Bearer {{ .secrets.TOP }}"},
        body={"{{ spreadValue() }}": "{{ .secrets }}", "none": "{{ .secrets.NONE }}"},
    )
    made = carried_out(sandbox, port, method)
    heard = listener.heard[0]
    assert (heard.path, heard.headers["authorization"]) == ("/t0p-s3cret?token=t0p-s3cret", "Bearer t0p-s3cret")
    assert heard.body == {"SCAFFOLD_TOKEN": "not-ours", "TOP": "t0p-s3cret", "none": None}
    assert made["payload"] == {
        "type": "WEBHOOK",
        "url": f"{listener.url}/******?token=******",
        "headers": {"Authorization": "Bearer ******"},
        "body": {"SCAFFOLD_TOKEN": "******", "TOP": "******", "none": None},
    }
    journal = [str(each) for each in sandbox.journal.exchanges() if each.route != "/v1/organization/secrets"]
    assert [line for line in journal if "t0p-s3cret" in line] == []


@pytest.mark.fact(184)
@pytest.mark.parametrize("host", ["own", "https://api.port.io", "https://api.us.getport.io"])
def test_calls_of_ports_own_api_are_authenticated(sandbox: Sandbox, port: httpx.Client, host: str) -> None:
    base = sandbox.urls["port"] if host == "own" else host
    make(port, action("inner", invocationMethod=webhook("https://example.com")))
    method = webhook(
        f"{base}/v1/actions/inner/runs?run_as={{{{ .inputs.who }}}}",
        body={"properties": {"{{ spreadValue() }}": "{{ .inputs }}", "outer": "{{ .run.id }}"}},
        synchronized=True,
    )
    outer = carried_out(sandbox, port, method, {"who": DEVELOPER})
    inner = runs(port, action="inner")[0]
    user = port.get(f"/v1/users/{DEVELOPER}").json()["user"]
    assert (outer["status"], outer["response"]["run"]["id"]) == ("SUCCESS", inner["id"])
    assert (inner["createdBy"], inner["properties"]) == (user["id"], {"who": DEVELOPER, "outer": outer["id"]})


@pytest.mark.fact(184)
def test_a_host_that_is_not_ports_gets_no_token(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    carried_out(sandbox, port, webhook(f"{listener.url}/v1/actions"))
    assert "authorization" not in listener.heard[0].headers


@pytest.mark.fact(185)
@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        (
            "https://example.com/x",
            "example.com is no host of this machine and stands for none of the sandbox's services",
        ),
        (
            "https://127.0.0.1/x",
            "127.0.0.1 is no host of this machine and stands for none of the sandbox's services",
        ),
        ("${PORT_API_URL}/actions", "${PORT_API_URL}/actions is not a URL"),
        ("{{ empty }}", "undefined is not a URL"),
    ],
)
def test_an_unknown_host_is_refused_journalled_and_fails_the_run(
    sandbox: Sandbox, port: httpx.Client, url: str, complaint: str
) -> None:
    made = carried_out(sandbox, port, webhook(url))
    line = f"Failed to invoke the webhook: {complaint}"
    assert (made["status"], made["summary"], messages(port, made["id"])) == ("FAILURE", line, [line])
    notes = [each.note for each in sandbox.journal.exchanges() if each.service == "port-outbound"]
    assert notes == [f"failed: {complaint}"]


@pytest.mark.fact(185)
def test_hosts_of_the_internet_stand_for_services_of_the_sandbox_or_for_what_one_says(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    answer = httpx.put(f"{sandbox.control}/hosts", json={"*.example.org": f"{listener.url}/base/"})
    assert answer.json()["hosts"]["gitlab.com"] == sandbox.urls["gitlab"]
    carried_out(sandbox, port, webhook("https://ci.example.org/x?y=1"))
    assert [each.path for each in listener.heard] == ["/base/x?y=1"]
    refused = httpx.put(f"{sandbox.control}/hosts", json={"a.example.org": "https://example.com"})
    assert (refused.status_code, httpx.get(f"{sandbox.control}/hosts").json()) == (400, answer.json())
    assert httpx.put(f"{sandbox.control}/hosts", json=[]).status_code == 400


@pytest.mark.fact(186)
@pytest.mark.parametrize(
    "method",
    [
        {"type": "KAFKA"},
        {"type": "GITHUB", "org": "o", "repo": "r", "workflow": "w"},
        {"type": "GITLAB", "projectName": "p", "groupName": "g"},
        {"type": "AZURE_DEVOPS", "org": "o", "webhook": "w"},
    ],
)
def test_backends_that_are_not_emulated_say_so(sandbox: Sandbox, port: httpx.Client, method: Body) -> None:
    made = carried_out(sandbox, port, method)
    complaint = f"The sandbox does not emulate the backend {method['type']}"
    assert (made["status"], messages(port, made["id"])) == ("FAILURE", [complaint])
    notes = [(each.status, each.note) for each in sandbox.journal.exchanges() if each.service == "port-outbound"]
    assert notes == [(501, f"not emulated: the backend {method['type']}")]


@pytest.mark.fact(186)
def test_the_execution_agent_is_not_emulated(sandbox: Sandbox, port: httpx.Client, listener: Listener) -> None:
    made = carried_out(sandbox, port, webhook(listener.url, agent="{{ true }}"))
    assert (made["status"], listener.heard) == ("FAILURE", [])


@pytest.mark.fact(155)
@pytest.mark.parametrize(
    ("body", "what"),
    [
        ({"a": "stray }}"}, "Found closing double braces in index 6 without opening double braces"),
        (
            {"{{ spreadValue() }}": "{{ .inputs.none }}"},
            f"{SPREAD_REFUSAL} Original value: {{{{ .inputs.none }}}}, evaluated to: null",
        ),
    ],
)
def test_a_run_whose_templates_cannot_be_evaluated_fails(
    sandbox: Sandbox, port: httpx.Client, listener: Listener, body: Body, what: str
) -> None:
    made = carried_out(sandbox, port, webhook(listener.url, body=body))
    line = f"Failed to evaluate the templates of the action: {what}"
    assert (made["status"], messages(port, made["id"]), listener.heard) == ("FAILURE", [line], [])


@pytest.mark.fact(187)
def test_upsert_entity_writes_the_mapped_fields_only(sandbox: Sandbox, port: httpx.Client) -> None:
    mapping = {
        "identifier": "{{ .entity.identifier }}",
        "title": "{{ .inputs.title }}",
        "properties": {"language": "{{ .inputs.language }}", "tier": "{{ empty }}"},
    }
    method = {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": mapping}
    made = carried_out(sandbox, port, method, {"title": "New", "language": None})
    entity = port.get("/v1/blueprints/service/entities/shop%2Fcheckout").json()["entity"]
    assert (made["status"], entity["title"]) == ("SUCCESS", "New")
    assert (entity["properties"]["language"], entity["properties"]["tier"]) == (None, "gold")
    audits = port.get("/v1/audit-log", params={"run_id": made["id"], "resources": "entity"}).json()["audits"]
    assert [each["action"] for each in audits] == ["UPDATE"]


@pytest.mark.fact(187)
def test_upsert_entity_fails_the_run_where_the_catalogue_refuses(sandbox: Sandbox, port: httpx.Client) -> None:
    mapping = {"identifier": "x", "properties": {"tier": "wood"}}
    made = carried_out(sandbox, port, {"type": "UPSERT_ENTITY", "blueprintIdentifier": "service", "mapping": mapping})
    line = "Failed to upsert the entity: properties/tier must be equal to one of the allowed values"
    assert (made["status"], messages(port, made["id"])) == ("FAILURE", [line])


@pytest.mark.fact(188)
def test_deliveries_are_late_lost_or_made_twice_on_demand(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    method = webhook(listener.url, body={"n": "{{ .action.identifier }}"})
    for kind, more in (("delay", {"seconds": 3600}), ("duplicate", {}), ("cut", {})):
        make(port, action(kind, invocationMethod=method))
        fault = {"kind": kind, "service": "port-jobs", "path": f"^/invoke/{kind}$", **more}
        httpx.post(f"{sandbox.control}/faults", json=fault).raise_for_status()
        started(port, kind)
    sandbox.settle()
    assert sorted(body["n"] for body in listener.bodies) == ["delay", "duplicate", "duplicate"]


@pytest.mark.fact(189)
def test_a_run_that_ended_while_its_backend_worked_keeps_its_end(
    sandbox: Sandbox, port: httpx.Client, listener: Listener
) -> None:
    make(port, action("act", invocationMethod=webhook(listener.url, synchronized=True)))
    fault = {"kind": "delay", "service": "port-jobs", "path": "^/invoke/act$", "seconds": 3600}
    httpx.post(f"{sandbox.control}/faults", json=fault).raise_for_status()
    run_id = started(port, "act")
    port.patch(f"{RUNS}/{run_id}", json={"status": "FAILURE"})
    sandbox.settle()
    assert (run(port, run_id)["status"], listener.heard) == ("FAILURE", [])
