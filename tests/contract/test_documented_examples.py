"""What Port documents can be declared: valid without an error, applied to the sandbox, and then as it was declared.

The bodies are ours; each is of the shape that a page of Port's documentation shows, which it names.
"""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest
import yaml

from portctl import app
from portctl.model.diagnostic import Severity
from portctl.sandbox.server import Sandbox
from tests.laws.world import World, acting
from tests.tap import PORT_OPENAPI

FOLDER = pathlib.Path(__file__).parent / "documented"
SECRETS = {"CIRCLECI_TOKEN": "cycle-token-value-1", "SIGNING": "signing-value-1"}

TOLD = {
    # Port's own example spreads last, too; then what is spread wins over what is computed.
    "backends.yaml": [
        "port/key-before-spread spec.invocationMethod.body.port_context.blueprint",
        "port/key-before-spread spec.invocationMethod.body.port_context.entity",
    ],
}
"""Warnings that an example deserves."""


def _checked(tmp_path: pathlib.Path, sandbox: Sandbox, documents: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Errors and warnings of validating; what is without errors is applied, and then nothing may be left to do."""
    world = World(tmp_path, sandbox)
    world.manifests({"examples.yaml": documents})
    world.environment(SECRETS)
    found = app.validate(world.workspace()).diagnostics
    errors = [f"{each.rule} {each.path}: {each.detail}" for each in found if each.severity is Severity.ERROR]
    if not errors:
        report = world.apply()
        assert [str(outcome.error) for outcome in report.outcomes if outcome.error] == []
        assert acting(world.plan()) == {}
    return errors, [f"{each.rule} {each.path}" for each in found if each.severity is Severity.WARNING]


@pytest.mark.parametrize("name", sorted(path.name for path in FOLDER.iterdir()))
def test_what_is_documented_is_valid_applied_and_then_as_declared(
    tmp_path: pathlib.Path, sandbox: Sandbox, name: str
) -> None:
    documents = list(yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8")))
    assert _checked(tmp_path, sandbox, documents) == ([], TOLD.get(name, []))


_FORM = {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {"name": {"type": "string"}}}}
_TRIGGER = "https://gitlab.com/api/v4/projects/1/ref/main/trigger/pipeline?token="
REFUSED: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    # docs.port.io, "GitLab pipeline, SaaS": members of the organisation read the token.
    "the token of a pipeline in its address": (
        "port/Action",
        {
            "identifier": "trigger",
            "trigger": _FORM,
            "invocationMethod": {
                "type": "WEBHOOK",
                "url": f"{_TRIGGER}<YOUR_TRIGGER_TOKEN>",
                "body": {"name": "{{ .inputs.name }}"},
            },
        },
        [
            (
                "port/credential-in-url spec.invocationMethod.url: token stands in clear text "
                "where every member of the organisation can read it"
            )
        ],
    ),
    # docs.port.io, guides for GitLab: a placeholder that Port sends as it stands.
    "a placeholder": (
        "port/Action",
        {
            "identifier": "trigger",
            "trigger": _FORM,
            "invocationMethod": {"type": "WEBHOOK", "url": "https://{HOST}/x", "body": {"name": "{{ .inputs.name }}"}},
        },
        ["port/left-over-placeholder spec.invocationMethod.url: Port sends {HOST} as it stands: it expands {{ }} only"],
    ),
    # docs.port.io, "Webhook, Security configuration": the file is not where the secret belongs.
    "the secret of a webhook": (
        "port/Webhook",
        {
            "identifier": "w",
            "title": "W",
            "enabled": True,
            "security": {"secret": "WEBHOOK_SECRET", "signatureHeaderName": "X-Hub-Signature-256"},
        },
        [
            (
                "manifest/secret-literal spec.security.secret: `security.secret` of port/Webhook is a secret, "
                "and its value stands here in clear text"
            )
        ],
    ),
}
"""Examples that Port accepts and that are refused here, each with what is said of it."""


@pytest.mark.parametrize("name", REFUSED)
def test_an_example_with_a_fault_is_refused_and_the_fault_is_named(
    tmp_path: pathlib.Path, sandbox: Sandbox, name: str
) -> None:
    kind, spec, expected = REFUSED[name]
    errors, _ = _checked(tmp_path, sandbox, [_document(kind, spec)])
    assert errors == expected


def _blueprint(identifier: str, other: str) -> dict[str, Any]:
    """A blueprint with a mirror that leads over a relation of the other one."""
    relations = {
        name: {"target": target, "required": False, "many": False}
        for name, target in (("to", other), ("user", "_user"))
    }
    mirror = {"mail": {"path": "to.user.$identifier"}}
    spec = {
        "identifier": identifier,
        "title": identifier,
        "schema": {"properties": {}},
        "relations": relations,
        "mirrorProperties": mirror,
    }
    return {"apiVersion": "portctl/v1", "kind": "port/Blueprint", "spec": spec}


def test_blueprints_that_mirror_over_each_other_are_made_in_one_apply(tmp_path: pathlib.Path, sandbox: Sandbox) -> None:
    """Port refuses a mirror over a relation that is not there yet, so all of them get their relations first."""
    assert _checked(tmp_path, sandbox, [_blueprint("one", "two"), _blueprint("two", "one")]) == ([], [])


def test_relations_and_mirrors_over_each_other_come_to_blueprints_that_exist(
    tmp_path: pathlib.Path, sandbox: Sandbox
) -> None:
    """Also after an apply that was killed before they came to new ones; what a mirror was stays until then."""
    bare = [_blueprint("one", "two"), _blueprint("two", "one")]
    for document in bare:
        del document["spec"]["relations"], document["spec"]["mirrorProperties"]
    bare[0]["spec"] |= {"relations": {"me": {"target": "one", "required": False, "many": False}}}
    bare[0]["spec"] |= {"mirrorProperties": {"mail": {"path": "me.$title"}, "old": {"path": "me.$icon"}}}
    assert _checked(tmp_path, sandbox, bare) == ([], [])
    whole = [_blueprint("one", "two"), _blueprint("two", "one"), _blueprint("three", "one")]
    whole[1]["spec"]["relations"]["three"] = {"target": "three", "required": False, "many": False}
    whole[1]["spec"]["mirrorProperties"]["far"] = {"path": "three.to.user.$identifier"}
    whole[0]["spec"]["relations"]["me"] = bare[0]["spec"]["relations"]["me"]
    assert _checked(tmp_path, sandbox, whole) == ([], [])
    for document in whole[:2]:  # a relation that is replaced takes its mirror along
        document["spec"]["relations"]["at"] = document["spec"]["relations"].pop("to")
        document["spec"]["mirrorProperties"] = {"mail": {"path": "at.user.$title"}}
    assert _checked(tmp_path, sandbox, whole) == ([], [])


def test_a_relation_by_search_is_found_where_nothing_stands_and_left_alone_then(
    tmp_path: pathlib.Path, sandbox: Sandbox
) -> None:
    relations = {"to": {"target": "thing", "required": False, "many": False}}
    of = {"identifier": "thing", "title": "Thing", "schema": {"properties": {}}, "relations": relations}
    search = {"combinator": "and", "rules": [{"property": "$identifier", "operator": "=", "value": "a"}]}

    def relate(**relation: Any) -> tuple[str, ...]:
        """What is written when the entity `c` is declared so."""
        before = len(sandbox.journal.exchanges())
        entities = [{"identifier": "a"}, {"identifier": "b"}, {"identifier": "c", **relation}]
        documents = [_document("port/Entity", {"blueprint": "thing", **entity}) for entity in entities]
        assert _checked(tmp_path, sandbox, [_document("port/Blueprint", of), *documents]) == ([], [])
        sent = sandbox.journal.exchanges()[before:]
        return tuple(each.request_body.decode() for each in sent if each.path.endswith("/c") and each.method == "PATCH")

    assert relate() == ()
    assert relate(relations={"to": search}) == (json.dumps({"relations": {"to": search}}, separators=(",", ":")),)
    assert relate(relations={"to": "b"}) == ('{"relations":{"to":"b"}}',)
    assert relate(relations={"to": search}) == ()


@pytest.mark.skipif(not PORT_OPENAPI.exists(), reason="Port's API description is not at hand")
def test_the_examples_of_ports_own_api_description_are_valid_and_applied(
    tmp_path: pathlib.Path, sandbox: Sandbox
) -> None:
    """An entity, and searches where manifests may have some; what an example names is declared beside it."""
    described = json.loads(PORT_OPENAPI.read_text(encoding="utf-8"))
    entity = _body(described, "/v1/blueprints/{blueprint_identifier}/entities")["example"]
    search = _body(described, "/v1/entities/search")["example"]
    properties = {name: {"type": "string"} for name in (*entity["properties"], "environment")}
    of = {"identifier": "service_of_example", "title": "Service", "schema": {"properties": properties}}
    count = {
        "title": "Count",
        "target": "service_of_example",
        "calculationSpec": {"calculationBy": "entities", "func": "count"},
    }
    counting = {
        "identifier": "counting",
        "title": "Counting",
        "schema": {"properties": {}},
        "aggregationProperties": {"n": {**count, "query": search}},
    }
    form = {"trigger": {"type": "self-service", "operation": "CREATE", "userInputs": {"properties": {}}}}
    policy = {"queries": {"found": search}, "conditions": [".results.found.entities | length > 0"]}
    documents = [
        _document("port/Blueprint", of),
        _document("port/Blueprint", counting),
        _document("port/Entity", {"blueprint": "service_of_example", **entity}),
        _document("port/Action", {"identifier": "guarded", **form, "invocationMethod": {"type": "KAFKA"}}),
        {
            **_document("port/ActionPermissions", {"execute": {"policy": policy}}),
            "metadata": {"in": "port/Action:guarded"},
        },
    ]
    assert _checked(tmp_path, sandbox, documents) == ([], [])


def _body(described: dict[str, Any], path: str) -> dict[str, Any]:
    found: dict[str, Any] = described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return found


def _document(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "portctl/v1", "kind": kind, "spec": spec}
