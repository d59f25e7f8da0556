"""Properties of blueprints that become another type, which Port refuses to do in place."""

from __future__ import annotations

import pytest

from portctl.sandbox.core.faults import Fault, FaultKind
from tests.e2e.foreign import applied, declare, put, stored, theirs
from tests.unit.cli.conftest import Place

__all__ = ["theirs"]


def measured(place: Place, kind: str, management: str = "full") -> None:
    """A blueprint whose property `m` is of type `kind`."""
    properties = {"tier": {"type": "string", "title": "Tier"}, "m": {"type": kind, "title": "M"}}
    declare(place, management=management, title="Theirs", schema={"properties": properties, "required": ["m"]})


def written(place: Place) -> list[tuple[str, int]]:
    """The writes of blueprints so far, with the status of each."""
    return [
        (exchange.method, exchange.status)
        for exchange in place.sandbox.journal.exchanges()
        if exchange.path == "/v1/blueprints/theirs" and exchange.method != "GET"
    ]


@pytest.mark.parametrize("management", ["full", "merge"])
def test_a_property_that_nobody_uses_becomes_another_type(theirs: Place, management: str) -> None:
    measured(theirs, "string", management)
    applied(theirs)
    measured(theirs, "number", management)
    before = len(written(theirs))
    applied(theirs)
    assert written(theirs)[before:] == [("PUT", 200), ("PUT", 200)]
    assert stored(theirs)["schema"] == {
        "properties": {"tier": {"type": "string", "title": "Tier"}, "m": {"type": "number", "title": "M"}},
        "required": ["m"],
    }


def test_a_property_with_values_becomes_another_type_only_with_consent(theirs: Place) -> None:
    measured(theirs, "string")
    applied(theirs)
    entity = {"identifier": "one", "properties": {"m": "x", "tier": "gold"}}
    put(theirs, "POST", "/v1/blueprints/theirs/entities", entity)
    measured(theirs, "number")
    refused = theirs.run("apply", "--yes")
    assert refused.code == 5
    assert "values of the old type are lost" in refused.out + refused.err
    applied(theirs, "--allow-destroy", "port/Blueprint:theirs")
    assert stored(theirs)["schema"]["properties"]["m"] == {"type": "number", "title": "M"}


def test_an_apply_that_ends_between_the_two_writes_is_completed_by_the_next(theirs: Place) -> None:
    measured(theirs, "string")
    applied(theirs)
    measured(theirs, "number")
    theirs.fail(Fault(FaultKind.STATUS, status=422, method="PUT", path="/v1/blueprints/theirs", nth=2))
    assert theirs.run("apply", "--yes").code == 1
    assert "m" not in stored(theirs)["schema"]["properties"]
    applied(theirs)
    assert stored(theirs)["schema"]["properties"]["m"] == {"type": "number", "title": "M"}
