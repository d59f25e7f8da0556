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
        ("a: {script: x, dependencies: [[b], {c: d}, 5, !reference [.x, y]]}\n",
         ["1: a dependency is the name of a job, not a list", "1: a dependency is the name of a job, not a mapping",
          "1: a dependency is the name of a job, not `5`"]),
        ("a: {script: x, extends: 5}\n", ["1: extends is the name of a template, or a list of such names, not `5`"]),
        ("a:\n  script: x\n  extends: [5]\n",
         ["3: extends is the name of a template, or a list of such names, not a list"]),
        ("a:\n  script: x\n  rules:\n    - if: $A\n    - 5\n", ["5: a rule is a mapping, not `5`"]),
        ("a: {script: x, rules: [[{if: $A}, [true]]]}\n", ["1: a rule is a mapping, not `true`"]),
        ("a: {script: x, rules: {if: $A}}\n", ["1: rules is a list of rules, not a mapping"]),
        ("workflow:\n  rules: [x]\na: {script: x}\n", ["2: a rule is a mapping, not `x`"]),
        ("a: {script: x, tags: {}}\n", ["1: tags is a list of names, not a mapping"]),
        ("a: {script: x, tags: docker}\n", ["1: tags is a list of names, not `docker`"]),
        ("a: {script: x, tags: [docker, 5]}\n", ["1: a tag is text, not `5`"]),
        ("default:\n  tags: [1]\n  timeout: 5\na: {script: x}\n",
         ["2: a tag is text, not `1`", "3: timeout is a text like `1h 30m`, not `5`"]),
        ("a: {script: x, timeout: []}\n", ["1: timeout is a text like `1h 30m`, not a list"]),
        ("a: {script: x, parallel: 0}\n", ["1: parallel is a number from 1 to 200"]),
        ("a: {script: x, parallel: 201}\n", ["1: parallel is a number from 1 to 200"]),
        ("a: {script: x, parallel: true}\n", ["1: parallel is a number, or a mapping with `matrix`, not `true`"]),
        (".b: {parallel: 300}\na: {script: x, extends: .b}\n", ["1: parallel is a number from 1 to 200"]),
        ("x: 1\n---\na: {script: x}\n---\nb: {script: x}\n",
         ["1: there are more than two documents, and GitLab knows a header with `spec` and the pipeline",
          "1: `x` is neither a keyword nor a job, which is a mapping."]),
        ("- a\n", ["1: a pipeline is a mapping of jobs and keywords"]),
        ("", ["1: a pipeline is a mapping of jobs and keywords"]),
    ],
)  # fmt: skip
def test_what_gitlab_refuses_is_found_at_its_line(text: str, found: list[str]) -> None:
    assert said(text) == found


MATRIX = "the matrix makes more than 200 jobs, and GitLab makes no more of one"


@pytest.mark.parametrize(
    ("matrix", "found"),
    [
        ([{"A": ["a"] * 20, "B": ["b"] * 10}], []),
        ([{"A": ["a"] * 20, "B": ["b"] * 10}, {"A": "a"}], [f"1: {MATRIX}"]),
        ([{"A": ["a"] * 300, "B": ["b"] * 300, "C": ["c"] * 300}], [f"1: {MATRIX}"]),
        ([{str(n): ["a", "b"] for n in range(5000)}], [f"1: {MATRIX}"]),
        ([{"A": "$[[ inputs.x ]]", "B": ["b"] * 200, "C": []}], []),
        (["a", 5], []),
        ("$[[ inputs.x ]]", []),
    ],
)
def test_a_matrix_makes_200_jobs_at_most(matrix: Any, found: list[str]) -> None:
    assert said(json.dumps({"a": {"script": "x", "parallel": {"matrix": matrix}}})) == found


@pytest.mark.parametrize("key", ["rules", "tags", "timeout", "parallel"])
@pytest.mark.parametrize("value", ["!reference [.x, y]", '"$[[ inputs.x ]]"', "null"])
def test_what_comes_later_is_not_judged_by_its_type(key: str, value: str) -> None:
    assert said(f"a: {{script: x, {key}: {value}}}\n") == []
    if value != "null" and key in ("rules", "tags"):
        assert said(f"a: {{script: x, {key}: [{value}]}}\n") == []


def test_what_is_there_to_be_referred_to_may_hold_anything() -> None:
    snippets = ".snippets: {one: [a], two: [!reference [.snippets, one], b], tags: {}, timeout: 5}\n"
    job = "a: {script: [!reference [.snippets, two]]}\n"
    assert said(f"{snippets}{job}") == []
    assert said(f"{snippets}a: {{extends: .snippets, script: x}}\n") == [
        "1: job `.snippets` has an unknown keyword `one`.",
        "1: job `.snippets` has an unknown keyword `two`.",
        "1: tags is a list of names, not a mapping",
        "1: timeout is a text like `1h 30m`, not `5`",
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a:\n  script: [!reference [a, script]]\n", ["2: `!reference [a, script]` leads back to itself"]),
        (".x:\n  s: !reference [.y, s]\n.y:\n  s: [!reference [.x, s]]\na: {script: [!reference [.x, s]]}\n",
         ["4: `!reference [.y, s]` leads back to itself, by way of `!reference [.x, s]`"]),
        ("a:\n  script: [x, !reference [a]]\n", ["1: `!reference [a]` leads back to itself"]),
        ("a:\n  script: [!reference [a, before_script], !reference [a, before_script]]\n  before_script: [x]\n", []),
        ("a: {script: [!reference [gone, script], !reference [a, script, x], !reference []]}\n", []),
    ],
)  # fmt: skip
def test_references_that_lead_back_to_themselves_are_found(text: str, found: list[str]) -> None:
    assert said(text) == found


def test_a_cycle_of_references_may_lead_through_several_files() -> None:
    more = "\n.more:\n  script: [!reference [a, script]]\n"
    assert said("include: ci/more.yml\na:\n  script: [!reference [.more, script]]\n", more=more) == [
        "3: `!reference [a, script]` leads back to itself, by way of `!reference [.more, script]`"
    ]


def chain(levels: int, *, listed: bool = True) -> str:
    """Templates of which each refers to the next one."""
    one = "[!reference [.t{0}, script]]" if listed else "!reference [.t{0}, script]"
    lines = [f".t{n}: {{script: {one.format(n + 1)}}}\n" for n in range(levels - 1)]
    return f"{''.join(lines)}.t{levels - 1}: {{script: [x]}}\n.b: {{script: {one.format(0)}}}\n"


def test_references_are_nested_ten_levels_deep_in_scripts() -> None:
    def told(key: str, written: bool) -> list[str]:
        what = f"`{key}` has `!reference` tags in `!reference` tags, more than 10 levels deep"
        return [f"{'1' if written else '2'}: {what}"]

    job = "a: {script: [x, [!reference [.t0, script]]]}\n"
    assert said(job + chain(10)) == []
    assert said(job + chain(11)) == told("script", True)
    assert said(job + chain(2000)) == told("script", True)
    assert said(job + chain(2000, listed=False)) == []
    assert said(f"# first\na: {{extends: .b}}\n{chain(10)}") == []
    assert said(f"# first\na: {{extends: .b}}\n{chain(11)}") == told("script", False)
    assert said(f"a: {{script: x, after_script: [!reference [.t0, script]]}}\n{chain(11)}") == told(
        "after_script", True
    )


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
