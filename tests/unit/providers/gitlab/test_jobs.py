"""What GitLab would refuse in a pipeline, each with its line."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from portctl.providers.gitlab.ci import NotYaml, Reference, parse
from portctl.providers.gitlab.rules.jobs import GLOBAL_KEYWORDS, JOB_KEYWORDS, problems

VENDOR = pathlib.Path(__file__).parents[5] / "shared" / "contracts" / "gitlab-ci.schema.json"
CI = ".gitlab-ci.yml"


def said(text: str, **others: str) -> list[str]:
    """What is wrong with a pipeline, as `line: text`; `others` are `ci/NAME.yml`."""
    files = {CI: parse(text), **{f"ci/{name}.yml": parse(content) for name, content in others.items()}}
    return [f"{files[found.file].line(found.path)}: {found.text}" for found in problems(files, CI)]


GOOD = """\
spec:
  inputs: {name: {default: x}}
---
stages: [build, deploy]
include:
  - local: /ci/more.yml
default: {image: "alpine:3"}
variables: {A: "1"}
.base: &base
  before_script: [echo]
build:
  <<: *base
  stage: build
  extends: [.base, .more]
  script:
    - make
    - [a, [b]]
    - !reference [.base, before_script]
  rules:
    - if: $A
late:
  stage: deploy
  needs:
    - build
    - job: elsewhere
      optional: true
    - project: a/b
      job: other
      ref: main
      artifacts: true
  dependencies: [build]
  trigger: a/b
  when: manual
pages-like:
  stage: .post
  run: [{name: a, script: b}]
