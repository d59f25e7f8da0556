"""docs/manifests.md: its examples work, and its tables are complete."""

from __future__ import annotations

import pathlib
import re

from portctl.config.environment import load_environment
from portctl.config.project import load_project
from portctl.manifest.load import load_manifests
from portctl.manifest.metadata import KEYS
from portctl.manifest.render import render
from portctl.manifest.schema import check_schema
from portctl.manifest.textfiles import fill_texts
from portctl.model.values import Values
from portctl.providers.catalogue import catalogue
from portctl.template.context import RenderContext
from portctl.template.filters import FILTERS
from portctl.yaml.compose import compose
from tests.unit.examples.files import PROJECT, write
from tests.unit.examples.manifest_kinds import CATALOGUE

PAGE = (pathlib.Path(__file__).parents[3] / "docs" / "manifests.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def table(title: str) -> set[str]:
    """The words in code in the first column of the table under `title`."""
    rows = re.findall(rf"\| {title} \|.*?\n\|[-|]+\|\n(.*?)\n\n", PAGE, re.DOTALL)[0].splitlines()
    return {word for row in rows for word in re.findall(r"`(\w+)", row.split("|")[1])}


def test_every_example_is_what_it_shows(tmp_path: pathlib.Path) -> None:
    manifest, secrets, observed, _, project, environment, sandbox = EXAMPLES
    write(
        tmp_path,
        {
            "portctl.yaml": project,
            "blueprints/a.yaml": manifest,
            "actions/b.yaml": observed,
            "environments/real.yaml": environment,
            "environments/box.yaml": sandbox,
        },
    )
    loaded = load_project(tmp_path, version="0.1.0")
    manifests, found = load_manifests(loaded, CATALOGUE)
    assert [str(each.address) for each in manifests] == ["port/Webhook:snow", "port/Action:restart_service"]
    assert found == ()
    assert load_environment(loaded, "box").sandbox
    assert list(load_environment(loaded, "real").instances) == [("port", "default")]
    (document,) = compose(secrets.encode(), "a.yaml")
    write(tmp_path, {"portctl.yaml": PROJECT + secrets})
    assert set(load_project(tmp_path).secrets) == set(document.value["secrets"])


def test_the_files_that_an_example_names_are_read(tmp_path: pathlib.Path) -> None:
    write(
        tmp_path,
        {
            "pipelines/files.yaml": EXAMPLES[3],
            "pipelines/deployment/gitlab-ci.yml": "<% values.job %>: {script: [make]}\n",
            "pipelines/deployment/ci/run.sh": "#!/bin/sh\n",
        },
    )
    manifests, found = load_manifests(load_project(tmp_path), catalogue())
    assert found == ()
    values, context = Values({"job": "build"}, {}), RenderContext("test", {}, frozenset())
    resources, _ = render(manifests, values=values, context=context, catalogue=catalogue())
    (files,), found = fill_texts(resources, root=tmp_path, values=values, context=context, catalogue=catalogue())
    assert found == check_schema(files) == ()
    texts = {name: file["content"] for name, file in files.attributes["files"].items()}
    assert texts == {
        ".gitlab-ci.yml": "build: {script: [make]}\n",
        "ci/run.sh": "#!/bin/sh\n",
        "VERSION": "1\n",
    }


def test_the_tables_name_every_key_of_metadata_and_every_filter() -> None:
    assert table("key") == {*KEYS, "forEach"}
    assert table("filter") == set(FILTERS)
