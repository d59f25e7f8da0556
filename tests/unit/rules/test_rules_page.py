"""docs/rules.md has a section for every rule, and its examples are true."""

from __future__ import annotations

import pathlib
import re

import pytest

from portctl.manifest.lint import run_rules
from portctl.manifest.schema import check_schema
from portctl.model.diagnostic import Severity
from portctl.providers.clear_text import RULES as CLEAR_TEXT_RULES
from portctl.providers.gitlab.rules import RULES as GITLAB_RULES
from portctl.providers.port.rules import RULES as PORT_RULES
from portctl.providers.servicenow.rules import RULES as SERVICENOW_RULES
from portctl.providers.workflow.contract import RULES as CONTRACT_RULES
from portctl.providers.workflow.inputs import RULES as INPUT_RULES
from tests.unit.rules.builders import findings, resources, rule

PAGE = (pathlib.Path(__file__).parents[3] / "docs" / "rules.md").read_text("utf-8")
RULES = (*PORT_RULES, *GITLAB_RULES, *SERVICENOW_RULES, *CONTRACT_RULES, *INPUT_RULES, *CLEAR_TEXT_RULES)
SECTIONS = dict(re.findall(r"^## ([a-z]+/\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
WITHOUT_EXAMPLE = {"port/jq-unchecked"}
EXAMPLES = {
    name: re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for name, text in SECTIONS.items()
    if name not in WITHOUT_EXAMPLE
}


def test_the_page_has_exactly_the_rules_in_their_order() -> None:
    assert list(SECTIONS) == [rule.id for rule in RULES]


@pytest.mark.parametrize("name", SECTIONS)
def test_a_section_opens_with_severity_and_summary(name: str) -> None:
    found = rule(name)
    opening = f"Severity: {found.severity.value}. {found.summary}."
    assert " ".join(SECTIONS[name].split()).startswith(opening)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_wrong_example_is_found_at_the_marked_line_and_the_right_one_is_not(name: str) -> None:
    wrong, right = EXAMPLES[name]
    marked = [number for number, line in enumerate(wrong.splitlines(), 1) if line.endswith("# here")]
    assert [found.source.line for found in findings(name, wrong)] == marked
    assert findings(name, right) == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_right_example_fits_its_schema_and_offends_no_other_rule(name: str) -> None:
    right = resources(EXAMPLES[name][1])
    assert [found for resource in right for found in check_schema(resource)] == []
    assert run_rules(RULES, right, {}) == ()


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_rule_can_be_switched_off_or_made_an_error(name: str) -> None:
    wrong = resources(EXAMPLES[name][0])
    assert run_rules([rule(name)], wrong, {name: Severity.OFF}) == ()
    assert {found.severity for found in run_rules([rule(name)], wrong, {name: Severity.ERROR})} == {Severity.ERROR}
