"""Bodies of partial writes: what is not ours stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.model.kind import Kind
from portctl.model.provider import WriteRequest
from portctl.model.value import MISSING, freeze, get, leaves, thaw
from portctl.providers.body import merged, patch
from portctl.source import Path
from tests.unit.providers.kinds import PATCHED, THING, kind

FLAT = kind(patch_depth=1)
FILLED = kind(patch_depth=1, defaults={"icon": "Box", "parts.*.size": 1}, clear={"title": ""})
LIVE = freeze(
    {
        "id": 7,
        "identifier": "a",
        "icon": None,
        "parts": {"ours": {"size": 1, "theirs": True}, "theirs": {"size": 2}},
        "lists": {"ours": ["x"], "theirs": ["y"]},
    }
)


def write_request(attributes: Any, changed: tuple[Path, ...] = (), removed: tuple[Path, ...] = ()) -> WriteRequest:
    return WriteRequest(identity=("a",), attributes=freeze(attributes), changed=changed, removed=removed, merge=True)


def test_a_full_body_carries_what_is_not_ours_and_drops_what_the_server_owns() -> None:
    wanted = write_request({"parts": {"ours": {"size": 5}}}, (("parts", "ours", "size"),), (("lists", "ours"),))
    assert thaw(merged(THING, LIVE, wanted)) == {
        "identifier": "a",
        "parts": {"ours": {"size": 5, "theirs": True}, "theirs": {"size": 2}},
        "lists": {"theirs": ["y"]},
    }


def test_a_mapping_that_changed_as_a_whole_does_not_wipe_its_unmanaged_neighbours() -> None:
    wanted = write_request({"parts": {"new": {"size": 3}}}, (("parts",),))
    assert thaw(merged(THING, LIVE, wanted)["parts"]) == {
        "ours": {"size": 1, "theirs": True},
        "theirs": {"size": 2},
        "new": {"size": 3},
    }


def test_a_part_that_is_new_is_sent_with_the_defaults_that_the_draft_leaves_out() -> None:
    wanted = write_request({"parts": {"new": {"color": "red"}, "sized": {"size": 9}}}, (("parts",),))
    assert thaw(merged(FILLED, LIVE, wanted)["parts"]) == {
        "ours": {"size": 1, "theirs": True},
        "theirs": {"size": 2},
        "new": {"color": "red", "size": 1},
        "sized": {"size": 9},
    }


PATCHES: list[tuple[Kind, WriteRequest, Any]] = [
    (PATCHED, write_request({"title": "T"}, (("title",),)), {"title": "T"}),
    (PATCHED, write_request({}, removed=(("title",),)), {"title": None}),
    (PATCHED, write_request({"lists": {"ours": ["z"]}}, (("lists", "ours", 0),)), {"lists": {"ours": ["z"]}}),
    (PATCHED, write_request({"lists": {"ours": []}}, removed=(("lists", "ours"),)), {"lists": {"ours": []}}),
    (PATCHED, write_request({}, removed=(("lists", "ours"),)), {"lists": {"ours": []}}),
    (PATCHED, write_request({}, removed=(("parts", "ours"),)), {"parts": {"ours": None}}),
    (PATCHED, write_request({}, removed=(("parts", "ours", "size"),)), {"parts": {"ours": {"theirs": True}}}),
    (
        PATCHED,
        write_request({"parts": {"ours": {"size": 5}}}, (("parts", "ours", "size"),)),
        {"parts": {"ours": {"size": 5, "theirs": True}}},
    ),
    (PATCHED, write_request({"parts": {"new": {"size": 3}}}, (("parts",),)), {"parts": {"new": {"size": 3}}}),
    (PATCHED, write_request({}, removed=(("lists",),)), {"lists": {"ours": [], "theirs": []}}),
    (PATCHED, write_request({"parts": {}}, (("parts",),)), {"parts": {}}),
    (
        FILLED,
        write_request({}, removed=(("icon",), ("title",), ("lists",))),
        {"icon": "Box", "title": "", "lists": None},
    ),
    (
        FLAT,
        write_request({"parts": {"ours": {"size": 5}}}, (("parts", "ours", "size"),)),
        {"parts": {"ours": {"size": 5, "theirs": True}, "theirs": {"size": 2}}},
    ),
]


@pytest.mark.parametrize(("of", "wanted", "body"), PATCHES)
def test_a_patch_names_only_what_changes_and_is_whole_where_the_service_does_not_merge(
    of: Kind, wanted: WriteRequest, body: Any
) -> None:
    assert thaw(patch(of, LIVE, wanted)) == body


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.sampled_from("abcd"), TREES, max_size=4).map(freeze)


def _named(path: Path) -> Path:
    return next((path[:end] for end, part in enumerate(path) if isinstance(part, int)), path)


@given(live=OBJECTS, wanted=OBJECTS)
def test_after_a_merge_every_declared_value_stands_and_every_other_one_is_kept(live: Any, wanted: Any) -> None:
    changed = tuple(path for path, _ in leaves(wanted) if path)
    result = merged(THING, {**live, "id": 1}, write_request(wanted, changed))
    for path in changed:
        value = get(wanted, _named(path))
        if not (len(path) == 1 and value is None):
            assert get(result, _named(path)) == value
    for path, value in leaves(live):
        inside = any(_overlap(_named(path), _named(other)) for other in changed)
        if path and not inside and not (len(path) == 1 and value is None):
            assert get(result, path) == value
    assert get(result, ("id",)) is MISSING


def _overlap(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
