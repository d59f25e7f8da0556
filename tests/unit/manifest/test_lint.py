"""Rules in general: order, settings, and a project file that names a rule that does not exist."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from portctl.errors import ExitCode, InvalidInput
from portctl.manifest.lint import Finding, Rule, run_rules
from portctl.model.diagnostic import Severity
from portctl.model.resource import Resource
from tests.unit.rules.builders import resources

TEXT = """\
kind: port/Secret
spec: {secretName: A, secretValue: x}
---
kind: port/Secret
spec: {secretName: B, secretValue: x}
"""


def _backwards(found: Sequence[Resource]) -> list[Finding]:
    return [
        Finding(resource=resource, path=("secretName",), summary="Secret", detail="why", hint="next")
        for resource in reversed(found)
    ]


RULES = (
    Rule(id="test/warns", severity=Severity.WARNING, summary="warns", check=_backwards),
    Rule(id="test/fails", severity=Severity.ERROR, summary="fails", check=_backwards),
)


def _run(settings: dict[str, Severity]) -> list[tuple[str, str, str]]:
    return [(str(found.source), found.rule, found.severity) for found in run_rules(RULES, resources(TEXT), settings)]


def test_findings_are_sorted_by_place_and_carry_the_severity_of_their_rule() -> None:
    assert _run({}) == [
        ("example.yaml:2:20", "test/fails", "error"),
        ("example.yaml:2:20", "test/warns", "warning"),
        ("example.yaml:5:20", "test/fails", "error"),
        ("example.yaml:5:20", "test/warns", "warning"),
    ]


def test_the_project_file_changes_severities_and_switches_rules_off() -> None:
    assert _run({"test/fails": Severity.OFF, "test/warns": Severity.ERROR}) == [
        ("example.yaml:2:20", "test/warns", "error"),
        ("example.yaml:5:20", "test/warns", "error"),
    ]


def test_a_severity_for_a_rule_that_does_not_exist_is_refused_with_what_was_meant() -> None:
    with pytest.raises(InvalidInput) as refused:
        _run({"test/warn": Severity.OFF})
    assert refused.value.exit_code is ExitCode.INVALID
    assert (refused.value.detail, refused.value.hint) == (
        'the project file sets the severity of "test/warn", which is no rule',
        'Did you mean "test/warns"? docs/rules.md lists them.',
    )
