"""A file with thousands of mistakes is told in two hundred findings, and in no more time than those take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from portctl.findings import did_you_mean
from portctl.manifest.check import check_resources
from portctl.manifest.lint import Finding, Rule, run_rules
from portctl.manifest.schema import check_schema
from portctl.model.diagnostic import Diagnostic, Severity
from portctl.model.resource import Resource
from portctl.providers.catalogue import catalogue
from tests.unit.rules.builders import resources

BLUEPRINT = "kind: port/Blueprint\nspec:\n  identifier: b\n  title: B\n  schema: {properties: {}}\n"
AGAIN = "Correct those, and check again."
LEFT_OUT = "This and what follows is not listed: 200 findings of one rule are."


def _ends(found: Sequence[Diagnostic]) -> tuple[int, str, str, str, str]:
    """How many there are, and the last one."""
    *_, last = found
    return len(found), f"{last.rule} {last.severity}", last.summary, last.detail, last.hint


def _relations(count: int) -> str:
    lines = "".join(f"    r{n:05}: {{title: x, target: gone{n}, required: false, many: false}}\n" for n in range(count))
    return f"{BLUEPRINT}  relations:\n{lines}"


def test_a_rule_is_asked_for_as_many_findings_as_are_listed() -> None:
    asked: list[int] = []

    def endless(found: Sequence[Resource]) -> Iterator[Finding]:
        while True:
            asked.append(len(asked))
            yield Finding(resource=found[0], path=(), summary="Same", detail=f"{len(asked):05}")

    rule = Rule(id="test/endless", severity=Severity.WARNING, summary="same", check=endless)
    found = sorted(run_rules([rule], resources(_relations(1)), {}), key=lambda each: each.detail)
    assert _ends(found) == (
        201,
        "test/endless warning",
        "More of the same",
        LEFT_OUT,
        "Correct those, and check again.",
    )
    assert len(asked) == 201


def test_references_to_nothing_are_listed_up_to_the_limit() -> None:
    found = check_resources(resources(_relations(5000)), catalogue=catalogue(), declared_secrets=())
    assert _ends(found) == (201, "reference error", "More of the same", LEFT_OUT, AGAIN)
    assert len(check_resources(resources(_relations(200)), catalogue=catalogue(), declared_secrets=())) == 200


def test_a_manifest_with_thousands_of_unknown_fields_is_told_up_to_the_limit() -> None:
    rule = "kind: servicenow/BusinessRule\nspec:\n  name: a\n  collection: change_request\n  when: after\n"
    (resource,) = resources(rule + "".join(f"  titel{n:05}: x\n" for n in range(5000)))
    found = check_schema(resource)
    assert _ends(found) == (201, "schema error", "More of the same", LEFT_OUT, AGAIN)


def test_near_words_are_not_looked_for_among_too_many_or_too_long_ones() -> None:
    known = [f"{letter}name{n}" for letter in "abc" for n in range(1000)]
    assert did_you_mean("bnome5", known) == ' Did you mean "bname5"?'
    assert did_you_mean("x" * 1_000_000, ["x" * 1_000_001]) == ""
