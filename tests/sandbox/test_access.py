"""Tokens, limits, envelopes, routes: what every Port request meets first."""

from __future__ import annotations

import base64
import json

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.bodies import blueprint, refusal
from tests.servers import port_client

TOKEN = "/v1/auth/access_token"
RATE_HEADERS = ("x-ratelimit-period", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture
def nobody(sandbox: Sandbox) -> httpx.Client:
    return httpx.Client(base_url=sandbox.urls["port"])


@pytest.fixture
def pair(sandbox: Sandbox) -> dict[str, str]:
    chosen = sandbox.credentials["port"]["default"]
    return {"clientId": chosen["clientId"], "clientSecret": chosen["clientSecret"]}


@pytest.mark.fact(1, 3)
def test_the_same_token_is_given_until_it_expires(sandbox: Sandbox, nobody: httpx.Client, pair: dict[str, str]) -> None:
    with nobody:
        first = nobody.post(TOKEN, json=pair).json()
        sandbox.world.clock.advance(100)
        second = nobody.post(TOKEN, json=pair).json()
        sandbox.world.clock.advance(10_701)
        third = nobody.post(TOKEN, json=pair).json()
    assert {**first, "accessToken": "x"} == {"ok": True, "accessToken": "x", "expiresIn": 10_800, "tokenType": "Bearer"}
    assert second["accessToken"] == first["accessToken"]
    assert second["expiresIn"] in (10_699, 10_700)
    assert third["accessToken"] != first["accessToken"]


@pytest.mark.fact(2, 16)
def test_a_token_request_with_further_keys_is_refused_in_ajv_wording(
    nobody: httpx.Client, pair: dict[str, str]
) -> None:
    with nobody:
        answer = nobody.post(TOKEN, json={**pair, "scope": "all"})
        missing = nobody.post(TOKEN, json={"clientId": "x"})
    assert (answer.status_code, answer.json()) == (
        422,
        refusal("invalid_request", "body must NOT have additional properties"),
    )
    assert missing.json()["message"] == "body must have required property 'clientSecret'"


@pytest.mark.fact(4)
def test_bad_credentials_are_refused(nobody: httpx.Client, pair: dict[str, str]) -> None:
    with nobody:
        answer = nobody.post(TOKEN, json={**pair, "clientSecret": "wrong"})
    expected = refusal("invalid_credentials", "Invalid credentials supplied to the generate token API")
    assert (answer.status_code, answer.json()) == (401, expected)


@pytest.mark.fact(5)
@pytest.mark.parametrize("form", ["Bearer {}", "{}", "bearer {}"])
def test_the_token_is_taken_with_and_without_the_word_bearer(
    nobody: httpx.Client, pair: dict[str, str], form: str
) -> None:
    with nobody:
        token = nobody.post(TOKEN, json=pair).json()["accessToken"]
        answer = nobody.get("/v1/blueprints/service", headers={"authorization": form.format(token)})
    assert answer.status_code == 200


@pytest.mark.fact(6)
@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer nonsense"}, {"authorization": ""}])
def test_a_missing_or_malformed_token_is_refused(nobody: httpx.Client, headers: dict[str, str]) -> None:
    with nobody:
        answer = nobody.get("/v1/blueprints", headers=headers)
    assert answer.status_code == 401
    assert set(answer.json()) == {"ok", "error", "message"}


@pytest.mark.fact(7)
def test_an_expired_token_is_refused(sandbox: Sandbox, port: httpx.Client) -> None:
    sandbox.world.clock.advance(10_801)
    assert port.get("/v1/blueprints").status_code == 401


@pytest.mark.fact(8, 139)
def test_a_token_tells_its_organisation_as_the_organisation_route_does(port: httpx.Client) -> None:
    part = port.headers["authorization"].split(".")[1]
    payload = json.loads(base64.urlsafe_b64decode(part + "=="))
    organisation = port.get("/v1/organization").json()["organization"]
    assert payload["isMachine"] is True
    assert payload["orgId"] == organisation["id"]
    assert organisation["name"] == "Sandbox"


@pytest.mark.fact(9)
def test_the_token_endpoint_takes_a_hundred_requests_in_five_minutes(
    sandbox: Sandbox, nobody: httpx.Client, pair: dict[str, str]
) -> None:
    with nobody:
        statuses = [nobody.post(TOKEN, json=pair).status_code for _ in range(100)]
        over = nobody.post(TOKEN, json=pair)
        sandbox.world.clock.advance(301)
        later = nobody.post(TOKEN, json=pair)
    assert statuses == [200] * 100
    assert over.status_code == 429
    assert over.json()["error"] == "rate_limit_exceeded"
    assert 280 <= int(over.headers["retry-after"]) <= 300
    assert over.headers["x-ratelimit-remaining"] == "0"
    assert later.status_code == 200


@pytest.mark.fact(10, 13)
@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("GET", "/v1/blueprints", "15000"),
        ("GET", "/v1/blueprints/service/entities", "35000"),
        ("POST", "/v1/blueprints/service/entities", "10000"),
        ("POST", "/v1/blueprints/service/entities/bulk", "35000"),
        ("POST", "/v1/entities/search", "35000"),
        ("GET", "/v1/actions", "15000"),
        ("GET", "/v1/actions/none", "15000"),
        ("GET", "/v1/nowhere", "15000"),
    ],
)
def test_every_answer_says_what_is_left_of_its_limit(port: httpx.Client, method: str, path: str, limit: str) -> None:
    answer = port.request(method, path)
    assert [name for name in RATE_HEADERS if name not in answer.headers] == []
    assert answer.headers["x-ratelimit-period"] == "300"
    assert answer.headers["x-ratelimit-limit"] == limit


