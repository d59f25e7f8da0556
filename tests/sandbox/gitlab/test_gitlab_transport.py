"""Who asks, how requests are written, and what every answer carries."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
UNAUTHORIZED = {"message": "401 Unauthorized"}


@pytest.mark.fact("gitlab-1")
def test_a_token_is_taken_from_three_places(sandbox: Sandbox, nobody: httpx.Client) -> None:
    token = sandbox.credentials["gitlab"]["maintainer"]["token"]
    assert token.startswith("glpat-")
    answers = [
        nobody.get("/user", headers={"PRIVATE-TOKEN": token}),
        nobody.get("/user", headers={"Authorization": f"Bearer {token}"}),
        nobody.get("/user", params={"private_token": token}),
    ]
    assert [answer.json()["username"] for answer in answers] == ["max.maintainer"] * 3
    assert token not in str([each.public() for each in sandbox.journal.exchanges()])


@pytest.mark.fact("gitlab-2")
def test_no_token_and_an_unknown_one_are_refused_alike(nobody: httpx.Client) -> None:
    for headers in ({}, {"PRIVATE-TOKEN": "glpat-unknown"}, {"Authorization": "Bearer nothing"}):
        answer = nobody.get("/user", headers=headers)
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


@pytest.mark.fact("gitlab-3")
def test_a_dead_token_says_why(ask: Ask) -> None:
    for name, text in (
        ("expired", "Token is expired. You can either do re-authorization or token refresh."),
        ("revoked", "Token was revoked. You have to re-authorize from the user."),
    ):
        answer = ask(name).get("/user")
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_token", "error_description": text})
        assert "invalid_token" in answer.headers["www-authenticate"]


@pytest.mark.fact("gitlab-4")
def test_a_job_token_manages_nothing(nobody: httpx.Client) -> None:
    for path in (f"{PROJECT}/variables", PROJECT, f"{PROJECT}/protected_branches"):
        answer = nobody.get(path, headers={"JOB-TOKEN": "glcbt-64_something"})
        assert (answer.status_code, answer.json()) == (401, UNAUTHORIZED)


@pytest.mark.fact("gitlab-5")
def test_the_scope_read_api_reads_and_does_not_write(ask: Ask) -> None:
    reader = ask("readonly")
    assert reader.get(PROJECT).status_code == 200
    assert reader.get(f"{PROJECT}/variables").json() == []
    answer = reader.post(f"{PROJECT}/variables", json={"key": "A", "value": "b"})
    assert (answer.status_code, answer.json()) == (
        403,
        {
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": "api",
        },
    )
    assert ask("repository-only").get(PROJECT).status_code == 403


@pytest.mark.fact("gitlab-6")
def test_a_token_describes_itself_without_its_value(ask: Ask) -> None:
    found = ask("readonly").get("/personal_access_tokens/self").json()
    assert (found["name"], found["scopes"], found["active"], found["revoked"]) == (
        "readonly",
        ["read_api"],
        True,
        False,
    )
    assert set(found) == {
        "id", "name", "revoked", "created_at", "description", "scopes", "user_id", "last_used_at", "active",
        "expires_at",
    }  # fmt: skip


@pytest.mark.fact("gitlab-7")
def test_rotation_gives_a_new_token_and_kills_the_old_one(ask: Ask, nobody: httpx.Client) -> None:
    client = ask("other-maintainer")
    rotated = client.post("/personal_access_tokens/self/rotate").json()
    assert client.get("/user").json()["error"] == "invalid_token"
    fresh = {"PRIVATE-TOKEN": rotated["token"]}
    assert nobody.get("/user", headers=fresh).json()["username"] == "mia.maintainer"
    too_long = nobody.post("/personal_access_tokens/self/rotate", headers=fresh, json={"expires_at": "2999-01-01"})
    assert too_long.status_code == 400
    assert nobody.delete("/personal_access_tokens/self", headers=fresh).status_code == 204
    assert nobody.get("/user", headers=fresh).status_code == 401


@pytest.mark.fact("gitlab-8")
def test_the_instance_says_what_it_is(owner: httpx.Client, ask: Ask) -> None:
    version = owner.get("/version").json()
    assert version == {"version": "18.6.0-ee", "revision": "5ee54ab8d8a"}
    assert owner.get("/metadata").json()["enterprise"] is True
    assert owner.get("/user").json()["username"] == "sa-portctl"
    assert "is_admin" not in owner.get("/user").json()
    assert ask("admin").get("/user").json()["is_admin"] is True
    assert [each["username"] for each in owner.get("/users", params={"username": "GUS.guest"}).json()] == ["gus.guest"]


@pytest.mark.fact("gitlab-9")
def test_an_encoded_path_stays_one_segment(owner: httpx.Client) -> None:
    by_path = owner.get(PROJECT).json()
    assert by_path["path_with_namespace"] == "shop/checkout"
    assert owner.get(f"/projects/{by_path['id']}").json() == by_path
    owner.post(f"{PROJECT}/repository/files/a%2Fb%20c.txt", json=file("x")).raise_for_status()
    assert owner.get(f"{PROJECT}/repository/files/a%2Fb%20c%2Etxt/raw").text == "x"
    assert owner.get("/projects/shop/checkout").status_code == 501


@pytest.mark.fact("gitlab-10")
def test_a_body_may_be_json_form_or_multipart(owner: httpx.Client) -> None:
    path = f"{PROJECT}/variables"
    owner.post(path, json={"key": "A", "value": "1"}).raise_for_status()
    owner.post(path, data={"key": "B", "value": "2", "protected": "true"}).raise_for_status()
    owner.post(path, files={"key": (None, "C"), "value": (None, "3")}).raise_for_status()
    owner.post(path, params={"key": "D", "value": "4"}).raise_for_status()
    found = [(each["key"], each["value"], each["protected"]) for each in owner.get(path).json()]
    assert found == [("A", "1", False), ("B", "2", True), ("C", "3", False), ("D", "4", False)]
    unknown = owner.post(path, content=b"<a/>", headers={"content-type": "application/xml"})
    assert unknown.status_code == 415
    broken = owner.post(path, content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, list(broken.json())) == (400, ["error"])


@pytest.mark.fact("gitlab-11")
def test_arrays_and_objects_are_written_with_brackets(owner: httpx.Client) -> None:
    form = {
        "branch": "main",
        "commit_message": "Two files",
        "actions[][action]": ["create", "create"],
        "actions[][file_path]": ["one.txt", "two.txt"],
        "actions[][content]": ["1", "2"],
    }
    body = "&".join(
        ["branch=main", "commit_message=Two+files"]
        + [
            f"actions[][action]=create&actions[][file_path]={name}&actions[][content]={number}"
            for number, name in enumerate(form["actions[][file_path]"], start=1)
        ]
    )
    content_type = {"content-type": "application/x-www-form-urlencoded"}
    owner.post(f"{PROJECT}/repository/commits", content=body, headers=content_type).raise_for_status()
    assert owner.get(f"{PROJECT}/repository/files/two.txt/raw").text == "2"
    topics = owner.put(PROJECT, params={"topics[]": ["a", "b"]}).json()["topics"]
    assert topics == ["a", "b"]


@pytest.mark.fact("gitlab-12")
def test_the_parameter_check_names_every_mistake(owner: httpx.Client) -> None:
    missing = owner.post(f"{PROJECT}/variables", json={})
    assert (missing.status_code, missing.json()) == (400, {"error": "value is missing, key is missing"})
    wrong = owner.post(
        f"{PROJECT}/variables", json={"key": "A", "value": "b", "masked": "perhaps", "variable_type": "x"}
    )
    assert wrong.json() == {"error": "variable_type does not have a valid value, masked is invalid"}


@pytest.mark.fact("gitlab-13")
def test_what_may_not_be_seen_is_absent(ask: Ask, nobody: httpx.Client) -> None:
    absent = {"message": "404 Project Not Found"}
    for client in (ask("outsider"), nobody):
        answer = client.get(PROJECT)
        assert (answer.status_code, answer.json()) == (404, absent)
    assert ask("outsider").get(f"{PROJECT}/variables").json() == absent
    assert ask("outsider").get("/groups/shop").json() == {"message": "404 Group Not Found"}
    assert ask("outsider").get("/projects").json() == []
    assert ask("developer").get(f"{PROJECT}/variables").json() == {"message": "403 Forbidden"}


@pytest.mark.fact("gitlab-14")
def test_a_public_project_is_read_without_a_token(ask: Ask, nobody: httpx.Client) -> None:
    admin = ask("admin")
    admin.put("/groups/shop", json={"visibility": "public"}).raise_for_status()
    admin.put(PROJECT, json={"visibility": "public"}).raise_for_status()
    assert nobody.get(PROJECT).json()["path"] == "checkout"
    assert "permissions" not in nobody.get(PROJECT).json()
    assert nobody.get(f"{PROJECT}/repository/files/README.md/raw").text.startswith("# checkout")
    assert nobody.get(f"{PROJECT}/variables").status_code == 401


@pytest.mark.fact("gitlab-15")
def test_a_moved_project_redirects_reads_and_refuses_writes(owner: httpx.Client) -> None:
    project = owner.get(PROJECT).json()
    owner.put(PROJECT, json={"path": "till"}).raise_for_status()
    moved = owner.get(f"{PROJECT}/variables", params={"per_page": 5})
    assert moved.status_code == 301
    assert moved.headers["location"].endswith(f"/api/v4/projects/{project['id']}/variables?per_page=5")
    assert owner.get(moved.headers["location"]).json() == []
    write = owner.post(f"{PROJECT}/variables", json={"key": "A", "value": "b"})
    assert write.status_code == 405
    assert owner.get("/projects/shop%2Ftill").json()["id"] == project["id"]


@pytest.mark.fact("gitlab-16")
def test_what_is_not_emulated_says_so(sandbox: Sandbox, owner: httpx.Client) -> None:
    for method, path in (
        ("GET", "/nothing"),
        ("GET", f"{PROJECT}/hooks"),
        ("GET", f"{PROJECT}/pipeline_schedules"),
        ("GET", f"{PROJECT}/freeze_periods"),
        ("POST", "/groups/shop/service_accounts"),
    ):
        for strange in ({}, {"private-token": "glpat-of-nobody"}, {"job-token": "glcbt-of-nobody"}):
            answer = owner.request(method, path, headers=strange)
            assert answer.status_code == 501
            assert "The sandbox does not emulate" in answer.json()["error"]
            assert sandbox.journal.exchanges()[-1].note == "not emulated"


@pytest.mark.fact("gitlab-17")
def test_a_pipeline_is_not_triggered_by_get(owner: httpx.Client) -> None:
    answer = owner.get(f"{PROJECT}/trigger/pipeline")
    assert (answer.status_code, answer.json()) == (404, {"error": "404 Not Found"})


@pytest.mark.fact("gitlab-18")
def test_every_answer_carries_its_number_and_what_is_left_of_the_limit(owner: httpx.Client) -> None:
    first, second = owner.get("/version"), owner.get("/version")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    limits = {name: value for name, value in second.headers.items() if name.startswith("ratelimit")}
    reset = limits.pop("ratelimit-reset")
    assert limits == {
        "ratelimit-limit": "2000",
        "ratelimit-observed": "2",
        "ratelimit-remaining": "1998",
        "ratelimit-name": "throttle_authenticated_api",
    }
    assert reset.isdigit()


@pytest.mark.fact("gitlab-19")
def test_too_many_requests_are_refused_until_the_minute_is_over(sandbox: Sandbox, nobody: httpx.Client) -> None:
    statuses = [nobody.get("/groups").status_code for _ in range(501)]
    assert statuses == [200] * 500 + [429]
    refused = nobody.get("/groups")
    assert (refused.status_code, refused.text, refused.headers["ratelimit-remaining"]) == (429, "Retry later\n", "0")
    assert refused.headers["ratelimit-name"] == "throttle_unauthenticated_api"
    sandbox.world.clock.advance(int(refused.headers["retry-after"]))
    assert nobody.get("/groups").status_code == 200


@pytest.mark.fact("gitlab-20")
def test_reads_may_be_late(sandbox: Sandbox, owner: httpx.Client) -> None:
    sandbox.set_lag(2)
    owner.post(f"{PROJECT}/variables", json={"key": "A", "value": "b"}).raise_for_status()
    assert owner.get(f"{PROJECT}/variables").json() == []
    assert owner.get(f"{PROJECT}/variables/A").status_code == 404
    sandbox.world.clock.advance(2)
    assert [each["key"] for each in owner.get(f"{PROJECT}/variables").json()] == ["A"]


@pytest.mark.fact("gitlab-10")
def test_a_null_character_is_refused_anywhere(owner: httpx.Client) -> None:
    answers = [
        owner.get(f"{PROJECT}/repository/files/a%00b", params={"ref": "main"}),
        owner.get(f"{PROJECT}/repository/files/a", params={"ref": "a\0b"}),
        owner.post(f"{PROJECT}/variables", json={"key": "A", "value": "b\0"}),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400]


def file(content: str) -> dict[str, str]:
    return {"branch": "main", "commit_message": "A file", "content": content}
