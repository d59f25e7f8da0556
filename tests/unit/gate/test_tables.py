"""Every rule of every table of the gate, with everything that follows from it."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings

from portctl.gate.decide import TABLES, Decision, decide
from portctl.gate.evidence import Evidence, Policy, Question
from tests.unit.gate import (
    rows_of_decisions,
    rows_of_deployments,
    rows_of_every_table,
    rows_of_looks,
    rows_of_requests,
)
from tests.unit.gate.anything import EVIDENCE, POLICIES
from tests.unit.gate.rows import Row

ROWS = (
    *rows_of_every_table.ROWS,
    *rows_of_requests.ROWS,
    *rows_of_decisions.ROWS,
    *rows_of_deployments.ROWS,
    *rows_of_looks.ROWS,
)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_rule_holds_and_has_its_effects(row: Row) -> None:
    assert decide(row.question, row.evidence, row.policy) == Decision(row.rule, row.effects)


def test_every_rule_of_every_table_is_shown_by_a_row() -> None:
    shown = {(row.question, row.rule) for row in ROWS}
    assert {(question, rule.name) for question, table in TABLES.items() for rule in table} == shown


def test_no_two_rows_are_called_alike() -> None:
    assert [name for name, number in Counter(row.name for row in ROWS).items() if number > 1] == []


@pytest.mark.parametrize("question", TABLES)
def test_rules_of_one_table_have_names_of_their_own(question: Question) -> None:
    names = Counter(rule.name for rule in TABLES[question])
    assert [name for name, number in names.items() if number > 1] == []


def test_every_question_has_a_table() -> None:
    assert set(TABLES) == set(Question)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(EVIDENCE, POLICIES)
def test_the_last_rule_of_each_table_always_holds_where_the_others_do_not(evidence: Evidence, policy: Policy) -> None:
    """Also: whichever rule holds, its effects can be told."""
    for question, table in TABLES.items():
        assert decide(question, evidence, policy).rule in {rule.name for rule in table}
