"""Targets, labels, consent and adoption: what one run may touch, and what needs a word."""

from __future__ import annotations

import pytest

from tests.servers import port_client
from tests.unit.cli.conftest import BLUEPRINT, Place

OTHER = BLUEPRINT.replace("{name: change}", "{name: other, labels: {team: platform}}").replace(
    "identifier: change", "identifier: other"
)
NOTE = "note: Only part of the project was looked at (-t or -l); objects without a manifest were left alone.\n"


@pytest.fixture
def two(project: Place) -> Place:
    project.write("blueprints/other.yaml", OTHER)
    return project


def planned(place: Place, *arguments: str) -> list[str]:
    """`action address` of every change of a plan."""
    ended = place.run("plan", "--json", *arguments)
    assert ended.code == 0, ended.err
    return [f"{change['action']} {change['address']}" for change in ended.document["changes"]]


def test_a_target_and_a_label_choose_what_is_looked_at(two: Place) -> None:
    everything = ["create port/Blueprint:change", "create port/Blueprint:other", "create port/Secret:TOKEN"]
    assert planned(two) == everything
    assert planned(two, "-t", "port/Blueprint:other") == ["create port/Blueprint:other"]
    assert planned(two, "-l", "team=platform") == ["create port/Blueprint:other"]
    assert NOTE in two.run("plan", "-l", "team=platform").out
    unknown = two.run("plan", "-l", "team=plattform")
    assert unknown.code == 3
    assert unknown.err == (
        "error: Unknown label\n"
        '  No manifest has the label team=plattform. Did you mean "team=platform"?\n'
        "  hint: Labels of this project: team=platform.\n"
    )


def test_a_targeted_run_deletes_nothing_but_targets(two: Place) -> None:
    two.run("apply", "--yes")
    (two.root / "blueprints/other.yaml").unlink()
    (two.root / "integrations/secret.yaml").unlink()
    assert planned(two, "-t", "port/Blueprint:change") in ([], ["no-op port/Blueprint:change"])
    assert "delete port/Blueprint:other" in planned(two, "-t", "port/Blueprint:other")


def test_more_deletes_than_the_guard_allows_need_a_number(two: Place) -> None:
    two.run("apply", "--yes")
    (two.root / "blueprints/other.yaml").unlink()
    (two.root / "integrations/secret.yaml").unlink()
    assert two.run("apply", "--yes").code == 5
    assert two.run("apply", "--yes", "--allow-deletes", "1").code == 5
    done = two.run("apply", "--yes", "--allow-deletes", "2")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Apply complete: 0 created, 0 updated, 2 deleted.")
    assert two.run("state", "list").out == "port/Blueprint:change  created\n"


def test_losing_data_needs_the_address(project: Place) -> None:
    project.run("apply", "--yes")
    with port_client(project.sandbox) as client:
        body = {"identifier": "CHG1", "properties": {"tier": "gold"}}
        client.post("/v1/blueprints/change/entities", json=body).raise_for_status()
        project.write("blueprints/change.yaml", BLUEPRINT.replace("{tier: {type: string, title: Tier}}", "{}"))
        assert project.run("apply", "--yes").code == 5
        assert project.run("apply", "--yes", "--allow-destroy", "port/Secret:TOKEN").code == 5
        assert client.get("/v1/blueprints/change").json()["blueprint"]["schema"]["properties"] != {}
        assert project.run("apply", "--yes", "--allow-destroy", "port/Blueprint:change").code == 0
        assert client.get("/v1/blueprints/change").json()["blueprint"]["schema"]["properties"] == {}


def test_what_differs_is_adopted_with_consent_and_deleted_by_nobody(project: Place) -> None:
    with port_client(project.sandbox) as client:
        body = {"identifier": "change", "title": "By hand", "schema": {"properties": {}}}
        client.post("/v1/blueprints", json=body).raise_for_status()
        assert project.run("apply", "--yes").code == 5
        adopted = project.run("apply", "--yes", "--adopt", "port/Blueprint:change")
        assert adopted.code == 0, adopted.err
        assert client.get("/v1/blueprints/change").json()["blueprint"]["title"] == "Change"
        assert "port/Blueprint:change  found" in project.run("state", "list").out
        gone = project.run("destroy", "--yes")
        assert (gone.code, gone.out.splitlines()[-1]) == (0, "Destroy complete: 1 deleted, 1 forgotten.")
        assert client.get("/v1/blueprints/change").status_code == 200


def test_what_is_equal_is_adopted_without_a_question_or_a_write(project: Place) -> None:
    project.run("apply", "--yes")
    (project.root / ".portctl/ledger/sandbox.json").unlink()
    (project.root / "integrations/secret.yaml").unlink()
    assert planned(project) == ["adopt port/Blueprint:change"]
    since = len(project.sandbox.journal.exchanges())
    done = project.run("apply", "--yes")
    assert done.code == 0
    methods = {exchange.method for exchange in project.sandbox.journal.exchanges(since=since)}
    assert methods == {"GET", "POST"}
    paths = {exchange.path for exchange in project.sandbox.journal.exchanges(since=since) if exchange.method == "POST"}
    assert paths == {"/v1/auth/access_token"}
    assert project.run("state", "list").out == "port/Blueprint:change  found\n"
