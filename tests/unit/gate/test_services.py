"""What a service says of itself in Port, and what the settings say where it says nothing."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from portctl.gate.code import NoCode
from portctl.gate.services import Service, service_of
from tests.unit.gate.settings_file import document, settings


def test_a_service_that_says_nothing_is_as_the_settings_say(tmp_path: pathlib.Path) -> None:
    assert service_of("shop/checkout", {}, settings(tmp_path)) == Service(
        name="shop/checkout",
        project="shop/checkout",
        branch="main",
        build="",
        test="make test",
        deploy='sh deploy.sh "$ENVIRONMENT"',
        report="coverage.xml",
    )


def test_what_a_service_says_counts(tmp_path: pathlib.Path) -> None:
    said = {
        "repository": "shop/payments",
        "branch": "trunk",
        "buildCommand": "make",
        "testCommand": "make check",
        "deployCommand": "make deploy\n",
        "coverageReport": "out/coverage.xml",
        "somethingElse": 1,
    }
    assert service_of("payments", said, settings(tmp_path)) == Service(
        name="payments",
        project="shop/payments",
        branch="trunk",
        build="make",
        test="make check",
        deploy="make deploy\n",
        report="out/coverage.xml",
    )


@pytest.mark.parametrize("nothing", [None, "", " ", "\n"])
def test_nothing_said_is_not_something_else(tmp_path: pathlib.Path, nothing: str | None) -> None:
    said = {"repository": nothing, "deployCommand": nothing}
    assert service_of("shop/checkout", said, settings(tmp_path)) == service_of("shop/checkout", {}, settings(tmp_path))


@pytest.mark.parametrize("wrong", [0, 1, True, False, [], ["make"], {}, {"a": "b"}, 1.5, "\0", "a\ud800", "x" * 4001])
@pytest.mark.parametrize("name", ["repository", "branch", "buildCommand", "deployCommand", "coverageReport"])
def test_a_property_that_cannot_be_used_is_named(tmp_path: pathlib.Path, name: str, wrong: Any) -> None:
    with pytest.raises(NoCode) as caught:
        service_of("checkout", {name: wrong}, settings(tmp_path))
    assert caught.value.detail == f"the property {name} of checkout is no text that can be used"


def test_a_property_may_be_long(tmp_path: pathlib.Path) -> None:
    assert service_of("shop/checkout", {"testCommand": "x" * 4000}, settings(tmp_path)).test == "x" * 4000


@pytest.mark.parametrize("project", ["platform/deployment", "gate/deployment-marks"])
@pytest.mark.parametrize(
    "spell",
    [
        str,
        str.upper,
        str.title,
        lambda text: f"{text}.git",
        lambda text: f"{text}.GIT",
        lambda text: f"{text}/",
        lambda text: f"/{text}",
        lambda text: f" {text} ",
        lambda text: f"{text}.git/",
        lambda text: text.replace("/", "%2F"),
        lambda text: text.replace("/", "%2f"),
    ],
)
def test_the_gates_own_projects_are_no_services(tmp_path: pathlib.Path, project: str, spell: Any) -> None:
    spelled = spell(project)
    for name, said in ((spelled, {}), ("checkout", {"repository": spelled})):
        with pytest.raises(NoCode) as caught:
            service_of(name, said, settings(tmp_path))
        assert caught.value.detail == f"{spelled} is no project of a service"


@pytest.mark.parametrize("project", ["shop/checkout", "Shop/Checkout", "shop/team/a", "shop%2Fcheckout", " shop/a "])
def test_a_project_of_the_groups_of_services_is_taken(tmp_path: pathlib.Path, project: str) -> None:
    service = {**document()["service"], "groups": ["team", "shop"]}
    assert service_of("checkout", {"repository": project}, settings(tmp_path, service=service)).project == project


@pytest.mark.parametrize("project", ["checkout", "shopping/checkout", "shop", "other/shop/checkout", "other%2Fshop/a"])
def test_a_project_outside_of_the_groups_of_services_is_none(tmp_path: pathlib.Path, project: str) -> None:
    service = {**document()["service"], "groups": ["team", "shop"]}
    with pytest.raises(NoCode) as caught:
        service_of("checkout", {"repository": project}, settings(tmp_path, service=service))
    assert caught.value.detail == f"{project} lies in none of the groups of services: team, shop"
