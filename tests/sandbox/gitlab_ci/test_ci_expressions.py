"""Conditions, patterns, durations: the small languages of a pipeline file."""

from __future__ import annotations

import pytest

from portctl.sandbox.gitlab.ci.durations import BadDuration, parse_duration
from portctl.sandbox.gitlab.ci.expression import BadExpression, parse_expression
from portctl.sandbox.gitlab.ci.patterns import BadPattern, UnreadPattern, parse_pattern, path_pattern

VALUES = {"SOURCE": "trigger", "BRANCH": "feature/x-1", "EMPTY": "", "BLANK": " ", "RE": "/^fea/", "LINES": "a\nb\n"}


@pytest.mark.fact("ci-1")
@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("$SOURCE", True),
        ("$EMPTY", False),
        ("$BLANK", False),
        ("$MISSING", False),
        ('$SOURCE == "trigger"', True),
        ("$SOURCE == 'trigger'", True),
        ('"trigger" == $SOURCE', True),
        ('$SOURCE != "push"', True),
        ("$MISSING == null", True),
        ("$EMPTY == null", False),
        ('$EMPTY == ""', True),
        ('$MISSING == ""', False),
        ("$SOURCE == $SOURCE", True),
        ("$BRANCH =~ /^feature/", True),
        ("$BRANCH =~ /^FEATURE/i", True),
        (r"$BRANCH =~ /feature\/x/", True),
        ("$BRANCH =~ /x$/", False),
        ("$BRANCH !~ /^main$/", True),
        ("$MISSING =~ /.*/", False),
        ("$MISSING !~ /.*/", True),
        ("$BRANCH =~ $RE", True),
        ("$SOURCE =~ $RE", False),
        ("$LINES =~ /b$/", False),
        ("$LINES =~ /a$/m", True),
        ('$SOURCE == "push" || $BRANCH', True),
        ('$SOURCE == "trigger" && $EMPTY', False),
        ("$EMPTY && $SOURCE", False),
        ("$SOURCE || $EMPTY && $MISSING", True),
        ("($SOURCE || $EMPTY) && $MISSING", False),
    ],
)
def test_a_condition_holds_or_does_not(text: str, holds: bool) -> None:
    assert parse_expression(text).holds(VALUES) is holds


@pytest.mark.fact("ci-2")
@pytest.mark.parametrize(
    "text",
    ["", "$A =", "$A == ", "== $A", "$A $B", "($A", "$A)", "trigger", "$A === $B", "$A =~ /(/", "$A =~ /a(?=b)/"],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(BadExpression):
        parse_expression(text)


@pytest.mark.fact("ci-3")
def test_patterns_speak_the_language_of_re2() -> None:
    assert parse_pattern(r"/TOTAL.*?(\d+(?:\.\d+)?)%/").findall("TOTAL 10 5 65.5%") == ["65.5"]
    assert parse_pattern(r"/^[$/]+$/").search("$/$")
    assert parse_pattern(r"/\d/").search("٣") is None
    for text in ("/(?<=a)b/", r"/(a)\1/", "/a++/", "/[/", "a", "//"):
        with pytest.raises(BadPattern):
            parse_pattern(text)
    for text in (r"/\p{L}/", "/[[:alpha:]]/", "/a/U"):
        with pytest.raises(UnreadPattern):
            parse_pattern(text)


@pytest.mark.fact("ci-4")
@pytest.mark.parametrize(
    ("glob", "path", "fits"),
    [
        ("a.txt", "a.txt", True),
        ("*.txt", "a.txt", True),
        ("*.txt", "b/a.txt", False),
        ("**/*.txt", "a.txt", True),
        ("**/*.txt", "b/c/a.txt", True),
        ("b/**", "b/c/a.txt", True),
        ("?.txt", "ab.txt", False),
        ("[ab].{txt,md}", "b.md", True),
        ("[!a].md", "a.md", False),
        ("a.txt", "aXtxt", False),
    ],
)
def test_path_patterns(glob: str, path: str, fits: bool) -> None:
    assert (path_pattern(glob).fullmatch(path) is not None) is fits


@pytest.mark.fact("ci-5")
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3 hours 30 minutes", 12_600),
        ("1h30m", 5_400),
        ("90", 90),
        ("1 week and 2 days", 777_600),
        ("2 min", 120),
        ("1.5s", 1.5),
        ("1 mo", 2_592_000),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.fact("ci-5")
@pytest.mark.parametrize("text", ["", "soon", "1 fortnight", "hour"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(BadDuration):
        parse_duration(text)
