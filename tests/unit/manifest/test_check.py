"""Checks across manifests."""

from __future__ import annotations

import pathlib
from collections.abc import Collection

import pytest

from portctl.manifest.check import check_resources
from tests.unit.examples.files import lines, load
from tests.unit.examples.manifest_kinds import CATALOGUE


def check(
    root: pathlib.Path, *documents: str, secrets: Collection[str] = (), instances: Collection[tuple[str, str]] = ()
) -> str:
    """The findings over `documents`, each `Kind | metadata | spec`; places without the file's name."""
    text = ""
    for document in documents:
        kind, metadata, spec = (part.strip() for part in document.split("|"))
        text += f"---\napiVersion: portctl/v1\nkind: port/{kind}\nmetadata: {metadata}\nspec: {spec}\n"
    resources, rendering = load(root, text)
    assert rendering == ""
    found = check_resources(resources, catalogue=CATALOGUE, declared_secrets=secrets, instances=instances or None)
    return lines(found).replace("pipelines/a.yaml:", "")


def test_what_is_declared_observed_or_the_services_own_may_be_named(tmp_path: pathlib.Path) -> None:
    assert (
        check(
            tmp_path,
            "Blueprint | {} | {identifier: a, relations: {x: {target: b}, y: {target: _user}, z: {target: '{{ 1 }}'}}}",
            "Blueprint | {management: observe} | {identifier: b, relations: {}}",
            "Action | {dependsOn: ['port/Blueprint:a']} | {identifier: c, trigger: {blueprint: a}, also: [a, h]}",
            "ActionPermissions | {in: 'port/Action:c'} | {}",
            "Webhook | {} | {identifier: h, x: <% secret('S') %>}",
            "Entity | {} | {blueprint: a, identifier: e, owners: [e], relations: {any: thing}}",
            "Entity | {} | {blueprint: _team, identifier: e, url: \"<% output('port/Webhook:h', 'url') %>\"}",
            secrets={"S"},
            instances={("port", "default")},
        )
        == ""
    )


def test_the_character_nul_is_refused_in_texts_keys_and_around_secrets(tmp_path: pathlib.Path) -> None:
    refused = (
        "[text] Character not accepted: The text holds the character NUL (\\0), which services drop or refuse. "
        "(Leave it out.)"
    )
    assert check(tmp_path, r'Webhook | {} | {identifier: h, title: "a\0b"}') == f"5:30 {refused}"
    assert check(tmp_path, r'Webhook | {} | {identifier: h, "a\0b": 1}') == f"5:31 {refused}"
    secret = r'Webhook | {} | {identifier: h, x: "\0<% secret(' + "'S') %>" + '"}'
    assert check(tmp_path, secret, secrets={"S"}) == f"5:26 {refused}"


def test_a_name_may_stand_once_and_so_may_an_object(tmp_path: pathlib.Path) -> None:
    assert check(
        tmp_path,
        "Webhook | {} | {identifier: a}",
        "Webhook | {} | {identifier: a}",
        "Webhook | {name: b} | {identifier: a}",
        "Webhook | {instance: eu} | {identifier: a}",
        "Action | {} | {identifier: a}",
        "ActionPermissions | {in: 'port/Action:a'} | {}",
        "ActionPermissions | {name: again, in: 'port/Action:a'} | {}",
    ) == (
        "9:11 [duplicate] Duplicate name: port/Webhook:a is here and at 1:1. (Give one of them another "
        "metadata.name.)\n"
        "15:20 [duplicate] Two manifests for one object: port/Webhook:b and port/Webhook:a (1:1) are both the "
        'port/Webhook "a". (Remove one of them, or give it another identifier.)\n'
        "35:7 [duplicate] Two manifests for one object: port/ActionPermissions:again and port/ActionPermissions:a "
        '(26:1) are both the port/ActionPermissions "a". (Remove one of them, or give it another identifier.)'
    )


def test_one_name_under_two_parents_is_told_with_a_name_that_says_the_parent(tmp_path: pathlib.Path) -> None:
    found = check(
        tmp_path,
        "Action | {name: a} | {identifier: a}",
        "Action | {name: b} | {identifier: b}",
        "Step | {in: 'port/Action:a'} | {position: {index: first}}",
        "Step | {in: 'port/Action:b'} | {position: {index: first}}",
    )
    (duplicate,) = [line for line in found.splitlines() if "[duplicate]" in line]
    assert duplicate == (
        "19:11 [duplicate] Duplicate name: port/Step:first is here and at 11:1. (They belong to different parents "
        "(port/Action:a and port/Action:b), which the name does not say by itself: give one of them a name of its own, "
        "as in `metadata: {name: b.first}`.)"
    )


