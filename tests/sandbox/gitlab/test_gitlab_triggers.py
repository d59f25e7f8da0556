"""Pipeline trigger tokens."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

TRIGGERS = "/projects/platform%2Fpipelines/triggers"


def create(client: httpx.Client) -> dict[str, object]:
    made = client.post(TRIGGERS, json={"description": "portctl:deploy"})
    assert made.status_code == 201
    body: dict[str, object] = made.json()
    return body


@pytest.mark.fact("gitlab-63")
def test_a_trigger_shows_its_token_to_its_owner(owner: httpx.Client) -> None:
    made = create(owner)
    assert str(made["token"]).startswith("glptt-")
    assert len(str(made["token"])) == 46
    assert owner.get(TRIGGERS).json() == [made]
    assert owner.get(f"{TRIGGERS}/{made['id']}").json() == made
    assert set(made) == {
        "id", "token", "description", "created_at", "updated_at", "last_used", "expires_at", "owner",
    }  # fmt: skip


@pytest.mark.fact("gitlab-64")
def test_everybody_else_sees_four_characters(ask: Ask, owner: httpx.Client) -> None:
    made = create(owner)
    for name in ("maintainer", "owner", "admin"):
        seen = ask(name).get(f"{TRIGGERS}/{made['id']}").json()
        assert (seen["token"], seen["owner"]["username"]) == ("glpt", "sa-portctl")
        assert [each["token"] for each in ask(name).get(TRIGGERS).json()] == ["glpt"]
    assert owner.get(TRIGGERS).json()[0]["token"] == made["token"]


@pytest.mark.fact("gitlab-65")
def test_triggers_are_for_maintainers(ask: Ask, owner: httpx.Client) -> None:
    made = create(owner)
    for name in ("developer", "reporter", "guest"):
        assert ask(name).get(TRIGGERS).status_code == 403
        assert ask(name).post(TRIGGERS, json={"description": "x"}).status_code == 403
        assert ask(name).delete(f"{TRIGGERS}/{made['id']}").status_code == 403
    assert ask("outsider").get(TRIGGERS).status_code == 404


@pytest.mark.fact("gitlab-66")
def test_descriptions_are_needed_and_need_not_differ(owner: httpx.Client) -> None:
    missing = owner.post(TRIGGERS, json={})
    assert (missing.status_code, missing.json()) == (400, {"error": "description is missing"})
    assert create(owner)["id"] != create(owner)["id"]
    dated = owner.post(TRIGGERS, json={"description": "x", "expires_at": "2027-01-01"}).json()
    assert dated["expires_at"] == "2027-01-01"


@pytest.mark.fact("gitlab-67")
@pytest.mark.sends_unknown_parameters
def test_only_the_description_changes(ask: Ask, owner: httpx.Client) -> None:
    made = create(owner)
    path = f"{TRIGGERS}/{made['id']}"
    changed = owner.put(path, json={"description": "new", "expires_at": "2027-01-01"})
    assert (changed.status_code, changed.json()["description"], changed.json()["expires_at"]) == (200, "new", None)
    assert changed.json()["token"] == made["token"]
    assert ask("maintainer").put(path, json={"description": "mine"}).status_code == 403


@pytest.mark.fact("gitlab-68")
def test_a_trigger_is_deleted_by_its_owner(sandbox: Sandbox, ask: Ask, owner: httpx.Client) -> None:
    path = f"{TRIGGERS}/{create(owner)['id']}"
    assert ask("maintainer").delete(path).status_code == 403
    assert owner.delete(path).status_code == 204
    assert (owner.get(path).status_code, owner.delete(path).status_code) == (404, 404)
    foreign = f"{TRIGGERS}/{create(owner)['id']}"
    sandbox.switches.set({"foreign-trigger-delete": "lenient"})
    assert ask("maintainer").delete(foreign).status_code == 204
