"""CI/CD variables of projects and groups."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/shop%2Fcheckout"
VARIABLES = f"{PROJECT}/variables"
AMBIGUOUS = "There are multiple variables with provided parameters. Please use 'filter[environment_scope]'"


def create(client: httpx.Client, **body: Any) -> httpx.Response:
    return client.post(VARIABLES, json={"key": "NAME", "value": "value", **body})


@pytest.mark.fact("gitlab-52")
def test_a_variable_is_nine_fields_and_no_more(owner: httpx.Client) -> None:
    made = create(owner)
    body = {
        "variable_type": "env_var",
        "key": "NAME",
        "value": "value",
        "hidden": False,
        "protected": False,
        "masked": False,
        "raw": False,
        "environment_scope": "*",
        "description": None,
    }
    assert (made.status_code, made.json()) == (201, body)
    assert owner.get(f"{VARIABLES}/NAME").json() == body
    assert owner.get(VARIABLES).json() == [body]


@pytest.mark.fact("gitlab-53")
def test_a_taken_key_is_refused_within_its_scope(owner: httpx.Client) -> None:
    create(owner)
    taken = create(owner)
    assert (taken.status_code, taken.json()) == (400, {"message": {"key": ["(NAME) has already been taken"]}})
    assert create(owner, environment_scope="production").status_code == 201


@pytest.mark.fact("gitlab-54")
def test_several_scopes_need_the_filter(owner: httpx.Client) -> None:
    create(owner, value="all")
    create(owner, value="live", environment_scope="production")
    for method in ("GET", "PUT", "DELETE"):
        answer = owner.request(method, f"{VARIABLES}/NAME", json={"value": "x"} if method == "PUT" else None)
        assert (answer.status_code, answer.json()) == (409, {"message": AMBIGUOUS})
    chosen = {"filter[environment_scope]": "production"}
    assert owner.get(f"{VARIABLES}/NAME", params=chosen).json()["value"] == "live"
    assert owner.put(f"{VARIABLES}/NAME", params=chosen, json={"value": "new"}).json()["value"] == "new"
    assert owner.delete(f"{VARIABLES}/NAME", params=chosen).status_code == 204
    assert owner.get(f"{VARIABLES}/NAME").json()["value"] == "all"
    missing = owner.get(f"{VARIABLES}/NAME", params={"filter[environment_scope]": "elsewhere"})
    assert (missing.status_code, missing.json()) == (404, {"message": "404 Variable Not Found"})


@pytest.mark.fact("gitlab-55")
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"key": "with-dash"}, "key"),
        ({"key": ""}, "key"),
        ({"key": "K" * 256}, "key"),
        ({"value": "v" * 10_001}, "value"),
        ({"environment_scope": "s" * 256}, "environment_scope"),
        ({"description": "d" * 256}, "description"),
    ],
)
def test_what_does_not_fit_is_refused_by_field(owner: httpx.Client, body: dict[str, str], field: str) -> None:
    answer = create(owner, **body)
    assert (answer.status_code, list(answer.json()["message"])) == (400, [field])


@pytest.mark.fact("gitlab-55")
def test_the_longest_values_are_accepted(owner: httpx.Client) -> None:
    assert create(owner, key="K" * 255, value="v" * 10_000, description="d" * 255).status_code == 201


@pytest.mark.fact("gitlab-56")
@pytest.mark.parametrize(
    ("value", "raw", "accepted"),
    [
        ("abcdefgh", False, True),
        ("a+/=@:.~-_9", False, True),
        ("abcdefg", False, False),
        ("abcd efgh", False, False),
        ("abcdefgh\nijklmnop", False, False),
        ("abc$defgh", False, False),
        ('{"a":"bcd"}', False, False),
        ("abc$defgh", True, True),
        ('{"a":"bcd"}', True, True),
        ("abcdefg", True, False),
        ("abcd efgh", True, False),
        ("abcdefgh\n", True, False),
    ],
)
def test_what_can_be_masked(owner: httpx.Client, value: str, raw: bool, accepted: bool) -> None:
    answer = create(owner, value=value, raw=raw, masked=True)
    if accepted:
        assert (answer.status_code, answer.json()["value"], answer.json()["masked"]) == (201, value, True)
    else:
        assert (answer.status_code, answer.json()) == (400, {"message": {"value": ["is invalid"]}})


@pytest.mark.fact("gitlab-57")
def test_a_masked_value_may_not_be_another_key(sandbox: Sandbox, owner: httpx.Client) -> None:
    create(owner, key="OTHER_NAME")
    assert create(owner, value="OTHER_NAME", masked=True).status_code == 400
    sandbox.switches.set({"masked-value-names": "lenient"})
    assert create(owner, value="OTHER_NAME", masked=True).status_code == 201


@pytest.mark.fact("gitlab-58")
def test_a_hidden_value_never_comes_back(owner: httpx.Client) -> None:
    made = create(owner, value="abcdefgh", masked_and_hidden=True, raw=True, protected=True).json()
    assert (made["value"], made["hidden"], made["masked"]) == (None, True, True)
    assert owner.get(VARIABLES).json()[0]["value"] is None
    changed = owner.put(f"{VARIABLES}/NAME", json={"value": "ijklmnop", "protected": False})
    assert (changed.status_code, changed.json()["value"], changed.json()["protected"]) == (200, None, False)


@pytest.mark.fact("gitlab-59")
@pytest.mark.sends_unknown_parameters
def test_hiding_cannot_be_switched_on_or_off(owner: httpx.Client) -> None:
    create(owner, value="abcdefgh", masked_and_hidden=True)
    open_again = owner.put(f"{VARIABLES}/NAME", json={"value": "abcdefgh", "masked": False})
    assert (open_again.status_code, list(open_again.json()["message"])) == (400, ["base"])
    create(owner, key="VISIBLE", value="abcdefgh")
    hidden = owner.put(f"{VARIABLES}/VISIBLE", json={"value": "abcdefgh", "masked_and_hidden": True})
    assert (hidden.status_code, hidden.json()["hidden"]) == (200, False)


@pytest.mark.fact("gitlab-60")
@pytest.mark.sends_unknown_parameters
def test_a_change_keeps_what_is_left_out_and_the_key(owner: httpx.Client) -> None:
    create(owner, description="why", variable_type="file", raw=True)
    changed = owner.put(f"{VARIABLES}/NAME", json={"value": "other", "key": "RENAMED"}).json()
    kept = ("key", "value", "description", "variable_type", "raw")
    assert [changed[name] for name in kept] == ["NAME", "other", "why", "file", True]
    moved = owner.put(f"{VARIABLES}/NAME", json={"environment_scope": "review/*"}).json()
    assert (moved["value"], moved["environment_scope"]) == ("other", "review/*")
    create(owner)
    taken = owner.put(
        f"{VARIABLES}/NAME", params={"filter[environment_scope]": "*"}, json={"environment_scope": "review/*"}
    )
    assert taken.json() == {"message": {"key": ["(NAME) has already been taken"]}}


@pytest.mark.fact("gitlab-61")
def test_variables_of_a_project_are_for_maintainers(ask: Ask) -> None:
    create(ask("maintainer"), masked=True, value="abcdefgh").raise_for_status()
    assert ask("maintainer").get(VARIABLES).json()[0]["value"] == "abcdefgh"
    for name in ("developer", "reporter", "guest"):
        for answer in (ask(name).get(VARIABLES), ask(name).get(f"{VARIABLES}/NAME"), create(ask(name))):
            assert (answer.status_code, answer.json()) == (403, {"message": "403 Forbidden"})


@pytest.mark.fact("gitlab-62")
def test_variables_of_a_group_are_for_owners(sandbox: Sandbox, ask: Ask, owner: httpx.Client) -> None:
    body = {"key": "NAME", "value": "v", "environment_scope": "production"}
    made = owner.post("/groups/shop/variables", json=body)
    assert (made.status_code, made.json()["environment_scope"]) == (201, "production")
    assert owner.put("/groups/shop/variables/NAME", json={"value": "w"}).json()["value"] == "w"
    maintainer = ask("maintainer")
    assert maintainer.post("/groups/shop/variables", json=body).status_code == 403
    assert maintainer.get("/groups/shop/variables").status_code == 403
    sandbox.switches.set({"group-variable-reader": "lenient"})
    assert [each["key"] for each in maintainer.get("/groups/shop/variables").json()] == ["NAME"]
    assert maintainer.delete("/groups/shop/variables/NAME").status_code == 403
    assert owner.delete("/groups/shop/variables/NAME").status_code == 204
    assert owner.get("/groups/shop/variables").json() == []
