"""The one place that decides. Pure: evidence and policy in, effects out, no clock and no request of its own.

Each question has a table of rules, read from the top; the first that holds is the answer, and the last one always
holds. The order is part of the rules: what is not genuine is refused first, what has been started or has ended is
looked at next, and only then what people have decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from portctl.gate.effects import Effects
from portctl.gate.evidence import Evidence, Policy, Question
from portctl.gate.tables.change import WAIT
from portctl.gate.tables.deployment import FINISH, START
from portctl.gate.tables.request import ACCEPT, OPEN
from portctl.gate.tables.rule import Rule
from portctl.gate.tables.watch import LOOK, REPORT


@dataclass(frozen=True, slots=True)
class Decision:
    """`rule`: which line of the table it was."""

    rule: str
    effects: Effects


TABLES: Mapping[Question, tuple[Rule, ...]] = {
    Question.ACCEPT: ACCEPT,
    Question.OPEN: OPEN,
    Question.WAIT: WAIT,
    Question.LOOK: LOOK,
    Question.START: START,
    Question.FINISH: FINISH,
    Question.REPORT: REPORT,
}


def decide(question: Question, evidence: Evidence, policy: Policy) -> Decision:
    """What is to be done. `evidence.now` is the only clock."""
    for rule in TABLES[question]:
        if rule.holds(evidence, policy):
            return Decision(rule.name, rule.then(evidence, policy))
    raise AssertionError(f"the table of {question} has no last line")
