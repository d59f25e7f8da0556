"""The README, and the first pages of the manual: their manifests are valid here, their lists are complete."""

from __future__ import annotations

import json
import pathlib
import re
import shutil

import pytest

from portctl.cli.run import run
from portctl.config.project import load_project
from portctl.model.change import Action
from portctl.sandbox.process import describe
from tests.servers import running_sandbox

ROOT = pathlib.Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PIPELINE = (ROOT / "pipelines" / "deployment" / "gitlab-ci.yml").read_text(encoding="utf-8")
MANUAL = (ROOT / "docs" / "manifests.md").read_text(encoding="utf-8")


def examples(page: str) -> list[str]:
    """The complete manifests of a page that name no other file."""
    blocks = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    return [block for block in blocks if re.search(r"^kind: ", block, re.MULTILINE) and "{template:" not in block]


@pytest.fixture
def project(tmp_path: pathlib.Path) -> pathlib.Path:
    """A copy of this repository's project."""
    shutil.copy(ROOT / "portctl.yaml", tmp_path)
    for folder in ("environments", *load_project(ROOT).manifests):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


@pytest.mark.parametrize(
    "example", [*examples(README), *examples(MANUAL)], ids=lambda text: re.findall(r"title: (.*)|$", text)[0] or "other"
)
def test_an_example_is_valid_in_this_repository(
    project: pathlib.Path, capsys: pytest.CaptureFixture[str], example: str
) -> None:
    (project / "actions" / "example.yaml").write_text(example, encoding="utf-8")
    code = run(["validate", "-C", str(project)])
    told = capsys.readouterr()
    assert (code, told.err, told.out.splitlines()[-1][:5]) == (0, "", "Valid")


def test_there_are_examples() -> None:
    assert (len(examples(README)), len(examples(MANUAL))) == (2, 2)


def test_the_project_to_begin_with_is_applied_by_the_commands_that_are_shown(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, _, section = README.partition("\n## Begin a project of your own\n")
    section = section.partition("\n## ")[0]
    for name, text in re.findall(r"```yaml\n# (\S+)\n(.*?)```", section, re.DOTALL):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    said = []
    with running_sandbox() as sandbox:
        for command in re.findall(r"^\$ portctl ([^#\n]*)", section, re.MULTILINE):
            if command.startswith("sandbox up"):  # this one listens already
                (tmp_path / ".portctl").mkdir()
                (tmp_path / ".portctl" / "sandbox.json").write_text(json.dumps(describe(sandbox)), encoding="utf-8")
                continue
            asked = ["--yes"] if command.strip() == "apply" else []
            code = run([*command.split(), *asked, "-C", str(tmp_path)])
            said.append((command.strip(), code, capsys.readouterr().out.splitlines()[-1]))
    assert said == [
        ("validate", 0, "Valid: 1 resource, 0 warnings."),
        ("plan", 0, "Plan: 1 to create, 0 to update, 0 to delete."),
        ("apply", 0, "Apply complete: 1 created, 0 updated, 0 deleted."),
        ("plan", 0, "No changes. Everything is as the manifests say (1 resource)."),
    ]


def test_the_secrets_to_give_are_those_that_the_project_declares() -> None:
    exported = re.findall(r"^ +\$ export (.*)$", README, re.MULTILINE)
    names = re.findall(r"([A-Z_]+)=", " ".join(exported))
    assert sorted(names) == sorted(load_project(ROOT).secrets)


def test_every_symbol_of_a_plan_is_explained() -> None:
    (sentence,) = re.findall(r"without colour: (.*?)\.\n", README, re.DOTALL)
    explained = set(re.findall(r"`([^`]+)`", sentence))
    assert explained == {action.symbol for action in Action if action.symbol.strip()} | {"!"}


def test_the_plan_that_is_shown_changes_the_pipeline_that_is_shipped() -> None:
    (hunk,) = re.findall(r"^ +@@ .* @@\n(.*?)^~", README, re.DOTALL | re.MULTILINE)
    marked = [(line[:10].strip(), line[10:]) for line in hunk.splitlines()]
    context = [text for mark, text in marked if not mark]
    assert {mark for mark, _ in marked} == {"", "+"}
    assert "\n".join(context) in PIPELINE
