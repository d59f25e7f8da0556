"""The whole plan: every leaf watched, targets, allowances, digest."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from portctl.compare.canonical import same
from portctl.errors import InvalidInput
from portctl.model.change import Action
from portctl.model.resource import Management, Resource
from portctl.model.value import freeze, thaw
from portctl.plan.make import operation
from portctl.source import Path
from tests.unit.examples.documents import OTHERS, places, replaced, without
from tests.unit.examples.kinds import CATALOGUE, DOOR, OFFER, SHELF
from tests.unit.examples.world import World, actions, address, door, good, key, offer, refused, rights, sealed, shelf

SECRETS = {"A": "alpha-secret", "B": "beta-secret"}
VAULT = World(secrets=SECRETS).vault

RESOURCES = (
    shelf("a", {"size": 2, "title": "T", "tags": ["x", "y"], "fields": {"f": {"type": "t", "many": True}}, "on": True}),
    offer("o", {"shelf": "a", "lines": [{"name": "l", "n": 1, "off": False, "none": None}, {"name": "m"}]}),
    rights("o", ("x", "y")),
    key("k", "A", {"note": "n", "zero": 0}),
    good("a", "g", {"title": "G", "values": {"one": 1, "text": "1", "list": [1, 2], "empty": ""}}),
    door("d", {"url": sealed("A"), "lock": {"code": sealed("B"), "kind": "x"}, "headers": [{"v": sealed("A")}]}),
)
IDENTITIES = {("id",), ("shelf",)}
NOT_COMPARED = {"createdAt", "updatedAt", "number", "token"}


def applied(*resources: Resource) -> World:
    here = World(secrets=SECRETS, vault=VAULT)
    assert here.apply(*resources).complete
    here.settle()
    return here


def mutants(stored: Any) -> Iterator[tuple[Path, Any]]:
    for path in places(stored):
        if path[0] in NOT_COMPARED or path in IDENTITIES:
            continue
        yield path, without(stored, path)
        for other in OTHERS:
            yield path, replaced(stored, path, other)


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.kind.name)
def test_a_mutation_of_any_leaf_is_found_and_repaired(resource: Resource) -> None:
    here = applied(*RESOURCES)
    place = (resource.kind.full_name, resource.identity)
    at_peace = copy.deepcopy(here.shop.objects)
    repaired, harmless = 0, 0
    for path, mutant in mutants(freeze(at_peace[place])):
        here.clock.sleep(60)
        here.shop.objects = copy.deepcopy(at_peace)
        here.shop.put(resource.kind, resource.identity, thaw(mutant))
        plan = here.plan(*RESOURCES)
        if not resource.kind.modified_marker and same(managed(resource, mutant), managed(resource, at_peace[place])):
            assert plan.is_empty, (path, mutant)
            harmless += 1
            continue
        assert [str(c.address) for c in plan.changes if c.action is Action.UPDATE] == [str(resource.address)], mutant
        report = here.execute(plan)
        assert report.complete, (path, mutant, [str(outcome.error) for outcome in report.outcomes])
        assert here.plan(*RESOURCES).is_empty, (path, mutant)
        now = here.shop.objects[place]
        assert same(managed(resource, now), managed(resource, at_peace[place])), (path, mutant)
        repaired += 1
    assert repaired > 30
    assert (harmless == 0) == bool(resource.kind.modified_marker)


def managed(resource: Resource, stored: Any) -> Any:
    """What the manifest speaks for, said without the engine; sets in one order."""
    if resource.management is Management.FULL:
        found = {name: value for name, value in stored.items() if name not in NOT_COMPARED}
    else:
        found = {str(path): at(stored, path) for path in places(resource.attributes) if not is_mapping(resource, path)}
        found = {path: value for path, value in found.items() if "[" not in path}
    return {name: in_order(name, value) for name, value in found.items()}


def is_mapping(resource: Resource, path: Path) -> bool:
    return isinstance(at(resource.attributes, path), dict) or any(isinstance(part, int) for part in path)


def at(value: Any, path: Path) -> Any:
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return None
        value = value[part]
    return value


def in_order(name: str, value: Any) -> Any:
    if name in ("tags", "('sell', 'roles')") and isinstance(value, list | tuple):
        return sorted({repr(item) for item in value})
    return value


def test_a_targeted_plan_holds_its_targets_and_what_they_need() -> None:
    resources = (shelf("a"), shelf("b", labels={"team": "x"}), offer("o", {"shelf": "a"}, labels={"team": "x"}))
    here = World()

    assert actions(here.plan(*resources, targets=(address(OFFER, "o"),))) == [
        "create shop/Offer:o",
        "create shop/Shelf:a",
    ]
    assert actions(here.plan(*resources, labels=("team=x",))) == [
        "create shop/Offer:o",
        "create shop/Shelf:a",
        "create shop/Shelf:b",
    ]
    assert actions(here.plan(*resources, labels=("team=x",), targets=(address(SHELF, "b"),))) == ["create shop/Shelf:b"]
    assert actions(here.plan(*resources, labels=("team=y",))) == []
    plan = here.plan(*resources, labels=("team=y",))
    assert (plan.targeted, plan.notes) == (
        True,
        ("Only part of the project was looked at (-t or -l); objects without a manifest were left alone.",),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"targets": (address(SHELF, "zzz"),)},
            (
                "Unknown target: shop/Shelf:zzz is neither declared in a manifest nor in the ledger. "
                'Did you mean "shop/Shelf:a"?'
            ),
        ),
        ({"labels": ("team",)}, "Bad label: 'team' is not key=value"),
        ({"labels": ("=x",)}, "Bad label: '=x' is not key=value"),
    ],
)
def test_a_target_or_label_that_means_nothing_is_an_error(options: Any, message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        World().plan(shelf("a"), **options)
    assert str(caught.value) == message


@pytest.mark.parametrize("option", ["adopt", "allow_destroy", "rotate"])
def test_an_allowance_for_an_address_that_does_not_exist_is_refused(option: str) -> None:
    plan = World().plan(shelf("a"), **{option: frozenset({address(SHELF, "typo"), address(SHELF, "a")})})
    flag = "--" + option.replace("_", "-")

    assert refused(plan) == [
        (
            3,
            "Unknown address",
            f'{flag} names shop/Shelf:typo, which is not part of this plan. Did you mean "shop/Shelf:a"?',
            "Addresses look like port/Secret:NAME; portctl state list shows them.",
        )
    ]


def test_refusals_come_with_the_lowest_exit_code_first() -> None:
    here = World()
    here.shop.put(SHELF, ("x",), {"id": "x", "title": "theirs"})
    plan = here.plan(shelf("x"), shelf("gone", management=Management.OBSERVE))

    assert [(each[0], each[1]) for each in refused(plan)] == [
        (3, "Observed resource does not exist"),
        (5, "Exists already and is not ours"),
    ]


def test_changes_come_by_address_with_deletes_last_and_are_counted() -> None:
    here = applied(shelf("a"), shelf("b"))
    plan = here.plan(shelf("b", {"title": "T"}), shelf("z"), shelf("c"))

    assert actions(plan) == [
        "update shop/Shelf:b",
        "create shop/Shelf:c",
        "create shop/Shelf:z",
        "delete shop/Shelf:a",
    ]
    assert [plan.count(action) for action in (Action.CREATE, Action.UPDATE, Action.DELETE, Action.NOOP)] == [2, 1, 1, 0]


def test_the_digest_is_of_the_operations_and_of_what_they_saw() -> None:
    here = applied(shelf("a", {"title": "T"}))
    seen = {
        "same": here.plan(shelf("a", {"title": "U"})).digest,
        "again": here.plan(shelf("a", {"title": "U"})).digest,
        "other value": here.plan(shelf("a", {"title": "V"})).digest,
        "no-op": here.plan(shelf("a", {"title": "T"})).digest,
    }
    here.shop.put(SHELF, ("a",), {"id": "a", "title": "T", "note": "theirs"})
    seen["other ground"] = here.plan(shelf("a", {"title": "U"})).digest

    assert seen["same"] == seen["again"]
    assert len(set(seen.values())) == 4
    assert next(operation(change) for change in here.plan(shelf("n")).changes)["action"] == "create"


def test_one_list_per_kind_however_many_objects() -> None:
    for number in (1, 40):
        here = World()
        here.plan(*(shelf(f"s{each}") for each in range(number)), *(offer(f"o{each}") for each in range(number)))
        assert sorted(here.shop.lists) == ["shop/Offer", "shop/Shelf"]
    assert CATALOGUE[DOOR.full_name] is DOOR
