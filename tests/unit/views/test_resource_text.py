"""Rendered resources and the ledger as text."""

from __future__ import annotations

import yaml

from portctl.model.address import Address
from portctl.model.kind import OnDelete
from portctl.model.ledger import Entry, Owned
from portctl.model.resource import Adopt, Management, Meta, Renamed, Resource
from portctl.model.value import Codec, Encoded, OutputRef, SecretRef, freeze, pending
from portctl.source import Source, SourceMap
from portctl.views.manifest import resources_text
from portctl.views.state import state_document, state_list_text, state_show_text
from tests.unit.views.builders import KIND, address

WEBHOOK = Address("port", "Webhook", "snow")


def resource(name: str, attributes: dict[str, object], meta: Meta | None = None, **fields: object) -> Resource:
    return Resource(
        address=Address("port", "Action", name, str(fields.get("instance", "default"))),
        kind=KIND,
        identity=(name,),
        attributes=freeze(attributes),
        meta=meta or Meta(),
        sources=SourceMap(Source("actions/a.yaml", 1, 1)),
        origins={("url",): "environments/staging.yaml: gitlab.url", ("text",): "portctl.yaml: text\n"},
    )


def test_a_rendered_resource_is_yaml_and_explains_where_values_came_from() -> None:
    secret = pending(("https://x?token=", SecretRef("TOKEN"), "&r=", OutputRef(WEBHOOK, "url")))
    encoded = pending(
        ("Basic ", Encoded(Codec.BASIC_AUTH, ("user", SecretRef("PASSWORD"))), OutputRef(WEBHOOK, "key", True))
    )
    first = resource("a", {"url": "https://gitlab.example", "text": "one\ntwo", "token": secret, "auth": encoded})
    second = resource("b", {"published": [True]})
    assert (
        resources_text((first, second), explain=True)
        == """\
# actions/a.yaml:1:1
apiVersion: "portctl/v1"
kind: "port/Action"
metadata:
  name: "a"
spec:
  url: "https://gitlab.example"  # environments/staging.yaml: gitlab.url
  text: |-  # portctl.yaml: text\\n
    one
    two
  token: "https://x?token=(secret TOKEN)&r=(known after apply: port/Webhook:snow url)"
  auth: "Basic (basic_auth of user(secret PASSWORD))(secret port/Webhook:snow key)"
---
# actions/a.yaml:1:1
apiVersion: "portctl/v1"
kind: "port/Action"
metadata:
  name: "b"
spec:
  published:
    - true"""
    )


def test_metadata_is_shown_where_it_says_something() -> None:
    meta = Meta(
        within=Address("port", "Blueprint", "service"),
        labels={"team": "core"},
        depends_on=(WEBHOOK,),
        management=Management.MERGE,
        adopt=Adopt.ALWAYS,
        protect=frozenset(["replace", "delete"]),
        on_delete=OnDelete.KEEP,
        moved=(address("old"),),
        renamed=(Renamed("schema.properties.new", "old"),),
        options={"catalogPage": False},
    )
    shown = resources_text((resource("a", {"title": "x"}, meta, instance="eu"),), explain=False)
    assert yaml.safe_load(shown)["metadata"] == {
        "name": "a",
        "instance": "eu",
        "in": "port/Blueprint:service",
        "labels": {"team": "core"},
        "dependsOn": ["port/Webhook:snow"],
        "management": "merge",
        "adopt": "always",
        "protect": ["delete", "replace"],
        "onDelete": "keep",
        "moved": ["port/Action:old"],
        "renamed": [{"path": "schema.properties.new", "from": "old"}],
        "options": {"catalogPage": False},
    }


def test_the_ledger_is_listed_with_the_origin_of_each_object() -> None:
    entries = [
        Entry(address=address("deploy"), identity=("deploy",), created=True),
        Entry(address=address("b"), identity=("b",), created=False),
        Entry(address=address("c"), identity=("c",), created=True, claimed=True),
    ]
    assert (
        state_list_text([state_document(entry) for entry in entries])
        == """\
port/Action:deploy  created
port/Action:b       found
port/Action:c       claimed: announced by a run whose result was never recorded"""
    )
    assert state_list_text([]) == "The ledger holds no resources."


def test_one_object_of_the_ledger_is_shown_without_any_value() -> None:
    entry = Entry(
        address=address("deploy"),
        identity=("service", "deploy"),
        created=True,
        merge=True,
        protect=frozenset(["delete"]),
        on_delete=OnDelete.KEEP,
        labels={"team": "core"},
        depends=(("port@default", "port/Blueprint", ("service",)),),
        paths={("title",): Owned("hash1", True), ("trigger", "type"): Owned("hash2", False)},
    )
    assert (
        state_show_text(state_document(entry))
        == """\
port/Action:deploy
  identity:   service / deploy
  origin:     created
  management: merge
  protect:    delete
  labels:     team=core
  dependsOn:  port/Blueprint:service
  onDelete:   keep
  paths:
    title (created)
    trigger.type (found)"""
    )
    plain = Entry(address=address("a"), identity=("a",), created=False)
    assert (
        state_show_text(state_document(plain))
        == """\
port/Action:a
  identity:   a
  origin:     found
  management: full"""
    )
