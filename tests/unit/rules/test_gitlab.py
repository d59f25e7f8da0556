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


def pipeline(text: str) -> str:
    lines = "".join(f"        {line}\n" for line in text.splitlines())
    return (
        f"kind: gitlab/Files\n{PARENT}\nspec:\n  branch: main\n  files:\n    .gitlab-ci.yml:\n      content: |\n{lines}"
    )


TRIGGER = f"kind: gitlab/PipelineTrigger\n{PARENT}\nspec: {{description: x}}\n"


def test_a_pipeline_that_takes_inputs_needs_no_variables_of_its_trigger() -> None:
    project = "kind: gitlab/Project\nmetadata: {name: p}\nspec: {path_with_namespace: a/b}\n"
    with_inputs = pipeline("spec: {inputs: {x: {options: [a]}}}\n---\njob: {script: x, environment: '$[[ inputs.x ]]'}")
    without = pipeline("job: {script: x}")
    assert findings("gitlab/triggers-refused", f"{project}---\n{TRIGGER}---\n{with_inputs}") == ()
    assert len(findings("gitlab/triggers-refused", f"{project}---\n{TRIGGER}---\n{without}")) == 1


@pytest.mark.parametrize(
    ("about", "bound"),
    [
        ("{options: [a]}", True), ("{type: number}", True), ("{type: boolean}", True), ("{}", False),
        ("{type: string}", False), ("{type: array}", False), ("{options: []}", False), ("{regex: 7}", False),
        ("{regex: '^a$'}", True), (r"{regex: '\A[a|b]\z'}", True), ("{regex: '(?i)^a$'}", True),
        ("{regex: '^(a|b)$'}", True), (r"{regex: '^a\|b$'}", True), ("{regex: '^$|^a$'}", False),
        ("{regex: 'a$'}", False), ("{regex: '^a'}", False), (r"{regex: '^a\$'}", False), (r"{regex: '^a\\$'}", True),
        (r"{regex: '^a\\z'}", False), ("{regex: '^a|b$'}", False), ("{regex: '(?m)^a$'}", False),
        ("{regex: '^(?m)a$'}", False), (r"{regex: '^\Q(\E|a$'}", False), (r"{regex: '\Aa\Z'}", False),
    ],
)  # fmt: skip
def test_an_input_is_bound_by_its_type_its_options_or_a_pattern_for_all_of_it(about: str, bound: bool) -> None:
    text = pipeline(f"spec: {{inputs: {{x: {about}}}}}\n---\njob: {{script: x, environment: '$[[ inputs.x ]]'}}")
    assert findings("gitlab/input-unbound", text) == ()
    assert len(findings("gitlab/input-unbound", f"{text}---\n{TRIGGER}")) == (not bound)


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("job:\n  script:\n    - x\n    - [y, '$[[inputs.x]]']", [6]),
        ("job:\n  script: x\n  after_script: a $[[ inputs.x | posix_escape ]] b", [5]),
        (".job:\n  before_script: ['$[[ inputs.x ]]']", [4]),
        ("default:\n  before_script: ['$[[ inputs.x ]]']", [4]),
        ("before_script: ['$[[ inputs.x ]]']", [3]),
        ("variables: {script: '$[[ inputs.x ]]'}\njob: {script: x}", []),
        ("job: {script: x, variables: {script: '$[[ inputs.x ]]'}}", []),
        ("script-$[[ inputs.x ]]: {script: x}", []),
    ],
)
def test_an_input_is_no_part_of_a_script_wherever_it_stands(body: str, lines: list[int]) -> None:
    text = pipeline(f"spec: {{inputs: {{x: }}}}\n---\n{body}")
    where = [found.detail.partition(":")[0] for found in findings("gitlab/input-in-script", text)]
    assert where == [f".gitlab-ci.yml, line {line}" for line in lines]
    assert findings("gitlab/input-undeclared", text) == findings("gitlab/input-unused", text) == ()


def test_inputs_are_declared_in_the_file_that_uses_them() -> None:
    text = pipeline("include: /other.yml\njob: {script: x, environment: '$[[ inputs.x ]]'}")
    other = "spec: {inputs: {y: , z: }}\\n---\\n.b: {environment: '$[[ inputs.y ]] $[[ inputs.x ]]'}"
    text += f'    other.yml: {{content: "{other}"}}\n'
    said = "`x` is used and not declared in `spec: inputs:`"
    assert [found.detail for found in findings("gitlab/input-undeclared", text)] == [
        f".gitlab-ci.yml, line 2: {said}: without a header the block stays as it is",
        f"other.yml, line 3: {said}: GitLab refuses the file",
    ]
    assert [found.detail for found in findings("gitlab/input-unused", text)] == [
        "other.yml, line 1: `z` is declared, and nothing in the file uses it"
    ]


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
    broken = "it is no YAML: did not find expected ',' or ']'"
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
