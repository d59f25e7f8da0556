"""Images of pipelines that get secrets."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

DIGEST = "@sha256:" + "0123456789abcdef" * 4
PROJECT = "kind: gitlab/Project\nmetadata: {name: p}\nspec: {path_with_namespace: a/b/c}\n"
FILES = """\
kind: gitlab/Files
metadata: {in: "gitlab/Project:p"}
spec: {branch: main, files: {.gitlab-ci.yml: {content: 'JOBS'}, other.yml: {content: 'job: {image: other}'}}}
"""


def pipeline(jobs: str, *others: str) -> str:
    return "---\n".join([PROJECT, FILES.replace("JOBS", jobs), *others])


def images(text: str) -> list[str]:
    return [found.detail.partition("`")[2].partition("`")[0] for found in findings("gitlab/image-unpinned", text)]


@pytest.mark.parametrize(
    ("jobs", "found"),
    [
        ("image: a:1\n\njob: {environment: x}", ["a:1"]),
        ("{default: {image: a:1}, job: {environment: x}}", ["a:1"]),
        ("{job: {environment: x, image: a}}", ["a"]),
        ("{job: {environment: x, image: {name: a:1, entrypoint: [x]}}}", ["a:1"]),
        ("{.base: {image: $IMAGE}, job: {environment: x}}", ["$IMAGE"]),
        (f"{{job: {{environment: x, image: 'a{DIGEST}'}}}}".replace("'", "''"), []),
        (f"{{job: {{environment: x, image: 'a{DIGEST[:-1]}'}}}}".replace("'", "''"), [f"a{DIGEST[:-1]}"]),
        ("{job: {environment: x}}", []),
        ("{job: {image: a:1}}", []),
        ("{include: other.yml, job: {environment: x}}", ["other"]),
        ("[ no yaml", []),
        ("text", []),
    ],
)
def test_an_image_without_a_digest_is_found_where_there_is_an_environment(jobs: str, found: list[str]) -> None:
    assert images(pipeline(jobs)) == found


@pytest.mark.parametrize(
    ("kind", "where", "fields", "count"),
    [
        ("Variable", 'in: "gitlab/Project:p"', "value: x, protected: true", 1),
        ("Variable", 'in: "gitlab/Project:p"', "value: x, hidden: true", 1),
        ("Variable", 'in: "gitlab/Project:p"', "value: \"<% secret('A') %>\"", 1),
        ("Variable", 'in: "gitlab/Project:p"', "value: x", 0),
        ("Variable", 'in: "gitlab/Project:q"', "value: x, protected: true", 0),
        ("GroupVariable", "name: v", "value: x, protected: true, group: a/b", 1),
        ("GroupVariable", "name: v", "value: x, protected: true, group: a/bc", 0),
    ],
)
def test_variables_that_are_secret_make_a_pipeline_worth_it(kind: str, where: str, fields: str, count: int) -> None:
    variable = f"kind: gitlab/{kind}\nmetadata: {{{where}}}\nspec: {{key: K, environment_scope: '*', {fields}}}\n"
    assert images(pipeline("{job: {image: a:1}}", variable)) == ["a:1"] * count


def test_the_line_of_the_file_is_named() -> None:
    text = FILES.replace("'JOBS'", '"job:\\n  environment: x\\n  image: a\\n"')
    (line,) = details("gitlab/image-unpinned", f"{PROJECT}---\n{text}")
    assert line.partition(": ")[2] == (
        ".gitlab-ci.yml, line 3: `a` has no digest, and what is behind a tag gets the secrets of these jobs "
        "whenever it changes"
    )
