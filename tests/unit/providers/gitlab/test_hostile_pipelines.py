"""Pipeline files that would take all time or memory, or that no parser expects: each is said, at its line."""

from __future__ import annotations

import pytest

from portctl.providers.gitlab.ci import NotYaml, parse
from portctl.providers.gitlab.rules.jobs import problems

TEN = ", ".join(["*a{0}"] * 10)
BOMB = "a0: &a0 [1]\n" + "".join(f"a{n + 1}: &a{n + 1} [{TEN.format(n)}]\n" for n in range(12))
MERGES = "a0: &a0 {k: 1}\n" + "".join(f"a{n + 1}: &a{n + 1} {{<<: [{TEN.format(n)}]}}\n" for n in range(12))
MANY = "it has more than 100,000 values once aliases are written out"


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: b\nc: \x07\n", 2, "it holds a character that YAML refuses"),
        ("a: \x00", 1, "it holds a character that YAML refuses"),
        ("\n" + "[" * 5000, 2, "it is nested more than 100 deep"),
        ("a: &a [*a]\n", 1, "*a stands inside &a: it has no end"),
        ("a: &a {b: [*a]}\n", 1, "*a stands inside &a: it has no end"),
        (BOMB, 6, MANY),
        (MERGES, 6, MANY),
        ("\na: " + "9" * 5000, 2, "a number has more than 1,000 characters"),
        ("a: " + "9:" * 5000 + "9", 1, "a number has more than 1,000 characters"),
        ("a: " + "9:" * 5000 + "9.5", 1, "a number has more than 1,000 characters"),
        ("? [a]\n: 1\n", 1, "found unhashable key"),
        ("a: !!binary é\n", 1, "failed to convert base64 data into ascii: "),
        ("a: [b\n", 1, "did not find expected ',' or ']'"),
    ],
)
def test_a_file_that_goes_too_far_says_where(text: str, line: int, words: str) -> None:
    with pytest.raises(NotYaml) as caught:
        parse(text)
    assert (caught.value.line, str(caught.value)[: len(words)]) == (line, words)


def test_what_people_write_is_far_from_the_limits() -> None:
    text = "x: &x {script: [a]}\n" + "".join(f"j{n}:\n  <<: *x\n  needs: [j{n - 1}]\n" for n in range(1, 5000))
    assert len(parse(text).body) == 5000


def test_templates_that_extend_each_other_are_put_together_once() -> None:
    text = "".join(f"t{n}: {{extends: [{', '.join([f't{n + 1}'] * 10)}]}}\n" for n in range(9)) + "t9: {script: [a]}\n"
    assert list(problems({"a": parse(text)}, "a")) == []


def test_templates_are_extended_eleven_levels_deep() -> None:
    def told(levels: int) -> list[str]:
        text = "".join(f".t{n}: {{extends: .t{n + 1}}}\n" for n in range(levels)) + f".t{levels}: {{script: [a]}}\n"
        return [problem.text for problem in problems({"a": parse(f"j: {{extends: .t0}}\n{text}")}, "a")]

    assert told(10) == []
    assert told(3000) == ["extends templates more than 11 levels deep"]