@pytest.mark.fact(10)
def test_a_refused_token_also_gets_rate_headers(nobody: httpx.Client) -> None:
    with nobody:
        answer = nobody.get("/v1/blueprints")
    assert [name for name in RATE_HEADERS if name not in answer.headers] == []


@pytest.mark.fact(11)
def test_the_reset_header_is_seconds_or_an_epoch(
    sandbox: Sandbox, port: httpx.Client, nobody: httpx.Client, pair: dict[str, str]
) -> None:
    with nobody:
        answers = [
            port.get("/v1/actions"),
            port.get("/v1/nowhere"),
            nobody.get("/v1/actions"),
            nobody.post(TOKEN, json=pair),
            nobody.post("/ingest/none", json={}),
        ]
    assert [answer.status_code for answer in answers] == [200, 501, 401, 200, 404]
    assert [seconds for seconds in map(_reset, answers) if not 0 < seconds <= 300] == []
    sandbox.switches.set({"reset-header": "strict"})
    epoch = _reset(port.get("/v1/actions"))
    assert abs(epoch - sandbox.world.clock.seconds() - 300) < 5


@pytest.mark.fact(11)
def test_who_is_refused_for_the_limit_may_come_back_after_the_seconds_it_was_told(
    sandbox: Sandbox, nobody: httpx.Client, pair: dict[str, str]
) -> None:
    with nobody:
        for _ in range(101):
            answer = nobody.post(TOKEN, json=pair)
        assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (429, "0")
        assert answer.headers["retry-after"] == answer.headers["x-ratelimit-reset"]
        sandbox.world.clock.advance(_reset(answer))
        assert nobody.post(TOKEN, json=pair).status_code == 200


def _reset(answer: httpx.Response) -> int:
    return int(answer.headers["x-ratelimit-reset"])


@pytest.mark.fact(218)
def test_tokens_are_canonical_so_that_libraries_parse_them(sandbox: Sandbox, nobody: httpx.Client) -> None:
    """A last character with spare bits that are not zero is refused by strict decoders."""
    tokens: list[str] = []
    with nobody:
        for _ in range(20):
            for chosen in sandbox.credentials["port"].values():
                body = {name: chosen[name] for name in ("clientId", "clientSecret")}
                tokens.append(nobody.post(TOKEN, json=body).json()["accessToken"])
            sandbox.world.clock.advance(10_801)
    parts = [part for token in tokens for part in token.split(".")]
    assert (len(set(tokens)), len(parts)) == (len(tokens), 3 * len(tokens))
    assert [part for part in parts if _encoded(_decoded(part)) != part] == []
    assert {len(_decoded(token.split(".")[2])) for token in tokens} == {32}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.mark.fact(12)
