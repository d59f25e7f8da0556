"""ACCEPT and OPEN: a developer asks for a deployment."""

from __future__ import annotations

from portctl.gate.effects import Catalogue, KeepTested, OpenChange, Refuse, StartPipeline, Tell
from portctl.gate.evidence import Kind, Question
from tests.unit.gate.rows import DAY, GIVEN_UP, GOOD, OVER, WEAK, Row, gave_up, kept, own_told, refused, seen
from tests.unit.gate.rows_of_decisions import OLD

_GOOD = "The tests of shop passed; coverage is 95%, 80% are required"
_WEAK = "The tests of shop passed; coverage is 61.5%, 80% are required"
_WAITS = "Coverage is below 80%: a change request waits for a decision"
_STARTED = "The pipeline that deploys shop to Staging was started"

ROWS = (
    Row(
        question=Question.ACCEPT,
        rule="request-over",
        evidence=seen(Kind.REQUEST, request=OVER, code_problem="No code"),
        effects=refused("R1 has ended"),
        why="before what is wrong with its code",
    ),
    Row(
        question=Question.ACCEPT,
        rule="no-code",
        evidence=seen(Kind.REQUEST, code_problem="The code of shop cannot be had"),
        effects=(
            Tell("The code of shop cannot be had", once=True),
            Refuse("The code of shop cannot be had"),
        ),
    ),
    Row(question=Question.ACCEPT, rule="accepted", evidence=seen(Kind.REQUEST), effects=()),
    Row(
        question=Question.OPEN,
        rule="request-over",
        evidence=seen(Kind.REQUEST, request=OVER, measured=GOOD, marks=kept(GOOD, GIVEN_UP)),
        effects=refused("R1 has ended"),
        why="before what was started",
    ),
    Row(
        question=Question.OPEN,
        rule="already-started",
        evidence=seen(Kind.REQUEST, marks=kept(GOOD, GIVEN_UP), code_problem="No report"),
        effects=refused("The deployment R1 was started, or given up, before"),
        why="before what is wrong with its tests",
    ),
    Row(
        question=Question.OPEN,
        rule="too-old",
        evidence=seen(Kind.REQUEST, code_problem="No report", now=401 * DAY),
        effects=gave_up(OLD, own=False),
        why="before what is wrong with its tests",
    ),
    Row(
        question=Question.OPEN,
        rule="no-coverage",
        evidence=seen(Kind.REQUEST, code_problem="The coverage report is no XML text"),
        effects=gave_up("The coverage report is no XML text: nothing was deployed", own=False),
    ),
    Row(
        question=Question.OPEN,
        rule="no-coverage",
        evidence=seen(Kind.REQUEST),
        effects=gave_up("The tests left no coverage report: nothing was deployed", own=False),
        why="without a word why",
    ),
    Row(
        question=Question.OPEN,
        rule="enough-coverage",
        evidence=seen(Kind.REQUEST, measured=GOOD),
        effects=(KeepTested(GOOD), Tell(_GOOD, once=True), StartPipeline("Staging"), own_told(_STARTED)),
    ),
    Row(
        question=Question.OPEN,
        rule="enough-coverage",
        evidence=seen(Kind.REQUEST, measured=WEAK, marks=kept(GOOD)),
        effects=(KeepTested(GOOD), Tell(_GOOD, once=True), StartPipeline("Staging"), own_told(_STARTED)),
        why="as it was tested first",
    ),
    Row(
        question=Question.OPEN,
        rule="needs-change",
        evidence=seen(Kind.REQUEST, measured=WEAK),
        effects=(
            Tell(_WEAK, once=True),
            KeepTested(WEAK),
            OpenChange(WEAK),
            Catalogue(),
            Tell(_WAITS, once=True),
            own_told(_WAITS),
        ),
    ),
    Row(
        question=Question.OPEN,
        rule="needs-change",
        evidence=seen(Kind.REQUEST, measured=GOOD, marks=kept(WEAK)),
        effects=(
            Tell(_WEAK, once=True),
            KeepTested(WEAK),
            OpenChange(WEAK),
            Catalogue(),
            Tell(_WAITS, once=True),
            own_told(_WAITS),
        ),
        why="as it was tested first",
    ),
)
