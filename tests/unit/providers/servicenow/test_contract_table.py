"""docs/story.md says what the manifests of this repository do, and the rule finds every way to break it."""

from __future__ import annotations

import pathlib
import re
from dataclasses import replace

import pytest

from portctl.model.address import Address
from portctl.model.resource import Resource
from portctl.model.value import freeze, thaw
from portctl.providers.workflow.contract import contract
from portctl.providers.workflow.flow import deliveries, handed, mapped, pipeline_texts
from tests.unit.test_repository_manifests import RESOURCES

PAGE = (pathlib.Path(__file__).parents[4] / "docs" / "story.md").read_text("utf-8").partition("## The contract")[2]
FIELDS = {"identifier": "the identifier", "title": "the title"}


def _rows_of_the_page() -> list[tuple[str, ...]]:
    table = PAGE.partition("told to the pipeline |\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [tuple(cell.strip().strip("`") for cell in row.strip("|").split("|")) for row in table]


def _rows_of_the_manifests() -> list[tuple[str, ...]]:
    resources = tuple(RESOURCES.values())
    (delivery,) = deliveries(resources)
    told = {one.property: one.key for one in handed(resources) if pipeline_texts(one.automation, resources)}
    where = {
        one.key: one.property or FIELDS[str(one.path[3])] for one in mapped(delivery.webhook) if one.path[2] == "entity"
    }
    return [
        (*key.columns, key.key, f".body.{key.key}", where[key.key], told.get(where[key.key], ""))
        for key in delivery.keys
    ]


def test_the_table_is_what_the_manifests_do() -> None:
    assert _rows_of_the_page() == _rows_of_the_manifests()


def test_the_page_names_objects_that_exist() -> None:
    addresses = set(re.findall(r"`((?:port|gitlab|servicenow)/\w+:\w+)`", PAGE))
    assert addresses <= set(RESOURCES)
    assert len(addresses) == 7


BREAKS: list[tuple[str, tuple[str, ...], str, str, str]] = [
    ("servicenow/BusinessRule:portctl_webhook", ("script", "content"), "u_external_tags", "u_external_tag", "Column"),
    ("servicenow/BusinessRule:portctl_webhook", ("script", "content"), "external_tags:", "tags:", "Key is never sent"),
    ("port/Webhook:servicenow", ("security", "signatureAlgorithm"), "plain", "sha256", "Port would refuse"),
    ("port/Webhook:servicenow", ("security", "signatureHeaderName"), "secret", "other", "Port would refuse"),
    ("port/Automation:approveSnowPipeline", ("invocationMethod", "body"), "externalTags", "tags", "Property does not"),
    ("port/Automation:approveSnowPipeline", ("invocationMethod", "body"), "deploy_run", "run_no", "Pipeline does"),
]


@pytest.mark.parametrize(("address", "path", "old", "new", "summary"), BREAKS)
def test_a_name_that_changes_in_one_place_only_is_found(
    address: str, path: tuple[str, ...], old: str, new: str, summary: str
) -> None:
    assert list(contract(tuple(RESOURCES.values()))) == []
    broken = {**RESOURCES, address: _changed(RESOURCES[address], path, old, new)}
    (found,) = contract(tuple(broken.values()))
    assert found.summary.startswith(summary)


def test_a_header_with_another_secret_is_found() -> None:
    other = RESOURCES["port/Secret:SERVICENOW_API_TOKEN"].attributes["secretValue"]
    message = RESOURCES["servicenow/RestMessage:portctl_webhook"]
    function = message.attributes["functions"]["post"]
    headers = {**function["headers"], "X-Servicenow-Secret": other}
    attributes = {**message.attributes, "functions": {"post": {**function, "headers": headers}}}
    changed = {**RESOURCES, str(message.address): replace(message, attributes=attributes)}
    (found,) = contract(tuple(changed.values()))
    assert "is not the secret that the webhook compares it with" in found.detail
    assert found.path == ("functions", "post", "headers", "X-Servicenow-Secret")


def test_without_a_declared_webhook_there_is_nothing_to_agree_on() -> None:
    rest = {name: resource for name, resource in RESOURCES.items() if name != "port/Webhook:servicenow"}
    assert list(contract(tuple(rest.values()))) == []
    assert Address.parse("port/Webhook:servicenow") is not None


def _changed(resource: Resource, path: tuple[str, ...], old: str, new: str) -> Resource:
    """The resource with `old` replaced in the text, or in the keys and texts, at `path`."""

    def replaced(value: object) -> object:
        if isinstance(value, str):
            return value.replace(old, new)
        return {str(replaced(key)): replaced(item) for key, item in value.items()} if isinstance(value, dict) else value

    def put(value: object, rest: tuple[str, ...]) -> object:
        if not rest:
            return replaced(value)
        assert isinstance(value, dict)
        return {**value, rest[0]: put(value[rest[0]], rest[1:])}

    attributes = freeze(put(thaw(resource.attributes), path))
    return replace(resource, attributes=attributes)


def test_a_property_may_reach_the_pipeline_as_an_input() -> None:
    called = RESOURCES["port/Automation:approveSnowPipeline"]
    backend = called.attributes["invocationMethod"]
    body = freeze({"inputs": {"deploy_run": "{{ .event.diff.after.properties.externalTags }}"}})
    inputs = replace(called, attributes={**called.attributes, "invocationMethod": {**backend, "body": body}})
    files = RESOURCES["gitlab/Files:pipeline"]
    for text, summaries in (
        ("echo $[[ inputs.deploy_run ]]", []),
        ("echo $[[inputs.deploy_run | truncate(0,3)]]", []),
        ("echo $[[ inputs.deploy_run_id ]] .deploy_run", ["Pipeline does not read it"]),
    ):
        pipeline = freeze({".gitlab-ci.yml": {"content": text}})
        changed = replace(files, attributes={**files.attributes, "files": pipeline})
        others = {"port/Automation:approveSnowPipeline": inputs, "gitlab/Files:pipeline": changed}
        found = [one for one in contract(tuple({**RESOURCES, **others}.values())) if one.resource is inputs]
        assert [(one.summary, one.path[1:]) for one in found] == [
            (summary, ("body", "inputs", "deploy_run")) for summary in summaries
        ]
