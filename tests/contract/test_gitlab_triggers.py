"""Pipeline trigger tokens: as their owner, as somebody else, and while one replaces another."""

from __future__ import annotations

import pytest

from portctl.compare.canonical import same
from portctl.compare.normalise import normalise
from portctl.model.provider import About
from portctl.model.resource import Identity, Live
from portctl.model.value import freeze
from portctl.providers.gitlab.provider import GitLabProvider
from portctl.sandbox.server import Sandbox
from tests.contract.conftest import AsUser
from tests.contract.gitlab_objects import PIPELINES, TRIGGER, write_request

BODY = {"description": "portctl: deployment"}
IDENTITY = (PIPELINES, BODY["description"])


def test_the_owner_reads_the_whole_token_again_and_again(gitlab: GitLabProvider) -> None:
    assert gitlab.read(TRIGGER, [IDENTITY]) == {}
    created = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    token = created.attributes["token"]
    assert token.startswith("glptt-")
    found = gitlab.read(TRIGGER, [IDENTITY])[IDENTITY]
    assert (found.attributes["token"], found.notes) == (token, ())
    wanted = normalise(TRIGGER, freeze(BODY))
    assert same(normalise(TRIGGER, found.attributes), wanted)


@pytest.mark.parametrize("credential", ["other-maintainer", "owner", "admin", "readonly"])
def test_nobody_else_gets_a_token_not_even_its_beginning(
    gitlab: GitLabProvider, as_user: AsUser, credential: str
) -> None:
    gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    other = as_user(credential, read_only=True)
    live = other.read(TRIGGER, [IDENTITY])[IDENTITY]
    assert "token" not in live.attributes
    assert "glpt" not in repr(live)
    assert live.notes == (
        f"its token belongs to sa-portctl and cannot be read by {other.login().principal}: assumed unchanged",
    )


def test_ones_own_token_comes_before_a_newer_one_of_somebody_else(gitlab: GitLabProvider, as_user: AsUser) -> None:
    mine = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    theirs = as_user("maintainer").create(TRIGGER, write_request(IDENTITY, BODY))
    found = gitlab.read(TRIGGER, [IDENTITY])[IDENTITY]
    assert found.attributes["id"] == mine.attributes["id"] != theirs.attributes["id"]
    assert "superseded" not in found.attributes


def replaced(*several: Live) -> dict[Identity, About]:
    """What the ledger says after these were replaced."""
    return {IDENTITY: About({}, frozenset(), former=tuple(str(live.attributes["id"]) for live in several))}


def test_a_replacement_stands_beside_the_old_one_until_that_goes(gitlab: GitLabProvider) -> None:
    old = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    new = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    found = gitlab.read(TRIGGER, [IDENTITY], replaced(old))[IDENTITY]
    assert found.notes == (f"revoked, since this project has replaced it: token {old.attributes['id']}",)
    assert found.attributes["token"] == new.attributes["token"] != old.attributes["token"]
    assert found.attributes["superseded"] == (old.attributes["id"],)
    gitlab.delete(TRIGGER, old)
    assert "superseded" not in gitlab.read(TRIGGER, [IDENTITY])[IDENTITY].attributes


def test_what_a_killed_replacement_left_is_a_difference_and_goes_with_an_update(gitlab: GitLabProvider) -> None:
    old = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    found = gitlab.read(TRIGGER, [IDENTITY], replaced(old))[IDENTITY]
    wanted = normalise(TRIGGER, freeze(BODY))
    assert not same(normalise(TRIGGER, found.attributes), wanted)
    updated = gitlab.update(TRIGGER, found, write_request(IDENTITY, BODY, removed=(("superseded",),)))
    again = gitlab.read(TRIGGER, [IDENTITY])[IDENTITY]
    for live in (updated, again):
        assert same(normalise(TRIGGER, live.attributes), wanted)
        assert live.attributes["token"] == found.attributes["token"]


def test_other_tokens_of_the_description_are_not_what_was_replaced(gitlab: GitLabProvider) -> None:
    """Somebody made them with the same account: nothing says that this project may revoke them."""
    several = [gitlab.create(TRIGGER, write_request(IDENTITY, BODY)).attributes["id"] for _ in range(3)]
    found = gitlab.read(TRIGGER, [IDENTITY])[IDENTITY]
    assert same(normalise(TRIGGER, found.attributes), normalise(TRIGGER, freeze(BODY)))
    assert found.attributes["id"] == several[2]
    left = "left alone, since nothing says that it is this project's: token {}"
    assert found.notes == (left.format(several[0]), left.format(several[1]))


@pytest.mark.parametrize("moment", ["2999-12-31", "2999-12-31T00:00:00Z", "2999-12-31T01:00:00+01:00"])
def test_an_expiry_has_many_spellings(gitlab: GitLabProvider, moment: str) -> None:
    body = {**BODY, "expires_at": "2999-12-31"}
    gitlab.create(TRIGGER, write_request(IDENTITY, body))
    found = gitlab.read(TRIGGER, [IDENTITY])[IDENTITY]
    assert same(normalise(TRIGGER, found.attributes), normalise(TRIGGER, freeze({**BODY, "expires_at": moment})))


def test_a_deleted_trigger_is_gone_and_deleting_it_twice_is_fine(gitlab: GitLabProvider) -> None:
    live = gitlab.create(TRIGGER, write_request(IDENTITY, BODY))
    gitlab.delete(TRIGGER, live)
    gitlab.delete(TRIGGER, live)
    assert gitlab.fetch(TRIGGER, IDENTITY) is None


def test_all_triggers_of_a_project_are_one_list(gitlab: GitLabProvider, sandbox: Sandbox) -> None:
    identities = [(PIPELINES, f"portctl: {number}") for number in range(12)]
    for identity in identities:
        gitlab.create(TRIGGER, write_request(identity, {"description": identity[-1]}))
    gitlab.login()
    before = gitlab.requests()
    assert len(gitlab.read(TRIGGER, identities)) == 12
    assert gitlab.requests() - before == 1
    assert sandbox.counters["gitlab GET /api/v4/user"] == 1
