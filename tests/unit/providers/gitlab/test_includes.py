"""Files of a pipeline that include each other, in every way that has an end and in some that have none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import pytest

from portctl.providers.gitlab.ci import parse
from portctl.providers.gitlab.rules.jobs import problems
from tests.unit.rules.builders import findings

CI = ".gitlab-ci.yml"
JOB = "job: {script: a}\n"
TOO_MANY = (
    "it includes more than 150 files, nested and repeated ones counted: GitLab refuses that, "
    "unless its administrators have raised the limit"
)


def said(texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the pipeline of `texts`, as `file:line: text`."""
    files = {name: parse(text) for name, text in texts.items()}
    return [f"{found.file}:{files[found.file].line(found.path)}: {found.text}" for found in problems(files, CI)]


def in_line(count: int) -> dict[str, str]:
    """A pipeline that includes `count` files, each the next one."""
    names = [CI, *(f"{n}.yml" for n in range(count))]
    below = {name: f"include: {other}\n" for name, other in pairwise(names)}
    return {name: below.get(name, "") + JOB for name in names}


@pytest.mark.parametrize(
    ("texts", "found"),
    [
        ({CI: f"{JOB}include: {CI}\n"}, [f"{CI}:2: `{CI}` includes itself"]),
        ({CI: f"include: [x.yml, /{CI}]\n{JOB}", "x.yml": JOB}, [f"{CI}:1: `{CI}` includes itself"]),
        ({CI: f"include: a.yml\n{JOB}", "a.yml": "include: /b.yml\n", "b.yml": "\ninclude:\n- local: a.yml\n"},
         ["b.yml:3: `a.yml` includes itself, by way of `b.yml`"]),
        (in_line(5) | {"4.yml": f"include: {CI}\n"},
         [f"4.yml:1: `{CI}` includes itself, by way of `0.yml`, `1.yml`, `2.yml` and 2 more"]),
        (in_line(5000) | {"4999.yml": f"include: {CI}\n"},
         [f"4999.yml:1: `{CI}` includes itself, by way of `0.yml`, `1.yml`, `2.yml` and 4,997 more"]),
    ],
)  # fmt: skip
def test_a_file_that_includes_itself_is_found_at_the_include_that_closes_the_cycle(
    texts: Mapping[str, str], found: list[str]
) -> None:
    assert said(texts) == found


def test_what_rules_may_leave_out_is_no_cycle_but_another_way_round_may_be_one() -> None:
    conditional = f"include:\n- local: {CI}\n  rules: [{{if: $NEVER}}]\n{JOB}"
    assert said({CI: conditional}) == []
    both = {CI: f"include:\n- {{local: a.yml, rules: [{{if: $X}}]}}\n- b.yml\n{JOB}", "a.yml": "include: b.yml\n"}
    assert said(both | {"b.yml": f"include: {CI}\n"}) == [f"b.yml:1: `{CI}` includes itself, by way of `b.yml`"]


def test_gitlab_follows_150_includes_however_they_are_nested() -> None:
    assert said(in_line(150)) == []
    assert said(in_line(151)) == [f"{CI}:1: {TOO_MANY}"]
    assert said(in_line(1500)) == [f"{CI}:1: {TOO_MANY}"]


def test_a_file_that_is_included_twice_counts_twice() -> None:
    def twice(levels: int) -> dict[str, str]:
        return {name: text.replace("include: ", "include: [").replace(".yml\n", ".yml, x.yml]\n")
                for name, text in in_line(levels).items()} | {"x.yml": JOB}  # fmt: skip

    assert said(twice(75)) == []
    assert said(twice(76)) == [f"{CI}:1: {TOO_MANY}"]
    doubling = {f"{n}.yml": f"include: [{n + 1}.yml, {n + 1}.yml]\n" for n in range(60)}
    assert said({CI: f"include: 0.yml\n{JOB}", **doubling, "60.yml": JOB}) == [f"{CI}:1: {TOO_MANY}"]


@pytest.mark.parametrize(
    ("include", "files"),
    [
        ("{remote: 'https://x/y.yml'}", 1),
        ("{project: a/b, file: x.yml}", 1),
        ("{project: a/b, file: [x.yml, y.yml]}", 2),
        ("not-here.yml", 1),
        ("configs/*.yml", 0),
        ("{local: not-here.yml, rules: [{if: $X}]}", 0),
    ],
)
def test_what_comes_from_elsewhere_counts_as_far_as_that_is_certain(include: str, files: int) -> None:
    times = 150 // files if files else 500

    def text(count: int) -> str:
        return f"include: [{', '.join([include] * count)}]\n{JOB}"

    assert said({CI: text(times)}) == []
    assert said({CI: text(times + 1)}) == ([f"{CI}:1: {TOO_MANY}"] if files else [])


def test_the_rule_tells_it_once_whoever_includes_what() -> None:
    everything = "[.gitlab-ci.yml, a.yml, b.yml, broken.yml]"
    spec = (
        f"{{branch: main, files: {{.gitlab-ci.yml: {{content: 'include: {everything}'}}, "
        f"a.yml: {{content: 'include: {everything}'}}, b.yml: {{content: '{JOB.strip()}'}}%s}}}}"
    )
    manifest = f'kind: gitlab/Files\nmetadata: {{in: "gitlab/Project:p"}}\nspec: {spec}\n'
    whole, broken = manifest % "", manifest % ", broken.yml: {content: '['}"
    assert [found.detail for found in findings("gitlab/pipeline-invalid", whole)] == [
        f"{CI}, line 1: `{CI}` includes itself"
    ]
    assert [found.detail for found in findings("gitlab/pipeline-invalid", broken)] == [
        "broken.yml, line 1: it is no YAML: did not find expected node content"
    ]