"""


def test_a_good_pipeline_has_nothing_to_say() -> None:
    assert said(GOOD, more=".more: {tags: [x]}\n") == []


INPUTS = "spec: {inputs: {x: }}\n---\n"


@pytest.mark.parametrize(
    "body",
    [
        'a: {script: x, stage: "$[[ inputs.x ]]"}',
        "stages: $[[ inputs.x ]]\na: {script: x, stage: b}",
        'stages: ["$[[ inputs.x ]]"]\na: {script: x, stage: "$[[ inputs.x ]]"}',
        'a: {script: x, when: "$[[ inputs.x ]]"}',
        'a: {script: x, needs: ["$[[ inputs.x ]]"], dependencies: ["$[[ inputs.x ]]"]}',
        "a: {script: x}\nb: {script: x, needs: $[[ inputs.x ]]}".replace("$[[ inputs.x ]]", '"$[[ inputs.x ]]"'),
        'a: {extends: "$[[ inputs.x ]]"}',
        'a: {script: x, needs: [job-b]}\n"job-$[[ inputs.x ]]": {script: x}',
        "a: $[[ inputs.x ]]\nb: {script: x}",
    ],
)
def test_what_an_input_will_complete_is_not_judged(body: str) -> None:
    assert said(INPUTS + body) == []


def test_a_header_is_a_document_of_its_own_and_the_body_is_the_second_one() -> None:
    assert said("spec: {inputs: {x: }}\na: {script: x}\n") == [
        "1: `spec` belongs to a header: the document before a line with `---`"
    ]
    assert said("a: {script: x}\n---\nb: {scrpt: x}\n") == []
    file = parse(f"# first\n{INPUTS}a: {{script: x}}\n")
    assert (file.header, file.body, file.line(("a",))) == ({"spec": {"inputs": {"x": None}}}, {"a": {"script": "x"}}, 4)
    assert file.header_line(("spec", "inputs", "x")) == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("build: {scrpt: [x], script: [x]}", ["1: job `build` has an unknown keyword `scrpt`. Did you mean `script`?"]),
        ("build:\n  stage: build\n", ["1: job `build` has no script, and no trigger or run either"]),
        ("build:\n  script: []\n", ["2: `script` is empty"]),
        ("build:\n  script:\n", ["2: `script` is empty"]),
        ("build:\n  script: {a: b}\n", ["2: `script` is a list of commands, not a mapping"]),
        ("build:\n  script:\n    - x\n    - echo: y\n",
         ["4: a command is text, not a mapping; quote the whole line, its colon makes it a mapping"]),
        ("build:\n  script: [x, true]\n", ["2: a command is text, not `true`"]),
        ("before_script: []\nbuild: {script: x}\n", ["1: `before_script` is empty"]),
        ("stages: [one, two]\nbuild:\n  script: x\n", ["2: stage `test` is none of one, two, .pre and .post."]),
        ("stages: [build]\nbuild:\n  stage: biuld\n  script: x\n",
         ["3: stage `biuld` is none of build, .pre and .post. Did you mean `build`?"]),
        ("stages: build\nbuild: {script: x}\n", ["1: stages is a list of names"]),
        ("a: {script: x, needs: [b]}\n", ["1: needs `b`, and there is no such job."]),
        ("a: {script: x, stage: build, needs: [b]}\nb: {script: x}\n", ["1: needs `b`, which is in a later stage"]),
        (".b: {script: x}\na:\n  script: x\n  needs:\n    - job: .b\n", ["5: needs `.b`, and there is no such job."]),
        ("a: {script: x, dependencies: [abc]}\nabcd: {script: x}\n",
         ["1: depends on `abc`, and there is no such job. Did you mean `abcd`?"]),
        ("a: {script: x, stage: build}\nb: {script: x, needs: [], dependencies: [a]}\n",
         ["2: depends on `a`, which is not among its needs"]),
        ("a:\n  extends: .b\n", ["2: extends `.b`, which does not exist."]),
        ("a: {extends: b}\nb: {extends: a}\n", ["1: `a` extends itself", "2: `b` extends itself"]),
        ("a: {script: x, rules: [], only: [main]}\n", ["1: `rules` and `only` exclude each other"]),
        ("a:\n  script: x\n  when: sometimes\n",
         ["3: when is one of on_success, on_failure, always, manual, delayed, never, not `sometimes`"]),
        (".a: {script: x}\n", ["1: there is no job: names that begin with a dot are templates only"]),
        ("a: {script: x}\nvariabels: [x]\n",
         ["2: `variabels` is neither a keyword nor a job, which is a mapping. Did you mean `variables`?"]),
        ("- a\n", ["1: a pipeline is a mapping of jobs and keywords"]),
        ("", ["1: a pipeline is a mapping of jobs and keywords"]),
    ],
)  # fmt: skip
def test_what_gitlab_refuses_is_found_at_its_line(text: str, found: list[str]) -> None:
    assert said(text) == found


@pytest.mark.parametrize("include", ["include: {project: a/b, file: x.yml}", "include: [{remote: 'https://x/y.yml'}]"])
def test_what_may_stand_elsewhere_is_not_judged(include: str) -> None:
    body = "a: {stage: other, extends: .there, needs: [b], dependencies: [b]}\n"
    assert said(f"{include}\n{body}") == []
    assert said(f"{include}\na: {{scrpt: x, script: x}}\n") == [
        "2: job `a` has an unknown keyword `scrpt`. Did you mean `script`?"
    ]


def test_included_files_are_judged_where_they_stand() -> None:
    more = "b:\n  script: []\n"
    assert said("include: ci/more.yml\na: {script: x, stage: deploy, needs: [b]}\n", more=more) == [
        "2: `script` is empty"
    ]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: [b\nb: c: d]\n", 2, "did not find expected ',' or ']'"),
        ("a: b\n\tc: d\n", 2, "found a tab character that violates indentation"),
        ("a: !custom b\n", 1, "could not determine a constructor for the tag '!custom'"),
        ("[" * 5000, 1, ""),
    ],
)
def test_what_is_no_yaml_says_where(text: str, line: int, words: str) -> None:
    with pytest.raises(NotYaml) as caught:
        parse(text)
    assert caught.value.line == line
    assert words in str(caught.value)


def test_a_file_is_read_as_gitlab_reads_it() -> None:
    file = parse("spec: {}\n---\na:\n  script: [!reference [.b, script]]\n  variables: {DAY: 2026-01-02}\na: {x: 1}\n")
    assert file.body == {"a": {"x": 1}}
    assert file.twice == (("a",),)
    assert parse("a: [!reference [.b, script]]").body == {"a": [Reference((".b", "script"))]}
    assert parse("DAY: 2026-01-02").body == {"DAY": "2026-01-02"}


@pytest.mark.skipif(not VENDOR.exists(), reason="GitLab's own schema does not lie beside this repository")
def test_the_keywords_are_those_of_gitlabs_schema() -> None:
    schema: dict[str, Any] = json.loads(VENDOR.read_text("utf-8"))
    jobs = set(schema["definitions"]["job_template"]["properties"])
    assert jobs - JOB_KEYWORDS == set()
    assert JOB_KEYWORDS - jobs == {"dast_configuration", "type"}
    assert set(schema["properties"]) - GLOBAL_KEYWORDS == {"!reference", "$schema", "pages"}
