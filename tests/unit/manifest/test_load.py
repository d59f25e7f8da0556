"""Manifest folders: which files are manifests, and what an envelope may say."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket

import pytest

from portctl.config.project import load_project
from portctl.manifest.load import load_manifests
from portctl.model.address import Address
from portctl.model.diagnostic import Severity
from portctl.model.kind import OnDelete
from portctl.model.resource import Adopt, Management, Manifest, Meta, Renamed
from tests.unit.examples.files import PROJECT, lines, write
from tests.unit.examples.manifest_kinds import BLUEPRINT, CATALOGUE


def load(root: pathlib.Path, files: dict[str, str | bytes]) -> tuple[tuple[Manifest, ...], str]:
    manifests, found = load_manifests(load_project(write(root, files)), CATALOGUE)
    return manifests, lines(found)


def addresses(manifests: tuple[Manifest, ...]) -> list[str]:
    return [str(manifest.address) for manifest in manifests]


HOOK = "apiVersion: portctl/v1\nkind: port/Webhook\nspec: {identifier: hook}\n"


def test_an_envelope_carries_the_body_as_it_is(tmp_path: pathlib.Path) -> None:
    text = """
apiVersion: portctl/v1
kind: port/Blueprint
metadata:
  name: svc
  instance: eu
  labels: {team: a}
  dependsOn: ["port@eu/Webhook:hook"]
  management: merge
  adopt: always
  protect: [delete, replace]
  onDelete: keep
  moved: ["port/Blueprint:old"]
  renamed: [{path: schema.properties.b, from: a}]
  options: {catalogPage: false}
spec:
  identifier: service
  x: ["<% values.x %>", {y: 1}]
"""
    (manifest,), found = load(tmp_path, {"blueprints/deep/a.yml": text})
    assert found == ""
    assert (manifest.address, manifest.kind, manifest.body_at) == (
        Address("port", "Blueprint", "svc", "eu"),
        BLUEPRINT,
        ("spec",),
    )
    assert manifest.body == {"identifier": "service", "x": ("<% values.x %>", {"y": 1})}
    assert manifest.meta == Meta(
        labels={"team": "a"},
        depends_on=(Address("port", "Webhook", "hook", "eu"),),
        management=Management.MERGE,
        adopt=Adopt.ALWAYS,
        protect=frozenset({"delete", "replace"}),
        on_delete=OnDelete.KEEP,
        moved=(Address("port", "Blueprint", "old"),),
        renamed=(Renamed("schema.properties.b", "a"),),
        options={"catalogPage": False},
    )
    assert str(manifest.sources.at(("spec", "x", 1, "y"))) == "blueprints/deep/a.yml:18:29"


def test_a_bare_body_is_of_the_kind_of_its_folder(tmp_path: pathlib.Path) -> None:
    manifests, found = load(
        tmp_path,
        {
            "blueprints/team/a.json": '{"identifier": "a"}',
            "actions/b.yaml": "identifier: b\n---\nidentifier: c\n",
        },
    )
    assert found == ""
    assert addresses(manifests) == ["port/Action:b", "port/Action:c", "port/Blueprint:a"]
    assert [(manifest.body_at, manifest.meta) for manifest in manifests] == [((), Meta())] * 3


def test_a_name_comes_from_the_identity_percent_encoded_or_from_the_parent(tmp_path: pathlib.Path) -> None:
    manifests, found = load(
        tmp_path,
        {
            "pipelines/a.yaml": """
apiVersion: portctl/v1
kind: port/Entity
spec: {blueprint: service, identifier: a b~é}
---
apiVersion: portctl/v1
kind: port/ActionPermissions
metadata: {in: "port/Action:deploy"}
spec: {}
---
apiVersion: portctl/v1
kind: port/Step
metadata: {in: "port/Action:deploy"}
spec: {position: {index: first}}
---
apiVersion: portctl/v1
kind: port/Webhook
metadata:
spec: {identifier: a/b}
"""
        },
    )
    assert found == ""
    assert addresses(manifests) == [
        "port/Entity:service%2Fa%20b%7E%C3%A9",
        "port/ActionPermissions:deploy",
        "port/Step:first",
        "port/Webhook:a%2Fb",
    ]
    assert manifests[1].meta.within == Address("port", "Action", "deploy")


def test_files_that_a_manifest_names_are_not_manifests(tmp_path: pathlib.Path) -> None:
    manifest = """