def test_a_burst_of_logins_is_refused_where_the_burst_caps_hold(
    sandbox: Sandbox, nobody: httpx.Client, pair: dict[str, str]
) -> None:
    sandbox.switches.set({"burst": "strict"})
    with nobody:
        statuses = [nobody.post(TOKEN, json=pair).status_code for _ in range(30)]
    assert statuses[0] == 200
    assert 429 in statuses


@pytest.mark.fact(14)
def test_a_body_over_one_mebibyte_is_refused(port: httpx.Client) -> None:
    answer = port.post("/v1/blueprints", json=blueprint(description="x" * 1024 * 1024))
    assert (answer.status_code, answer.json()["message"]) == (413, "Request body is too large (limit is 1MiB)")


@pytest.mark.fact(15)
@pytest.mark.parametrize("body", [b"{", b"NaN", b"\xff", b"[" * 100_000])
def test_a_body_that_is_not_json_is_refused(port: httpx.Client, body: bytes) -> None:
    answer = port.post("/v1/blueprints", content=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.fact(16)
def test_a_missing_body_is_refused(port: httpx.Client) -> None:
    answer = port.post("/v1/blueprints")
    assert (answer.status_code, answer.json()) == (422, refusal("invalid_request", "body must be object"))


@pytest.mark.fact(17)
def test_an_unknown_route_is_not_emulated_and_journalled(sandbox: Sandbox, port: httpx.Client) -> None:
    answer = port.get("/v1/nowhere")
    assert answer.status_code == 501
    assert answer.json() == refusal("not_emulated", "The sandbox does not emulate the route GET /v1/nowhere")
    assert sandbox.journal.exchanges()[-1].public()["note"] == "not emulated"


@pytest.mark.fact(18)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/blueprints"),
        ("PUT", "/v1/actions/scaffold_service"),
        ("DELETE", "/v1/blueprints/service/entities/shop%2Fcheckout"),
        ("PATCH", "/v1/organization/secrets/SCAFFOLD_TOKEN"),
    ],
)
def test_a_member_may_read_and_not_write(member: httpx.Client, method: str, path: str) -> None:
    assert member.get("/v1/blueprints").status_code == 200
    assert member.post("/v1/blueprints/service/entities/search", json={}).status_code == 200
    answer = member.request(method, path, json={})
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.fact(19)
def test_identifiers_are_percent_encoded_as_one_segment(port: httpx.Client) -> None:
    answer = port.get("/v1/blueprints/service/entities/shop%2Fcheckout")
    assert answer.json()["entity"]["identifier"] == "shop/checkout"
    assert port.get("/v1/blueprints/service/entities/shop/checkout").status_code == 501


@pytest.mark.fact(20)
def test_organisations_do_not_see_each_other(sandbox: Sandbox, port: httpx.Client) -> None:
    port.post("/v1/blueprints", json=blueprint())
    with port_client(sandbox, "elsewhere") as elsewhere:
        assert elsewhere.get("/v1/blueprints/thing").status_code == 404
        assert elsewhere.get("/v1/organization").json()["organization"]["name"] == "Elsewhere"


@pytest.mark.fact(209)
def test_people_have_credentials_of_their_own_and_may_what_their_role_says(
    sandbox: Sandbox, developer: httpx.Client, engineer: httpx.Client
) -> None:
    for client, name, email, status in (
        (developer, "developer", "dev.dora@example.com", 403),
        (engineer, "engineer", "pat.platform@example.com", 201),
    ):
        assert sandbox.credentials["port"][name]["clientId"] == email
        part = client.headers["authorization"].split(".")[1]
        assert json.loads(base64.urlsafe_b64decode(part + "=="))["isMachine"] is False
        answer = client.post("/v1/blueprints/service/entities", json={"identifier": name, "properties": {}})
        assert answer.status_code == status
    made = engineer.get("/v1/blueprints/service/entities/engineer").json()["entity"]
    assert made["createdBy"] == engineer.get("/v1/users/pat.platform@example.com").json()["user"]["id"]
