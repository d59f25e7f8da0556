"""Manifests as resources."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portctl.manifest.render import render
from portctl.model.address import Address
from portctl.model.resource import Manifest, Meta
from portctl.model.value import Awaited, Codec, Encoded, OutputRef, Pending, SecretRef, map_leaves
from portctl.model.values import Values
from portctl.source import Source, SourceMap
from portctl.template.context import RenderContext
from tests.unit.examples.files import load
from tests.unit.examples.manifest_kinds import CATALOGUE, WEBHOOK

FLOW = """
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: hook-eu}
spec:
  identifier: hook-<% values.region %>
  size: <% values.size %>
  tags: <% values.tags %>
  where: {"{{ .x }}": ["<% port.api_url %>/x", "{{ .y }}", "<% environment %>"]}
  token: Bearer <% secret('TOKEN') %>
  late: <% values.missing | default('d') %>
---
apiVersion: portctl/v1
kind: port/Action
metadata: {name: deploy}
spec:
  identifier: deploy
  url: <% output('port/Webhook:hook-eu', 'url') %>?k=<% output('port/Webhook:hook-eu', 'key') | urlencode %>
---
apiVersion: portctl/v1
kind: port/Webhook
metadata: {instance: eu, name: other}
spec: {identifier: other, url: <% port.url %> <% port.default.url %> <% port.eu.url %>}
"""
HOOK = Address("port", "Webhook", "hook-eu")


def shape(value: Any) -> Any:
    """Attributes with their open parts visible, for comparing."""
    return map_leaves(value, lambda _, leaf: (type(leaf).__name__, leaf.parts) if isinstance(leaf, Pending) else leaf)


def test_every_placeholder_is_filled_and_nothing_else_is_touched(tmp_path: pathlib.Path) -> None:
    resources, found = load(tmp_path, FLOW)
    assert found == ""
    assert {str(resource.address): shape(resource.attributes) for resource in resources} == {
        "port/Action:deploy": {
            "identifier": "deploy",
            "url": (
                "Sealed",
                (OutputRef(HOOK, "url"), "?k=", Encoded(Codec.URL, (OutputRef(HOOK, "key", secret=True),))),
            ),
        },
        "port/Webhook:hook-eu": {
            "identifier": "hook-eu",
            "size": 3,
            "tags": ("a", "b"),
            "where": {"{{ .x }}": ("https://api.port.io/v1/x", "{{ .y }}", "test")},
            "token": ("Sealed", ("Bearer ", SecretRef("TOKEN"))),
            "late": "d",
        },
        "port@eu/Webhook:other": {
            "identifier": "other",
            "url": "https://api.eu.example https://api.port.io https://api.eu.example",
        },
    }


def test_origins_say_what_every_filled_value_was_made_of(tmp_path: pathlib.Path) -> None:
    resources, _ = load(tmp_path, FLOW, sets=["size=3"])
    by_name = {resource.address.name: resource for resource in resources}
    assert by_name["hook-eu"].origins == {
        ("identifier",): "values.region (environments/test.yaml)",
        ("size",): "values.size (--set size)",
        ("tags",): "values.tags (environments/test.yaml)",
        ("where", "{{ .x }}", 0): "port.api_url (environment test)",
        ("where", "{{ .x }}", 2): "environment (environment test)",
        ("token",): "secret TOKEN",
        ("late",): "values.missing (not set)",
    }
    assert by_name["deploy"].origins == {
        ("url",): "output port/Webhook:hook-eu url, output port/Webhook:hook-eu key",
    }


def test_a_literal_hole_comes_from_nowhere(tmp_path: pathlib.Path) -> None:
    (resource,), _ = load(
        tmp_path, "apiVersion: portctl/v1\nkind: port/Webhook\nspec: {identifier: a, x: \"<% '<%' %>\"}\n"
    )
    assert (resource.attributes["x"], resource.origins) == ("<%", {("x",): "literal"})


def test_the_identity_starts_with_that_of_the_parent(tmp_path: pathlib.Path) -> None:
    resources, found = load(
        tmp_path,
        """
