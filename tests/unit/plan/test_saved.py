"""A saved plan is applied exactly, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portctl.compare.canonical import digest
from portctl.errors import InvalidInput, StalePlan
from portctl.model.kind import OnDelete
from portctl.model.plan import Plan, PlanOptions
from portctl.model.resource import Adopt, Management, Renamed, Resource
from portctl.plan.saved import check_inputs, check_operations, dump_plan, load_plan, rendered_digest
from tests.unit.examples.kinds import SHELF
from tests.unit.examples.world import World, actions, address, awaited, door, key, offer, sealed, shelf

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}
EVERYTHING = PlanOptions(
    targets=(address(SHELF, "a"),),
    labels=("team=x",),
    allow_deletes=7,
    allow_destroy=frozenset({address(SHELF, "b")}),
    adopt=frozenset({address(SHELF, "c")}),
    rotate=frozenset({address(SHELF, "d")}),
    destroy=True,
)


def saved(here: World, *resources: Resource, options: PlanOptions | None = None) -> str:
    plan = here.plan(*resources)
    return dump_plan(
        plan,
        options or PlanOptions(),
        resources,
        here.ledger,
        {"shown": "plan"},
        commit="c0ffee",
        values=({"a": {"b": (1, None)}}, {"c": "x"}),
    )


def recheck(here: World, text: str, *resources: Resource) -> Plan:
    """What `apply PLAN` does before it sends anything."""
    plan_file = load_plan(text, "plan.json")
    check_inputs(plan_file, resources, here.ledger)
    plan = here.plan(*resources)
    check_operations(plan_file, plan)
    return plan


def stale(here: World, text: str, *resources: Resource) -> str:
    with pytest.raises(StalePlan) as caught:
        recheck(here, text, *resources)
    assert caught.value.exit_code == 4
    assert caught.value.hint == "Nothing was written. Make a new plan and apply that one."
    return str(caught.value)


def test_a_plan_comes_back_from_its_file_with_all_that_was_allowed() -> None:
    here = World()
    text = saved(here, shelf("a"), options=EVERYTHING)
    read = load_plan(text, "plan.json")

    assert (read.options, read.commit, read.document, read.lineage) == (EVERYTHING, "c0ffee", {"shown": "plan"}, "")
    assert read.values == ({"a": {"b": (1, None)}}, {"c": "x"})
    assert read.digest == here.plan(shelf("a")).digest
    assert [operation["action"] for operation in read.operations] == ["create"]
    assert len(read.id) == 32
    assert load_plan(saved(here, shelf("a")), "plan.json").id != read.id


def test_on_the_same_ground_the_plan_is_applied() -> None:
    here = World()
    text = saved(here, shelf("a"), shelf("b"))

    assert actions(recheck(here, text, shelf("a"), shelf("b"))) == ["create shop/Shelf:a", "create shop/Shelf:b"]


def test_other_manifests_make_it_stale() -> None:
    here = World()
    text = saved(here, shelf("a"))

    assert stale(here, text, shelf("a", {"title": "T"})) == (
        "Manifests have changed: rendering them again gives something else than the plan was made from"
    )
    assert stale(here, text).startswith("Manifests have changed")


def test_a_change_at_the_service_makes_it_stale_and_names_what_moved() -> None:
    here = World()
    here.apply(shelf("a", {"title": "T"}), shelf("gone"))
    here.settle()
    text = saved(here, shelf("a", {"title": "U"}))
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "theirs"})
    here.shop.put(SHELF, ("gone",), {"id": "gone", "note": "needed"})

    assert stale(here, text, shelf("a", {"title": "U"})) == (
        "Plan is stale: what lives has changed since the plan was made: shop/Shelf:a, shop/Shelf:gone"
    )


def test_what_is_done_already_becomes_nothing_to_do() -> None:
    here = World()
    here.apply(shelf("a", {"title": "T"}), shelf("gone"))
    here.settle()
    wanted = (shelf("a", {"title": "U"}), shelf("b"))
    text = saved(here, *wanted)
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "U"})

    assert actions(recheck(here, text, *wanted)) == [
        "no-op shop/Shelf:a",
        "create shop/Shelf:b",
        "delete shop/Shelf:gone",
    ]


def test_a_plan_is_good_for_one_apply_and_one_ledger() -> None:
    here = World()
    here.apply(shelf("a"))
    text = saved(here, shelf("a"), shelf("b"))
    here.backend.save(here.ledger.with_consumed(load_plan(text, "plan.json").id))
    assert stale(here, text, shelf("a"), shelf("b")) == ("Plan was applied already: a saved plan is good for one apply")

    other = World()
    other.backend.text = other.backend.text.replace('"lineage": "one"', '"lineage": "two"')
    text = saved(here, shelf("a"), shelf("b"))
    assert stale(other, text, shelf("a"), shelf("b")) == (
        "Plan of another ledger: the ledger is not the one that this plan was made on"
    )


def test_a_plan_for_a_merge_request_without_secrets_is_applied_with_them() -> None:
    here = World(secrets=dict(SECRETS))
    here.apply(key("k", "A"))
    here.settle()
    here.set_secrets()
    wanted = (key("k", "A", {"note": "n"}), door("d", {"url": sealed("B")}))
    text = saved(here, *wanted)
    here.set_secrets(**SECRETS)

    assert here.execute(recheck(here, text, *wanted)).complete
    assert "secret" not in text.replace("rendered", "")


VARIANTS: list[Resource] = [
    shelf("a"),
    shelf("a", {"title": None}),
    shelf("a", {"size": 1}),
    shelf("a", {"size": True}),
    shelf("a", {"title": sealed("A")}),
    shelf("a", {"title": sealed("B")}),
    shelf("a", {"title": sealed("A", "x")}),
    shelf("a", {"title": awaited(offer("o"), "number")}),
    shelf("a", {"title": awaited(offer("p"), "number")}),
    shelf("a", name="other"),
    shelf("b", name="a"),
    shelf("a", management=Management.MERGE),
    shelf("a", management=Management.OBSERVE),
    shelf("a", adopt=Adopt.ALWAYS),
    shelf("a", protect=frozenset({"delete"})),
    shelf("a", on_delete=OnDelete.KEEP),
    shelf("a", options={"page": True}),
    shelf("a", labels={"team": "x"}),
    shelf("a", depends_on=(address(SHELF, "b"),)),
    shelf("a", renamed=(Renamed("fields.x", "y"),)),
]


def test_everything_in_a_manifest_counts_as_rendered_secrets_by_name() -> None:
    digests = [rendered_digest([each]) for each in VARIANTS]

    assert len(set(digests)) == len(VARIANTS)
    assert rendered_digest([shelf("a"), shelf("b")]) == rendered_digest([shelf("b"), shelf("a")])
    assert rendered_digest([shelf("a", {"x": 1, "y": 2})]) == rendered_digest([shelf("a", {"y": 2, "x": 1})])


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "not json",
        lambda _: "[]",
        lambda _: "null",
        lambda plan: json.dumps({**plan, "portctlPlan": None}),
        lambda plan: json.dumps({**plan, "operations": None}),
        lambda plan: json.dumps({**plan, "options": []}),
        lambda plan: json.dumps({**plan, "values": [1]}),
        lambda plan: json.dumps({**plan, "values": [{"a": "\ud800"}]}),
        lambda plan: json.dumps({**plan, "options": {**plan["options"], "targets": ["not an address"]}}),
        lambda plan: json.dumps({name: value for name, value in plan.items() if name != "id"}),
    ],
)
def test_what_is_no_plan_is_refused(change: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_plan(change(json.loads(saved(World(), shelf("a")))), "plan.json")
    assert str(caught.value) == "Not a saved plan: plan.json was not written by portctl plan -o"


def test_a_plan_of_another_version_is_refused() -> None:
    text = saved(World(), shelf("a")).replace('"portctlPlan": 2', '"portctlPlan": 1')

    with pytest.raises(InvalidInput, match="has plan format 1; this version reads 2"):
        load_plan(text, "plan.json")


def test_the_environment_is_taken_from_what_counts_and_in_older_plans_from_what_is_shown() -> None:
    here = World()
    raw = json.loads(saved(here, shelf("a")))
    assert load_plan(json.dumps(raw), "plan.json").environment == here.plan(shelf("a")).environment
    assert load_plan(json.dumps({**raw, "environment": "production"}), "plan.json").environment == "production"
    shown = {"environment": "staging"}
    older = {name: value for name, value in raw.items() if name != "environment"}
    older |= {"plan": shown, "shown": digest(shown)}
    assert load_plan(json.dumps(older), "plan.json").environment == "staging"
    with pytest.raises(InvalidInput, match="Not a saved plan"):
        load_plan(json.dumps({**raw, "environment": ["production"]}), "plan.json")
