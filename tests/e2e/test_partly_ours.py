"""Objects of Port that are only partly ours: adding to them, and taking back exactly what was added."""

from __future__ import annotations

import pytest

from tests.e2e.foreign import SERVICE, applied, declare, put, stored, theirs
from tests.unit.cli.conftest import Place

__all__ = ["theirs"]


@pytest.mark.parametrize("said", [{"required": False, "many": False}, {}])
def test_a_relation_is_added_to_a_blueprint_of_somebody_else(theirs: Place, said: dict[str, bool]) -> None:
    declare(theirs, "change", "observe")
    put(theirs, "POST", "/v1/blueprints", {**SERVICE, "identifier": "change"})
    declare(theirs, relations={"dom2": {"title": "A", "target": "change", **said}})
    applied(theirs)
    assert stored(theirs)["relations"] == {"dom2": {"title": "A", "target": "change", "required": False, "many": False}}
    assert stored(theirs)["schema"] == SERVICE["schema"]


@pytest.mark.parametrize("command", ["apply", "destroy"])
def test_a_property_that_we_added_is_taken_back_with_what_others_put_in_it_and_only_with_consent(
    theirs: Place, command: str
) -> None:
    put(theirs, "POST", "/v1/blueprints/theirs/entities", {"identifier": "one", "title": "One"})
    declare(theirs, schema={"properties": {"p1": {"type": "string", "title": "t"}}})
    applied(theirs)
    there = stored(theirs)
    there["schema"]["properties"]["p1"]["icon"] = "Service"
    there["schema"]["required"] = ["p1"]
    body = {key: there[key] for key in ("identifier", "title", "schema")}
    put(theirs, "PUT", "/v1/blueprints/theirs", body)
    if command == "apply":
        declare(theirs)
    refused = theirs.run(command, "--yes")
    assert refused.code == 5
    assert "the values of this property are lost" in refused.out + refused.err
    assert "icon" in refused.out + refused.err
    done = theirs.run(command, "--yes", "--allow-destroy", "port/Blueprint:theirs")
    assert done.code == 0, done.out + done.err
    assert stored(theirs)["schema"] == SERVICE["schema"]


def test_what_port_itself_defines_is_added_to_and_never_taken_away(theirs: Place) -> None:
    before = stored(theirs, "_team")
    declare(
        theirs,
        "_team",
        None,
        title=before["title"],
        schema={"properties": {"chat": {"type": "string", "title": "Chat"}}, "required": []},
    )
    applied(theirs)
    properties = before["schema"]["properties"]
    added = {**properties, "chat": {"type": "string", "title": "Chat"}}
    assert properties
    assert stored(theirs, "_team")["schema"]["properties"] == added
    (theirs.root / "blueprints/_team.yaml").unlink()
    applied(theirs, "--allow-destroy", "port/Blueprint:_team")
    assert stored(theirs, "_team")["schema"] == before["schema"]


def test_a_manifest_never_speaks_for_all_of_what_port_itself_defines(theirs: Place) -> None:
    declare(theirs, "_team", "full", title="Team", schema={"properties": {}})
    refused = theirs.run("plan")
    assert refused.code == 3
    assert refused.err.splitlines()[:1] == ["error[management]: Value not accepted"]
    assert "port itself defines Blueprint _team: what it put there would be removed." in refused.err
    assert "Use merge or observe; without metadata.management it is merge." in refused.err