apiVersion: portctl/v1
kind: port/Webhook
spec:
  identifier: hook
  files: [{path: .ci.yml, template: files/ci.yml}, {source: ../pipelines/raw}, {source: 7}]
"""
    manifests, found = load(
        tmp_path,
        {
            "pipelines/a.yaml": manifest,
            "pipelines/files/ci.yml": "<%% if x %%>\n\tbroken: [\n",
            "pipelines/raw/deep/run.sh": "#!/bin/sh",
            "pipelines/README.md": "",
            "blueprints/.gitkeep": "",
        },
    )
    assert (addresses(manifests), found) == (["port/Webhook:hook"], "")


def test_every_other_file_is_an_error(tmp_path: pathlib.Path) -> None:
    _, found = load(
        tmp_path,
        {
            "pipelines/a.txt": "x",
            "pipelines/b.yaml": "x: 1\n",
            "pipelines/c.yaml": "# nothing\n",
            "pipelines/d.yaml": "a: [\n",
            "pipelines/.e.yaml": HOOK,
            "blueprints/f.yaml": "kind: port/Blueprint\nmetadata: {}\nspec: {}\n",
            "servicenow": "a file",
        },
    )
    assert found == (
        "blueprints/f.yaml:1:1 [manifest] Missing key: apiVersion is missing; write `apiVersion: portctl/v1`.\n"
        "blueprints/f.yaml:2:11 [manifest] Name is missing: The manifest has no metadata.name, and identifier gives "
        "none: it is missing or holds a placeholder. (Write metadata.name.)\n"
        "pipelines/a.txt:1:1 [manifest] Unrecognised file: It is no manifest, and no manifest names it as `template:` "
        "or `source:`. (Name it in a manifest, or move it out of the manifest folders.)\n"
        "pipelines/b.yaml:1:1 [manifest] Unrecognised document: It has no apiVersion, and its folder does not say what "
        "kind of body it is. (Write `apiVersion: portctl/v1`, kind and spec; bare bodies may stand in actions and "
        "blueprints.)\n"
        "pipelines/c.yaml:1:1 [manifest] Empty file: It holds no manifest. "
        "(Delete the file if what it described is to go.)\n"
        "pipelines/d.yaml:2:1 [yaml] Broken YAML: Did not find expected node content (while parsing a flow node).\n"
        "servicenow:1:1 [manifest] Not a folder of this project: It is a file, or leads elsewhere."
    )


def test_links_may_not_leave_the_project_or_stand_for_folders(tmp_path: pathlib.Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_text(HOOK)
    root = write(tmp_path / "root", {"actions/real/a.yaml": "identifier: a\n", "blueprints/.gitkeep": ""})
    (root / "actions" / "out.yaml").symlink_to(outside / "x.yaml")
    (root / "actions" / "gone.yaml").symlink_to(root / "nothing")
    (root / "actions" / "folder").symlink_to(root / "actions" / "real")
    (root / "actions" / "again.json").symlink_to(root / "actions" / "real" / "a.yaml")
    (root / "pipelines").symlink_to(outside)
    os.mkfifo(root / "actions" / "pipe.yaml")
    with contextlib.chdir(root), socket.socket(socket.AF_UNIX) as listening:
        listening.bind("actions/door.yaml")  # a path of more than a hundred characters is none for a socket
    manifests, found = load(root, {})
    assert addresses(manifests) == ["port/Action:a"]
    assert found == (
        "actions/again.json:1:1 [yaml] Broken JSON: A value is expected here, not `identifier`.\n"
        "actions/door.yaml:1:1 [manifest] Not a file: It is a socket, and manifests are read from files. "
        "(Put a file in its place, or remove it.)\n"
        "actions/folder:1:1 [manifest] Link to a folder: Such links are not followed. "
        "(Put the files here, or name their folder under `manifests:`.)\n"
        "actions/gone.yaml:1:1 [manifest] Not a file: It is a link that leads nowhere, and manifests are read "
        "from files. (Put a file in its place, or remove it.)\n"
        "actions/out.yaml:1:1 [manifest] Link out of the project: The file is a link that leads out of the project. "
        "(Copy the file into the project.)\n"
        "actions/pipe.yaml:1:1 [manifest] Not a file: It is a pipe, and manifests are read from files. "
        "(Put a file in its place, or remove it.)\n"
        "pipelines:1:1 [manifest] Not a folder of this project: It is a file, or leads elsewhere."
    )


def test_a_file_name_that_cannot_be_printed_is_refused(tmp_path: pathlib.Path) -> None:
    (write(tmp_path, {}) / "actions").mkdir()
    (tmp_path / "actions" / os.fsdecode(b"\xff.yaml")).write_text(HOOK)
    assert load(tmp_path, {})[1] == "actions/\\udcff.yaml:1:1 [manifest] Unprintable file name: Rename the file."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "apiVersion: v1\nkind: Service\nspec: {}\n",
            '1:13 [manifest] Unknown apiVersion: "v1" is not portctl/v1.',
        ),
        (
            "apiVersion: v1\nkind: port/Webhook\nspec: []\n",
            (
                '1:13 [manifest] Unknown apiVersion: "v1" is not portctl/v1.\n'
                "3:7 [manifest] Wrong type: A mapping, the body as the API has it, is expected here, not a list."
            ),
        ),
        (
            "kind: port/Webhook\nmetadata: {naem: a}\nspec: {identifier: a}\n",
            (
                "1:1 [manifest] Missing key: apiVersion is missing; write `apiVersion: portctl/v1`.\n"
                '2:12 [manifest] Unknown key: metadata has no "naem". Did you mean "name"? (Known keys: '
                "adopt, dependsOn, forEach, in, instance, labels, management, moved, name, onDelete, options, "
                "protect and renamed.)"
            ),
        ),
        (
            "apiVersion: portctl/v1\nkind: port/Blueprnt\nspec: {}\nextra: 1\n",
            (
                '2:7 [manifest] Unknown kind: There is no kind "port/Blueprnt". Did you mean "port/Blueprint"? (Known '
                "kinds: port/Action, port/ActionPermissions, port/Blueprint, port/Entity, port/Step and "
                "port/Webhook.)\n"
                '4:1 [manifest] Unknown key: A manifest has no "extra". '
                "(Known keys: apiVersion, kind, metadata and spec.)"
            ),
        ),
        (
            "apiVersion: portctl/v1\n",
            (
                "1:1 [manifest] Missing key: kind is missing. (Known kinds: port/Action, port/ActionPermissions, "
                "port/Blueprint, port/Entity, port/Step and port/Webhook.)\n"
                "1:1 [manifest] Missing key: spec, the body as the API has it, is missing."
            ),
        ),
        (
            "apiVersion: portctl/v1\nkind: port/Webhook\nmetadata: []\nspec: []\n",
            "4:7 [manifest] Wrong type: A mapping, the body as the API has it, is expected here, not a list.",
        ),
        (
            "apiVersion: portctl/v1\nkind: port/Webhook\nmetadata: []\nspec: {identifier: a}\n",
            "3:11 [manifest] Wrong type: A mapping is expected here, not a list.",
        ),
    ],
)
def test_an_envelope_must_be_whole(tmp_path: pathlib.Path, text: str, expected: str) -> None:
    manifests, found = load(tmp_path, {"pipelines/a.yaml": text})
    assert found.replace("pipelines/a.yaml:", "") == expected
    assert all(manifest.kind.name == "Webhook" for manifest in manifests)


@pytest.mark.parametrize("name", ["actoins", "a" * 300, "a/" * 3000 + "b"])
def test_a_folder_that_the_project_file_names_must_exist(tmp_path: pathlib.Path, name: str) -> None:
    project = PROJECT + f"manifests: [blueprints, {name}]\n"
    write(tmp_path, {"portctl.yaml": project, "blueprints/a.json": "{}"})
    _, found = load_manifests(load_project(tmp_path), CATALOGUE)
    assert lines(found).splitlines()[-1] == (
        "portctl.yaml:3:25 [manifest] No such folder: " + name + " does not exist, and what it declared would count as "
        "gone. (Correct the name, make the folder, or take it out of `manifests:`.)"
    )


@pytest.mark.parametrize("folders", [(), ("servicenow",)])
def test_where_there_is_no_manifest_it_is_said(tmp_path: pathlib.Path, folders: tuple[str, ...]) -> None:
    project = load_project(write(tmp_path, {}))
    for folder in folders:
        (tmp_path / folder).mkdir()
    manifests, found = load_manifests(project, CATALOGUE)
    assert (manifests, [each.severity for each in found]) == ((), [Severity.WARNING])
    assert lines(found) == (
        "portctl.yaml:1:1 [manifest] No manifests: There is none in actions, automations, blueprints, integrations, "
        "pipelines and servicenow. (Put them there, or name their folders under `manifests:`.)"
    )
