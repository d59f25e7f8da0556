"""Of several trigger tokens with one description, only those are revoked that this project has replaced."""

from __future__ import annotations

import json

from portctl.model.change import Action
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.views.json import plan_document, report_document
from portctl.views.plan import plan_text, summary
from portctl.views.report import summary as report_summary
from tests.laws.world import World, acting, change_of
from tests.servers import gitlab_client

TRIGGER = "gitlab/PipelineTrigger:laws"
TRIGGERS = "/projects/platform%2Flaws/triggers"
LEFT_ALONE = "left alone, since nothing says that it is this project's: token {}"


def tokens(world: World) -> list[int]:
    with gitlab_client(world.sandbox) as client:
        return [item["id"] for item in client.get(TRIGGERS).json()]


def made_by_hand(world: World) -> int:
    """A token that somebody makes with the account that portctl has, too."""
    with gitlab_client(world.sandbox) as client:
        body = {"description": "portctl: laws", "expires_at": "2999-12-31"}
        return int(client.post(TRIGGERS, json=body).json()["id"])


def forgotten(world: World) -> None:
    """The ledger without the token, as that of a project that is to adopt it."""
    path = world.root / ".portctl" / "ledger" / "sandbox.json"
    document = json.loads(path.read_text("utf-8"))
    document["entries"] = [entry for entry in document["entries"] if entry["address"] != TRIGGER]
    path.write_text(json.dumps(document), "utf-8")


def test_an_adoption_revokes_nothing_and_says_what_else_is_there(world: World) -> None:
    assert world.apply().complete
    made_by_hand(world)
    made_by_hand(world)
    forgotten(world)
    first, second, newest = tokens(world)
    plan = world.plan()
    change = change_of(plan, TRIGGER)
    assert (change.action, change.edits) == (Action.ADOPT, ())
    assert change.notes == (LEFT_ALONE.format(first), LEFT_ALONE.format(second))
    assert (plan.refusals, plan.count(Action.DELETE)) == ((), 0)
    assert world.apply().complete
    assert tokens(world) == [first, second, newest]
    assert acting(world.plan()) == {}
    assert change_of(world.plan(), TRIGGER).notes == ()


def test_what_a_replacement_has_left_is_told_counted_and_revoked_and_nothing_else(world: World) -> None:
    assert world.apply().complete
    (old,) = tokens(world)
    theirs = made_by_hand(world)
    address = change_of(world.plan(), TRIGGER).address
    world.sandbox.faults.add(Fault(FaultKind.IGNORE, service="gitlab", method="DELETE", path="/triggers/", times=None))
    assert not world.apply(rotate=frozenset({address})).complete
    world.sandbox.faults.clear()
    new = max(tokens(world))
    assert tokens(world) == [old, theirs, new]

    plan = world.plan()
    document = plan_document(plan)
    assert acting(plan) == {TRIGGER: Action.UPDATE}
    assert f"note: revoked, since this project has replaced it: token {old}\n" in plan_text(document)
    assert summary(document) == "Plan: 0 to create, 1 to update, 1 to delete."
    report = world.apply()
    assert report_summary(report_document(report)) == "Apply complete: 0 created, 1 updated, 1 deleted."
    assert tokens(world) == [theirs, new]
    assert acting(world.plan()) == {}
    assert world.destroy().complete