def test_a_dangling_reference_proposes_what_to_declare(tmp_path: pathlib.Path) -> None:
    assert check(
        tmp_path,
        "Blueprint | {} | {identifier: service}",
        "Action | {} | {identifier: b, trigger: {blueprint: servce}, also: [service, nothing]}",
        "Action | {instance: eu} | {identifier: c, trigger: {blueprint: 'true'}}",
        "Entity | {} | {blueprint: service, identifier: e, owners: [x]}",
    ) == (
        '10:44 [reference] Unknown reference: No port/Blueprint "servce" is declared here. Did you mean "service"? '
        "(Declare it. If it exists and is managed elsewhere:\n"
        "  apiVersion: portctl/v1\n"
        "  kind: port/Blueprint\n"
        "  metadata:\n"
        "    management: observe\n"
        "  spec:\n"
        "    identifier: servce)\n"
        '10:69 [reference] Unknown reference: No port/Blueprint or port/Webhook "nothing" is declared here. '
        "(Declare it. If it exists and is managed elsewhere:\n"
        "  apiVersion: portctl/v1\n"
        "  kind: port/Blueprint\n"
        "  metadata:\n"
        "    management: observe\n"
        "  spec:\n"
        "    identifier: nothing)\n"
        '15:44 [reference] Unknown reference: No port/Blueprint "true" is declared here. '
        "(Declare it. If it exists and is managed elsewhere:\n"
        "  apiVersion: portctl/v1\n"
        "  kind: port/Blueprint\n"
        "  metadata:\n"
        "    management: observe\n"
        "    instance: eu\n"
        "  spec:\n"
        '    identifier: "true")\n'
        '20:52 [reference] Unknown reference: No port/Entity "x" is declared here. (Declare it; `management: observe` '
        "is enough for something that is managed elsewhere.)"
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            "Webhook | {name: a, dependsOn: ['port/Webhook:hoook']} | {identifier: a}",
            (
                "9:33 [reference] Unknown address: No manifest is called port/Webhook:hoook. Did you mean "
                '"port/Webhook:hook"? '
                "(Declare it; `management: observe` is enough for something that is managed elsewhere.)"
            ),
        ),
        (
            "Webhook | {name: a, dependsOn: ['port/Webhook:a']} | {identifier: a}",
            "9:33 [reference] Points to itself: port/Webhook:a is this manifest.",
        ),
        (
            "ActionPermissions | {in: 'port/Action:gone'} | {}",
            (
                "9:16 [reference] Unknown address: No manifest is called port/Action:gone. "
                "(Declare it; `management: observe` is enough for something that is managed elsewhere.)"
            ),
        ),
        (
            "Webhook | {} | {identifier: a, x: [\"<% output('port/Webhook:b', 'url') %>\"]}",
            (
                "10:27 [reference] Unknown address: No manifest is called port/Webhook:b. Did you mean "
                '"port/Webhook:hook"? '
                "(Declare it; `management: observe` is enough for something that is managed elsewhere.)"
            ),
        ),
        (
            "Webhook | {} | {identifier: a, x: <% secret('TOKN') %>}",
            (
                '10:26 [secret] Undeclared secret: No secret is called "TOKN". Did you mean "TOKEN"? '
                "(Declare it under `secrets:` in portctl.yaml: `TOKN: {env: TOKN}`.)"
            ),
        ),
        (
            "Webhook | {instance: euu} | {identifier: a}",
            (
                '9:22 [instance] Unknown instance: The environment has default and eu, but no instance "euu" of port. '
                'Did you mean "eu"? (Add instances.port.euu to the environment file, or correct metadata.instance.)'
            ),
        ),
        (
            "Webhook | {moved: ['port/Webhook:hook']} | {identifier: a}",
            (
                "9:20 [moved] Moved from what is still there: port/Webhook:hook is still declared at 1:1. "
                "(Remove one of them.)"
            ),
        ),
        (
            "Webhook | {moved: ['port/Webhook:old']} | {identifier: a}",
            "9:20 [moved] Moved twice: port/Webhook:hook (1:1) says that it was port/Webhook:old, too.",
        ),
        (
            (
                "Blueprint | {renamed: [{path: p.new, from: old}, {path: p.b, from: c}, {path: p.b, from: x}]} | "
                "{identifier: a, p: {b: 1, c: 2}}"
            ),
            (
                "9:22 [moved] Renamed to nothing: Nothing stands at p.new, where `old` is said to have gone. "
                "(`path` is where it stands now.)\n"
                "9:48 [moved] Renamed but still there: `c` still stands beside p.b. (Remove one of them.)"
            ),
        ),
    ],
)
def test_what_is_named_must_be_there(tmp_path: pathlib.Path, document: str, expected: str) -> None:
    found = check(
        tmp_path,
        "Webhook | {moved: ['port/Webhook:old']} | {identifier: hook}",
        document,
        secrets={"TOKEN"},
        instances={("port", "default"), ("port", "eu")},
    )
    assert found == expected


def test_an_environment_without_the_service_is_named(tmp_path: pathlib.Path) -> None:
    assert check(tmp_path, "Webhook | {} | {identifier: a}", instances={("gitlab", "default")}) == (
        '4:11 [instance] Unknown instance: The environment has no instance "default" of port. '
        "(Add instances.port.default to the environment file.)"
    )