apiVersion: portctl/v1
kind: port/Action
metadata: {name: a}
spec: {identifier: action-<% values.region %>}
---
apiVersion: portctl/v1
kind: port/ActionPermissions
metadata: {in: "port/Action:a"}
spec: {}
---
apiVersion: portctl/v1
kind: port/Step
metadata: {in: "port/Action:a", name: s}
spec: {position: {index: 7}}
---
apiVersion: portctl/v1
kind: port/Step
metadata: {in: "port/Action:unknown", name: t}
spec: {position: {index: x}}
---
apiVersion: portctl/v1
kind: port/Entity
spec: {blueprint: b, identifier: e}
""",
    )
    assert found == ""
    assert {str(resource.address): resource.identity for resource in resources} == {
        "port/Action:a": ("action-eu",),
        "port/ActionPermissions:a": ("action-eu",),
        "port/Entity:b%2Fe": ("b", "e"),
        "port/Step:s": ("action-eu", "7"),
        "port/Step:t": ("x",),
    }


def test_everything_wrong_is_said_at_its_place(tmp_path: pathlib.Path) -> None:
    resources, found = load(
        tmp_path,
        """
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: a}
spec:
  identifier: <% secret('A') %>
  "<% values.region %>": 1
  x:
    - <% values.regoin %>
    - <% output('port/Webhook', 'url') %>
    - <% output('port/Webhok:a', 'url') %>
    - <% output('port/Webhook:a', 'ulr') %>
    - <% output('port/Action:a', 'url') %>
    - <% output('port/Webhook:a') %>
    - <% output(1, 2) %>
    - <% secret('') %>
    - <% secret(values.tags) %>
---
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: b}
spec: {identifier: <% values.nothing %>}
---
apiVersion: portctl/v1
kind: port/Webhook
metadata: {name: c}
spec: {}
""",
    )
    assert found == (
        "6:15 [identity] Identity is not known: A secret or an output stands where the service's name for the object "
        "must be known at plan. (Write it out, or take it from values.)\n"
        "7:26 [placeholder] Placeholder in a key: Keys are literal.\n"
        '9:7 [placeholder] Undefined value: values has no "regoin". Did you mean "region"? In <% values.regoin %>. '
        "(Set regoin under `values:` of the project or environment file, or with --set.)\n"
        '10:7 [output] Malformed address: "port/Webhook" is not an address such as port/Webhook:name.\n'
        '11:7 [output] Unknown kind: There is no kind "port/Webhok". Did you mean "port/Webhook"? (Known kinds: '
        "port/Action, port/ActionPermissions, port/Blueprint, port/Entity, port/Step and port/Webhook.)\n"
        '12:7 [output] Unknown output: A port/Webhook has no output "ulr". Did you mean "url"? '
        "(Its outputs: key and url.)\n"
        '13:7 [output] Unknown output: A port/Action has no output "url". (It has no outputs.)\n'
        "14:7 [placeholder] Placeholder failed: It is written output('provider/Kind:name', 'field'). "
        "In <% output('port/Webhook:a') %>.\n"
        "15:7 [placeholder] Placeholder failed: An address and the name of an output must be text. "
        "In <% output(1, 2) %>.\n"
        "16:7 [placeholder] Placeholder failed: The name of a secret must be text that is not empty. In <% "
        "secret('') %>.\n"
        "17:7 [placeholder] Placeholder failed: The name of a secret must be text that is not empty. "
        "In <% secret(values.tags) %>.\n"
        '22:20 [placeholder] Undefined value: values has no "nothing". In <% values.nothing %>. '
        "(Set nothing under `values:` of the project or environment file, or with --set.)\n"
        "27:7 [identity] Identity is missing: identifier says which object this is at the service, and is missing. "
        "(Write identifier.)"
    )
    assert [resource.identity for resource in resources] == [("",), ("",), ("",)]
    assert all(isinstance(item, Awaited) for item in resources[0].attributes["x"])


@given(text=st.text("<%> values.abc'()|~{}\n\"", max_size=40))
def test_no_text_in_a_body_raises(text: str) -> None:
    place = SourceMap(Source("a.yaml"))
    body = {"identifier": "a", "x": (text, {"k": f"<%{text}%>"})}
    manifest = Manifest(Address("port", "Webhook", "a"), WEBHOOK, body, Meta(), place)
    context = RenderContext("test", {}, frozenset())
    (resource,), found = render([manifest], values=Values({"a": 1}, {}), context=context, catalogue=CATALOGUE)
    assert resource.identity == ("a",)
    assert all(each.source == place.document and each.detail for each in found)


@pytest.mark.parametrize("value", ["<% values.a %>", "<% secret('X') %>", "<%"])
def test_what_a_value_contains_is_never_rendered_again(tmp_path: pathlib.Path, value: str) -> None:
    text = 'apiVersion: portctl/v1\nkind: port/Webhook\nspec: {identifier: a, x: "<% values.v %>"}\n'
    (resource,), found = load(tmp_path, text, sets=[f"v={value}"])
    assert (resource.attributes["x"], found) == (value, "")
