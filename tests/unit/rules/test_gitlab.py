"""Rules about GitLab beyond the examples of their page."""

from __future__ import annotations

import pytest

from tests.unit.rules.builders import details, findings

PARENT = 'metadata: {in: "gitlab/Project:p"}'


ALPHABET = "only letters, digits and _ + = / @ : . ~ - are allowed unless `raw` is set"


def variable(fields: str) -> str:
    return f"kind: gitlab/Variable\n{PARENT}\nspec: {{key: K, environment_scope: '*', {fields}}}\n"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ("value: short, masked: true", "it has less than 8 characters"),
        ("value: 'with space', hidden: true", "it holds a blank or a line end"),
        ("value: 'two\\nlines', masked: true, raw: true", ""),
        ("value: 'dollar$sign', masked: true", ALPHABET),
        ("value: 'dollar$sign', masked: true, raw: true", ""),
        ("value: longenough, masked: true", ""),
        ("value: short", ""),
        ("value: \"<% secret('A') %>\", masked: true", ""),
        ("value: \"a b <% secret('A') %>\", masked: true", "it holds a blank or a line end"),
        ("value: 12345678, masked: true", ""),
        ("masked: true", ""),
    ],
)  # fmt: skip
def test_a_value_that_gitlab_cannot_mask_is_found_with_the_reason(fields: str, reason: str) -> None:
    said = [found.detail for found in findings("gitlab/not-maskable", variable(fields))]
    assert said == ([f"GitLab refuses to mask this value: {reason}"] if reason else [])


def test_a_masked_value_may_not_be_the_name_of_another_variable() -> None:
    other = variable("value: x").replace("key: K", "key: LONG_NAME").replace("{in", "{name: other, in")
    elsewhere = other.replace("gitlab/Project:p", "gitlab/Project:q")
    masked = variable("value: LONG_NAME, masked: true, raw: true")
    assert len(findings("gitlab/not-maskable", f"{other}---\n{masked}")) == 1
    assert findings("gitlab/not-maskable", f"{elsewhere}---\n{masked}") == ()


@pytest.mark.parametrize(
    ("fields", "rules"),
    [
        ("value: plain", set()),
        ("value: plain12, masked: true", {"gitlab/masked-in-clear"}),
        ("value: plain12, hidden: true", {"gitlab/masked-in-clear"}),
        ("value: \"<% secret('A') %>\"", {"gitlab/secret-unmasked", "gitlab/secret-expanded"}),
        ("value: \"<% secret('A') %>\", masked: true", {"gitlab/secret-expanded"}),
        ("value: \"<% secret('A') %>\", masked: true, raw: true", set()),
        ("value: \"<% secret('A') %>\", hidden: true, raw: true", set()),
        ("value: \"<% secret('A') %>\", variable_type: file, raw: true", {"gitlab/secret-unmasked"}),
        ("value: \"<% secret('A') %>\", variable_type: file, protected: true, raw: true", set()),
    ],
)
def test_secrets_and_masks_belong_together(fields: str, rules: set[str]) -> None:
    about = ("gitlab/masked-in-clear", "gitlab/secret-unmasked", "gitlab/secret-expanded")
    assert {name for name in about if findings(name, variable(fields))} == rules


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("", "is not set, and `no_one_allowed` in new projects"),
        ("no_one_allowed", "is no_one_allowed"),
        ("developer", ""),
        ("owner", ""),
    ],
)
def test_a_trigger_that_its_project_refuses_is_found(role: str, words: str) -> None:
    setting = f", ci_pipeline_variables_minimum_override_role: {role}" if role else ""
    project = f"kind: gitlab/Project\nmetadata: {{name: p}}\nspec: {{path_with_namespace: a/b{setting}}}\n"
    trigger = f"kind: gitlab/PipelineTrigger\n{PARENT}\nspec: {{description: x}}\n"
    assert findings("gitlab/triggers-refused", project) == ()
    said = [found.detail for found in findings("gitlab/triggers-refused", f"{project}---\n{trigger}")]
    assert [words in detail for detail in said] == ([True] if words else [])


def test_a_finding_in_text_of_a_manifest_names_the_line_of_the_text() -> None:
    text = f"""\
kind: gitlab/Files
{PARENT}
spec:
  branch: main
  files:
    .gitlab-ci.yml:
      content: |
        include: /other.yml
        build:
          script: []
    other.yml: {{content: "[ no yaml"}}
    notes.txt: {{content: "[ no yaml"}}
"""
    broken = "it is no YAML: expected ',' or ']', but got '<stream end>'"
    assert details("gitlab/pipeline-invalid", text) == [
        f'11:26 spec.files."other.yml".content[1]: other.yml, line 1: {broken}'
    ]
    fixed = text.replace('"[ no yaml"}\n    notes', '".a: {}"}\n    notes')
    assert details("gitlab/pipeline-invalid", fixed) == [
        '7:16 spec.files.".gitlab-ci.yml".content[3]: .gitlab-ci.yml, line 3: `script` is empty'
    ]


@pytest.mark.parametrize("name", ["gitlab/pipeline-invalid", "gitlab/key-overwritten"])
@pytest.mark.parametrize(
    "files", ["x", "{.gitlab-ci.yml: x}", "{.gitlab-ci.yml: {content: 1}}", "{other: {content: 'a: {'}}"]
)
def test_what_has_not_the_shape_of_files_is_left_to_the_schema(name: str, files: str) -> None:
    assert findings(name, f"kind: gitlab/Files\n{PARENT}\nspec: {{branch: main, files: {files}}}\n") == ()


def test_what_is_only_observed_is_nobodys_mistake() -> None:
    observed = variable("value: plain123, masked: true").replace('p"}', 'p", management: observe}')
    assert "observe" in observed
    assert findings("gitlab/masked-in-clear", observed) == ()
