"""Laws 2, 3 and 4 on every kind: mutations are noticed, normalising twice is normalising once, names are labels."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import pytest

from portctl.compare.canonical import canonical_bytes, same
from portctl.compare.normalise import normalise
from portctl.compare.three_way import desired_side, edits, live_side
from portctl.model.change import Action
from portctl.model.kind import Kind, matches, within
from portctl.model.resource import Live, Management, Resource
from portctl.model.value import MISSING, Pending, freeze, get
from portctl.providers.catalogue import catalogue
from portctl.source import Path
from tests.laws.mutations import mutations
from tests.laws.samples import MANIFESTS
from tests.laws.test_applying import SAFE_POSTS
from tests.laws.world import World, acting

KINDS = sorted(catalogue())


def test_every_kind_has_an_example() -> None:
    declared = {document["kind"] for documents in MANIFESTS.values() for document in documents}
    assert declared == set(KINDS)


def test_no_kind_both_holds_a_field_back_and_may_leave_fields_out() -> None:
    assert [name for name, kind in catalogue().items() if kind.hold and kind.deferrable] == []


def test_defaults_of_unordered_arrays_are_written_in_their_canonical_order() -> None:
    for name, kind in catalogue().items():
        for at, default in kind.defaults.items():
            if at in kind.sets and isinstance(default, tuple):
                assert list(default) == sorted(default, key=canonical_bytes), (name, at)


def test_normalising_twice_is_normalising_once_for_every_example_on_both_sides(world: World) -> None:
    world.apply()
    for resource, live in _pairs(world):
        for attributes in (resource.attributes, live.attributes):
            once = normalise(resource.kind, attributes)
            assert canonical_bytes(normalise(resource.kind, once)) == canonical_bytes(once), resource.address


def test_the_order_of_keys_never_matters(world: World) -> None:
    world.apply()
    world.manifests({name: [_reversed(document) for document in documents] for name, documents in MANIFESTS.items()})
    assert acting(world.plan()) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_of_any_leaf_of_a_live_object_is_noticed(world: World, kind: str, covered: list[str]) -> None:
    world.apply()
    noticed: Counter[str] = Counter()
    for resource, live in _pairs(world):
        if resource.kind.full_name != kind or resource.management is Management.OBSERVE:
            continue
        desired = desired_side(resource, resource.attributes)
        assert edits(desired, live_side(desired, live), None) == ()
        for path, what, mutant in mutations(live.attributes):
            if isinstance(get(resource.attributes, path), Pending):
                noticed["judged by fingerprint"] += 1
                continue
            found = edits(desired, live_side(desired, Live(live.kind, live.identity, mutant)), None)
            expected = _expected(resource, path, live.attributes, mutant, declared=desired.declared)
            assert bool(found) is expected, (resource.address, path, what)
            noticed["noticed" if expected else "equal by the kind's own data"] += 1
    assert noticed["noticed"] > 0
    covered.append(f"law 2, live side, {kind}: {sum(noticed.values())} mutations, {dict(noticed)}")


@pytest.mark.parametrize("kind", KINDS)
def test_a_mutation_of_any_leaf_of_a_manifest_is_noticed(world: World, kind: str, covered: list[str]) -> None:
    world.apply()
    noticed: Counter[str] = Counter()
    for resource, live in _pairs(world):
        if resource.kind.full_name != kind or resource.management is Management.OBSERVE:
            continue
        whole = resource.management is Management.FULL
        for path, what, mutant in mutations(resource.attributes):
            if isinstance(get(resource.attributes, path), Pending):
                continue
            changed = _with(resource, mutant)
            desired = desired_side(changed, changed.attributes)
            found = edits(desired, live_side(desired, live), None)
            if not whole and what == "removed":
                continue
            expected = _expected(resource, path, resource.attributes, mutant, declared=None)
            assert bool(found) is expected, (resource.address, path, what)
            noticed["noticed" if expected else "equal by the kind's own data"] += 1
    assert noticed["noticed"] > 0
    covered.append(f"law 2, manifest side, {kind}: {sum(noticed.values())} mutations, {dict(noticed)}")


def test_renaming_every_manifest_plans_no_create_and_no_delete(world: World, covered: list[str]) -> None:
    world.apply()
    files = {
        name: [
            {**document, "metadata": {**document["metadata"], "name": f"{name.removesuffix('.yaml')}-{number}"}}
            for number, document in enumerate(documents)
        ]
        for name, documents in MANIFESTS.items()
    }
    text = json.dumps(files)
    for name, documents in MANIFESTS.items():
        for number, document in enumerate(documents):
            old = document["metadata"].get("name") or document["spec"].get("identifier")
            for quote in ('"', "'"):
                address = f"{document['kind']}:{old}{quote}"
                text = text.replace(address, f"{document['kind']}:{files[name][number]['metadata']['name']}{quote}")
    world.manifests(json.loads(text))
    plan = world.plan()
    assert plan.refusals == ()
    assert set(acting(plan).values()) == {Action.MOVE}
    before = world.sandbox.counters
    report = world.apply()
    assert report.complete
    writes = {key: value - before.get(key, 0) for key, value in world.sandbox.counters.items() if "GET" not in key}
    assert {key for key, value in writes.items() if value} <= SAFE_POSTS
    assert acting(world.plan()) == {}
    covered.append(f"law 4: {plan.count(Action.MOVE)} resources of {len(KINDS)} kinds renamed, nothing sent")


def _pairs(world: World) -> list[tuple[Resource, Live]]:
    """Every declared resource with what lives, outputs and secrets left as they are."""
    plan = world.plan()
    return [(change.resource, change.live) for change in plan.changes if change.resource and change.live]


def _with(resource: Resource, attributes: Mapping[str, object]) -> Resource:
    return Resource(
        address=resource.address,
        kind=resource.kind,
        identity=resource.identity,
        attributes=attributes,
        meta=resource.meta,
        sources=resource.sources,
    )


def _expected(
    resource: Resource,
    path: Path,
    before: Mapping[str, object],
    after: Mapping[str, object],
    *,
    declared: Mapping[Path, object] | None,
) -> bool:
    """Whether the kind's own data says that this mutation is a difference. Written without the engine's normaliser."""
    kind = resource.kind
    if any(within(pattern, path) for pattern in (*kind.server_owned, *kind.excluded, *kind.write_only)):
        return False
    if any(within(pattern, path) for pattern in kind.sensitive):
        there, then = (_stands(get(side, path)) for side in (before, after))
        return there is not then and (declared is None or _touches(path, declared))
    if declared is not None and resource.management is not Management.FULL and not _touches(path, declared):
        return False
    return not same(_plain(kind, before), _plain(kind, after))


def _stands(value: object) -> bool:
    return isinstance(value, Pending) or value not in (MISSING, None, "")


def _touches(path: Path, declared: Mapping[Path, object]) -> bool:
    return any(path[: len(other)] == other or other[: len(path)] == path for other in declared)


def _plain(kind: Kind, value: object, path: Path = ()) -> object:
    """An independent reading of the kind's tables: what is left of `value` once everything that equals absence goes."""
    if path == () and kind.canonical:
        value = kind.canonical(freeze(value))
    if isinstance(value, Mapping):
        kept = {}
        for key, item in value.items():
            below = (*path, key)
            if any(within(pattern, below) for pattern in (*kind.server_owned, *kind.excluded)):
                continue
            plain = _plain(kind, item, below)
            default = next((given for at, given in kind.defaults.items() if matches(at, below)), MISSING)
            empty = any(matches(at, below) for at in kind.empty) and (plain is None or plain in ("", [], {}))
            if not empty and (default is MISSING or not same(plain, default)):
                kept[key] = plain
        return kept
    if isinstance(value, tuple | list):
        items = [_plain(kind, item, (*path, index)) for index, item in enumerate(value)]
        if any(matches(pattern, path) for pattern in kind.sets):
            return sorted({canonical_bytes(item): item for item in items}.values(), key=canonical_bytes)
        return items
    return "(pending)" if isinstance(value, Pending) else value


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(item) for key, item in reversed(value.items())}
    if isinstance(value, list):
        return [_reversed(item) for item in value]
    return value
