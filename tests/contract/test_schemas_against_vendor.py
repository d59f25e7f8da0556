"""Our schemas refuse a body if and only if Port's own do, but for the differences listed here with their reasons."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from portctl.manifest.schema_validator import find_errors
from portctl.model.value import freeze, thaw
from portctl.providers.port.schemas.action import action, automation
from portctl.providers.port.schemas.blueprint import blueprint
from portctl.providers.port.schemas.common import COLORS
from portctl.providers.port.schemas.entity import entity
from portctl.providers.port.schemas.permissions import action_permissions
from portctl.providers.port.schemas.secret import secret
from portctl.providers.port.schemas.webhook import webhook
from tests.contract.vendor_bodies import (
    DESCRIPTION,
    NAMES,
    SAME_BODY,
    Verdict,
    enums_of,
    inlined,
    mutants,
    neighbours,
    request_body,
    verdict,
)
from tests.contract.vendor_pieces import Piece, all_pieces

pytestmark = pytest.mark.skipif(not DESCRIPTION.exists(), reason="Port's API description is not at hand")

BODIES = 10
MUTANTS_PER_BODY = 12
Json = Any


def _webhook_methods(schema: Json) -> None:
    for backend in schema["properties"]["invocationMethod"]["oneOf"]:
        if "method" in backend["properties"]:
            backend["properties"]["method"]["enum"] = ["POST", "GET", "PUT", "PATCH", "DELETE"]


def _gitlab_pipelines(schema: Json) -> None:
    for backend in schema["properties"]["invocationMethod"]["oneOf"]:
        if "integrationActionType" in backend["properties"]:
            backend["properties"]["integrationActionType"]["enum"].append("trigger_pipeline")


def _color_names(schema: Json) -> None:
    shape = schema["properties"]["schema"]["properties"]["properties"]["additionalProperties"]
    shape["properties"]["enumColors"] = {"type": "object", "additionalProperties": {"enum": list(COLORS)}}


def _required_means_one(schema: Json) -> None:
    both = {"properties": {"required": {"const": True}, "many": {"const": True}}, "required": ["required", "many"]}
    schema["properties"]["relations"]["additionalProperties"]["not"] = both


def _named(schema: Json) -> None:
    schema["required"] = [*schema.get("required", ()), "identifier"]


def _found_by_name(schema: Json) -> None:
    schema["properties"]["identifier"] = schema["properties"]["identifier"]["oneOf"][0]


def _nothing_as_title_or_icon(schema: Json) -> None:
    for name in ("title", "icon"):
        schema["properties"][name] = {"anyOf": [schema["properties"][name], {"type": "null"}]}


def _no_path_filter(schema: Json) -> None:
    shape = schema["properties"]["aggregationProperties"]["additionalProperties"]["properties"]
    shape["pathFilter"] = {"anyOf": [shape["pathFilter"], {"type": "null"}]}


DIFFERENCES: Mapping[str, Mapping[str, Callable[[Json], None]]] = {
    "action": {
        "stricter: a webhook is called with one of five methods; the rest fails when the action runs": _webhook_methods,
        "looser: the GitLab integration also starts pipelines; the description is older": _gitlab_pipelines,
    },
    "blueprint": {
        "stricter: a colour is one of those that Port names; others show as none": _color_names,
        "looser: what a read gives as null": _no_path_filter,
        "stricter: a required relation leads to one entity; Port refuses it when it is written": _required_means_one,
    },
    "webhook": {"stricter: a manifest names its webhook, so that the next plan finds it": _named},
    "entity": {
        "stricter: a manifest names its entity, so that the next plan finds it": _named,
        "stricter: an entity is named, not searched for": _found_by_name,
        "looser: what a read gives as null, which is not sent when an entity is made": _nothing_as_title_or_icon,
    },
}


@lru_cache(maxsize=16)
def _theirs(name: str) -> Verdict:
    return verdict(name, DIFFERENCES.get(name, {}))


@lru_cache(maxsize=16)
def _enums(name: str) -> tuple[tuple[str, ...], ...]:
    return enums_of(inlined(request_body(*NAMES[name]), depth=2))


@lru_cache(maxsize=16)
def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted({word for enum in _enums(name) for word in enum}))


OURS = {
    "blueprint": blueprint(),
    "action": action(),
    "automation": automation(),
    "permissions": action_permissions(),
    "secret": secret(),
    "webhook": webhook(),
    "entity": entity(),
}


def _we_accept(name: str, body: Json) -> bool:
    """As a manifest would be judged: an automation has its own kind, an entity names its blueprint beside the body."""
    if name == "action" and isinstance(body.get("trigger"), dict) and body["trigger"].get("type") == "automation":
        name = "automation"
    elif name == "entity":
        body = {**body, "blueprint": "b"}
    return next(find_errors(OURS[name], thaw(freeze(body))), None) is None


def _piece_name(piece: Piece) -> str:
    return piece.label


PIECES = all_pieces() if DESCRIPTION.exists() else ()
COUNTS: Counter[tuple[str, str]] = Counter()


@pytest.mark.parametrize("piece", PIECES, ids=_piece_name)
def test_our_schema_refuses_a_body_if_and_only_if_ports_does(piece: Piece) -> None:
    from hypothesis_jsonschema import from_schema

    disagreements: list[tuple[bool, Json]] = []
    seen: set[tuple[str, tuple[str, ...]]] = set()

    @settings(
        max_examples=BODIES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(part=from_schema(piece.schema), seed=st.integers(0, 1 << 30))
    def judge(part: Json, seed: int) -> None:
        body = piece.wrap(part)
        COUNTS[piece.name, "generated"] += 1
        mutated = mutants(body, _words(piece.name), str(seed), MUTANTS_PER_BODY)
        for candidate in (body, *mutated, *neighbours(body, _enums(piece.name), seen)):
            theirs = _theirs(piece.name).accepts(candidate)
            COUNTS[piece.name, "accepted" if theirs else "refused"] += 1
            if _we_accept(piece.name, candidate) != theirs:
                disagreements.append((theirs, candidate))

    judge()
    assert disagreements == [], "(Port accepts it, body)"


@pytest.mark.parametrize("name", sorted(SAME_BODY))
def test_a_replacement_takes_the_body_of_a_creation(name: str) -> None:
    assert request_body(*SAME_BODY[name]) == request_body(*NAMES[name])


def test_a_blueprint_is_replaced_with_the_body_that_created_it_but_its_identifier_is_optional() -> None:
    created = request_body(*NAMES["blueprint"])
    replaced = request_body("/v1/blueprints/{identifier}", "put")
    created["required"].remove("identifier")
    assert replaced == created


def test_the_counts_of_all_pieces_are_printed(
    capsys: pytest.CaptureFixture[str], record_property: Callable[[str, object], None]
) -> None:
    if not COUNTS:
        pytest.skip("the pieces did not run in this session")
    lines = []
    for name in NAMES:
        numbers = {word: COUNTS[name, word] for word in ("generated", "accepted", "refused")}
        assert all(numbers.values()), f"{name}: every verdict must have been seen"
        lines.append(f"  {name:<12}" + "".join(f"{word} {number:>6}  " for word, number in numbers.items()))
        record_property(f"schema {name}", numbers)
    differences = [f"  {name}: {reason}" for name, reasons in DIFFERENCES.items() for reason in reasons]
    with capsys.disabled():
        print("\nbodies judged alike by our schemas and Port's", *lines, "meant differences", *differences, sep="\n")  # noqa: T201
