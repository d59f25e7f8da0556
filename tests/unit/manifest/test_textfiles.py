"""Files that manifests name: taken into the body as text, with the line of each line."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from portctl.manifest.textfiles import fill_texts
from portctl.model.address import Address
from portctl.model.resource import Meta, Resource
from portctl.model.value import Awaited, freeze, thaw
from portctl.model.values import Values
from portctl.providers.catalogue import catalogue
from portctl.template.context import RenderContext
from portctl.yaml.compose import compose

VALUES = Values(freeze({"jobs": ["a", "b"], "name": "checkout"}), {})
CONTEXT = RenderContext("test", {}, frozenset({"TOKEN"}))
MANIFEST = "pipelines/files.yaml"
NO_NAME = f"{MANIFEST}:4:17: Not a file name: The name of a file, relative to this manifest, is text."


def filled(root: pathlib.Path, spec: str, **files: bytes) -> tuple[Resource, list[str]]:
    """A gitlab/Files whose `files:` is `spec`, with these files beside it; and what is wrong, as `place: words`."""
    folder = root / "pipelines"
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    text = f"spec:\n  branch: main\n  files:\n    {spec}\n"
    (document,) = compose(text.encode(), MANIFEST)
    resource = Resource(
        address=Address("gitlab", "Files", "pipeline"),
        kind=catalogue()["gitlab/Files"],
        identity=("a/b", "main"),
        attributes=document.value["spec"],
        meta=Meta(),
        sources=document.sources,
    )
    (found,), findings = fill_texts([resource], root=root, values=VALUES, context=CONTEXT, catalogue=catalogue())
    return found, [f"{finding.source}: {finding.summary}: {finding.detail}" for finding in findings]


def content(resource: Resource, path: str = "x") -> Any:
    return resource.attributes["files"][path]["content"]


def test_a_source_is_taken_as_it_is(tmp_path: pathlib.Path) -> None:
    found, wrong = filled(tmp_path, "x: {source: a, execute_filemode: true}", a=b"<% values.name %>\r\n")
    assert wrong == []
    assert thaw(found.attributes["files"]) == {"x": {"content": "<% values.name %>\r\n", "execute_filemode": True}}


def test_a_template_is_rendered_and_each_of_its_lines_is_known(tmp_path: pathlib.Path) -> None:
    template = (
        b"# <% values.name %>\n<%% for job in values.jobs %%>\n<% job %>:\n  script: [make]\n<%%- endfor %%>\nend:\n"
    )
    found, wrong = filled(tmp_path, "x: {template: a}", a=template)
    assert wrong == []
    lines = ["# checkout", "", "a:", "  script: [make]", "b:", "  script: [make]", "end:", ""]
    assert content(found).split("\n") == lines
    places = [found.sources.at(("spec", "files", "x", "content", number)) for number in range(1, len(lines) + 1)]
    assert [str(place) for place in places] == [f"pipelines/a:{line}:1" for line in (1, 2, 3, 4, 3, 4, 6, 7)]


def test_an_output_in_a_template_is_awaited(tmp_path: pathlib.Path) -> None:
    found, wrong = filled(tmp_path, "x: {template: a}", a=b"id: <% output('gitlab/Project:p', 'id') %>\n")
    assert wrong == []
    assert isinstance(content(found), Awaited)


def test_text_that_stands_in_the_manifest_stays(tmp_path: pathlib.Path) -> None:
    found, wrong = filled(tmp_path, 'x: {content: "text"}')
    assert (content(found), wrong) == ("text", [])


@pytest.mark.parametrize(
    ("spec", "files", "words"),
    [
        ("x: {source: missing}", {}, f"{MANIFEST}:4:17: No such file: There is no file pipelines/missing."),
        ("x: {source: ''}", {}, NO_NAME),
        ("x: {source: [a]}", {}, NO_NAME),
        ('x: {source: "a\\0"}', {}, NO_NAME),
        ("x: {source: ../../up}", {}, f"{MANIFEST}:4:17: Outside the project: ../../up leads out of the project."),
        ("x: {source: /etc/x}", {}, f"{MANIFEST}:4:17: Outside the project: /etc/x leads out of the project."),
        ("x: {source: a, template: a}", {"a": b""},
         f"{MANIFEST}:4:17: Several contents: It has one of template, source and content, not several."),
        ("x: {source: a, content: b}", {"a": b""},
         f"{MANIFEST}:4:17: Several contents: It has one of template, source and content, not several."),
        ("x: {execute_filemode: true}", {}, f"{MANIFEST}:4:8: No content: It has one of template, source and content."),
        ("x: {source: a}", {"a": b"ok\xff"},
         "pipelines/a:1:1: Not text: The byte at offset 2 is not UTF-8; only text can be managed."),
        ("x: {source: a}", {"a": b"x" * 2_000_000},
         f"{MANIFEST}:4:17: File too large: pipelines/a has more than 1,048,576 bytes."),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_named_where_it_is_named(
    tmp_path: pathlib.Path, spec: str, files: dict[str, bytes], words: str
) -> None:
    found, wrong = filled(tmp_path, spec, **files)
    assert wrong == [words]
    assert content(found) == ""


@pytest.mark.parametrize(
    ("template", "words"),
    [
        (b"ok\n<% values.nam %>\n", "pipelines/a:2:1: Template failed"),
        (b"ok\n\n<%% if %%>\n", "pipelines/a:3:1: Broken template"),
        (b"ok\n<% secret('TOKEN') %>\n", "pipelines/a:2:1: Secret in a template"),
        (b"<% output('gitlab/PipelineTrigger:t', 'token') %>\n", "pipelines/a:1:1: Secret in a template"),
    ],
)
def test_a_fault_of_a_template_is_at_its_line(tmp_path: pathlib.Path, template: bytes, words: str) -> None:
    _, wrong = filled(tmp_path, "x: {template: a}", a=template)
    assert [": ".join(line.split(": ")[:2]) for line in wrong] == [words]


def test_a_link_out_of_the_project_is_not_followed(tmp_path: pathlib.Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("secret")
    root = tmp_path / "project"
    (root / "pipelines").mkdir(parents=True)
    (root / "pipelines" / "a").symlink_to(outside)
    _, wrong = filled(root, "x: {source: a}")
    assert wrong == [f"{MANIFEST}:4:17: Outside the project: a leads out of the project."]
