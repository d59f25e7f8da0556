"""CI/CD variables of projects and groups through their whole life."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.compare.canonical import same
from portctl.compare.normalise import normalise
from portctl.errors import AccessDenied, ApiError
from portctl.model.kind import Kind
from portctl.model.resource import Identity, Live
from portctl.model.value import Sealed, freeze
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.sandbox.server import Sandbox
from tests.contract.conftest import AsUser
from tests.contract.gitlab_objects import GROUP_VARIABLE, PIPELINES, SECRET, VARIABLE, write_request
from tests.servers import gitlab_client

PLAIN = {"key": "TARGET", "value": "all $X", "raw": True, "description": "What to make"}
SCOPED = {"key": "TARGET", "environment_scope": "review/*", "value": "", "protected": True}
MASKED = {"key": "LOGIN", "value": SECRET, "masked": True, "raw": True}
HIDDEN = {"key": "LOGIN", "value": SECRET, "hidden": True, "protected": True, "raw": True}
FILE = {"key": "CONFIG", "value": "{\n}\n", "variable_type": "file"}
IN_GROUP = {"group": "platform", "key": "SHARED", "value": "yes"}

LIVES: list[tuple[Kind, dict[str, Any], dict[str, Any]]] = [
    (VARIABLE, PLAIN, {"value": "some", "raw": False, "description": None}),
    (VARIABLE, SCOPED, {"value": "one\ntwo", "protected": False}),
    (VARIABLE, MASKED, {"masked": False}),
    (VARIABLE, MASKED, {"masked": False, "hidden": True}),
    (VARIABLE, HIDDEN, {"protected": False}),
    (VARIABLE, HIDDEN, {"hidden": False, "masked": True}),
    (VARIABLE, FILE, {"variable_type": "env_var"}),
    (GROUP_VARIABLE, IN_GROUP, {"value": "no", "protected": True}),
]


def identity_of(kind: Kind, attributes: dict[str, Any]) -> Identity:
    scope = attributes.get("environment_scope", "*")
    return (attributes["group"] if kind is GROUP_VARIABLE else PIPELINES, attributes["key"], scope)


def is_as_wanted(kind: Kind, attributes: dict[str, Any], live: Live) -> bool:
    """Equal in canonical form; of a group, the one that holds it stands in the address only."""
    wanted = normalise(kind, freeze(attributes))
    return same(normalise(kind, live.attributes, like=wanted), wanted)


@pytest.mark.parametrize(("kind", "body", "change"), LIVES)
def test_a_variable_is_created_found_changed_and_deleted(
    gitlab: GitLabProvider, kind: Kind, body: dict[str, Any], change: dict[str, Any]
) -> None:
    identity = identity_of(kind, body)
    assert (gitlab.read(kind, [identity]), gitlab.fetch(kind, identity)) == ({}, None)
    created = gitlab.create(kind, write_request(identity, body))
    assert created.identity == identity
    for live in (gitlab.read(kind, [identity])[identity], gitlab.fetch(kind, identity)):
        assert live is not None
        assert is_as_wanted(kind, body, live)
    changed = {**body, **change}
    updated = gitlab.update(kind, created, write_request(identity, changed))
    assert updated.identity == identity
    assert is_as_wanted(kind, changed, gitlab.read(kind, [identity])[identity])
    gitlab.delete(kind, updated)
    gitlab.delete(kind, updated)
    assert gitlab.read(kind, [identity]) == {}


def test_one_key_in_several_scopes_is_several_variables(gitlab: GitLabProvider) -> None:
    scopes = ("*", "production", "review/*")
    bodies = {scope: {"key": "K", "environment_scope": scope, "value": scope} for scope in scopes}
    lives = {
        scope: gitlab.create(VARIABLE, write_request((PIPELINES, "K", scope), body)) for scope, body in bodies.items()
    }
    gitlab.update(VARIABLE, lives["*"], write_request((PIPELINES, "K", "*"), {**bodies["*"], "value": "changed"}))
    gitlab.delete(VARIABLE, lives["production"])
    found = gitlab.read(VARIABLE, [live.identity for live in lives.values()])
    values = {identity[-1]: live.attributes["value"] for identity, live in found.items()}
    assert values == {"*": "changed", "review/*": "review/*"}


def test_a_masked_value_is_sealed_before_anything_can_show_it(gitlab: GitLabProvider) -> None:
    identity = (PIPELINES, "LOGIN", "*")
    live = gitlab.create(VARIABLE, write_request(identity, MASKED))
    for seen in (live, gitlab.read(VARIABLE, [identity])[identity]):
        assert isinstance(seen.attributes["value"], Sealed)
        assert "l0gin-s3cr3t" not in repr(seen)


def test_what_is_not_asked_for_is_not_kept(gitlab: GitLabProvider) -> None:
    gitlab.create(VARIABLE, write_request((PIPELINES, "LOGIN", "*"), {**MASKED, "masked": False}))
    assert gitlab.read(VARIABLE, [(PIPELINES, "TARGET", "*")]) == {}


@pytest.mark.parametrize("count", [1, 250])
def test_all_variables_of_a_project_are_one_list(gitlab: GitLabProvider, sandbox: Sandbox, count: int) -> None:
    with gitlab_client(sandbox) as client:
        for number in range(count):
            body = {"key": f"K_{number}", "value": "x"}
            assert client.post("/projects/platform%2Fpipelines/variables", json=body).status_code == 201
    before = gitlab.requests()
    found = gitlab.read(VARIABLE, [(PIPELINES, f"K_{number}", "*") for number in range(count)])
    assert (len(found), gitlab.requests() - before) == (count, 1 + count // 100)


@pytest.mark.parametrize(
    ("kind", "identity", "credential", "summary", "hint"),
    [
        (VARIABLE, (PIPELINES, "K", "*"), "developer", "Not allowed", "the role Maintainer in the project"),
        (GROUP_VARIABLE, ("platform", "K", "*"), "maintainer", "Not allowed", "the role Owner in the group"),
        (VARIABLE, (PIPELINES, "K", "*"), "outsider", "Cannot tell whether it exists", "needs a role there"),
        (GROUP_VARIABLE, ("platform", "K", "*"), "outsider", "Cannot tell whether it exists", "needs a role there"),
    ],
)
def test_who_may_not_read_variables_never_takes_them_for_absent(
    as_user: AsUser, kind: Kind, identity: Identity, credential: str, summary: str, hint: str
) -> None:
    provider = as_user(credential)
    for read in (lambda: provider.read(kind, [identity]), lambda: provider.fetch(kind, identity)):
        with pytest.raises(AccessDenied) as caught:
            read()
        assert caught.value.summary == summary
        assert hint in caught.value.hint


def test_a_refusal_names_the_field_and_no_value(gitlab: GitLabProvider) -> None:
    body = {**MASKED, "raw": False, "value": "l0gin s3cr3t"}
    with pytest.raises(ApiError) as caught:
        gitlab.create(VARIABLE, write_request((PIPELINES, "LOGIN", "*"), body))
    assert str(caught.value) == (
        "GitLab refused a request: POST /api/v4/projects/platform%2Fpipelines/variables (400): value: is invalid"
    )
