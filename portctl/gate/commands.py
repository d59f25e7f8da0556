"""One function per job of the pipeline: gather, decide, perform; and again where somebody else was faster."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass, replace

from portctl.errors import AnswerLost, PortctlError
from portctl.gate import effects
from portctl.gate.code import NoCode
from portctl.gate.connections import Connections, Rim
from portctl.gate.coverage import MOST_BYTES, BadReport, percent_of
from portctl.gate.decide import decide
from portctl.gate.evidence import Call, Evidence, Question
from portctl.gate.gather import Desk, Measured, gather
from portctl.gate.handover import FOLDER, Handover
from portctl.gate.marks import TakenBySomebodyElse
from portctl.gate.perform import Performer, Refused
from portctl.gate.services import Service, service_of
from portctl.gate.settings import Settings

_ROUNDS = 4
_AFTER_A_LOSS = "Whoever looks at this deployment next reads what is there, and goes on from it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """`root`: the folder of the job. `now`: when the job was started, in Unix seconds."""

    settings: Settings
    call: Call
    now: float
    rim: Rim
    root: pathlib.Path

    @property
    def handover(self) -> Handover:
        return Handover(self.root / FOLDER)


def run_gate(question: Question, gate: Gate) -> int:
    """The exit code of the job: 0 where it did what it is there for."""
    connections = Connections(gate.settings, gate.rim)
    desk = Desk(settings=gate.settings, connections=connections, sleep=gate.rim.sleep)
    try:
        rule = _settle(question, gate, desk)
        gate.rim.say(f"{question}: {rule}")
    except Refused as refused:
        gate.rim.say(f"Refused: {refused}")
        return 0 if question is Question.REPORT else 1
    except AnswerLost as lost:
        lost.hint = _AFTER_A_LOSS
        raise
    finally:
        said = ", ".join(f"{name} {count}" for name, count in connections.requests.items())
        gate.rim.say(f"Requests: {said or 'none'}")
        connections.close()
    if question is Question.START:
        return 0 if gate.handover.folder.joinpath("job").is_file() else 1
    return 0


def _settle(question: Question, gate: Gate, desk: Desk) -> str:
    """Which rule held. Errors: Refused, PortctlError."""
    was_put_back = False
    for _ in range(_ROUNDS):
        evidence = _evidence(question, gate, desk)
        evidence = replace(evidence, was_put_back=was_put_back)
        if question is Question.ACCEPT:
            evidence = _accept(gate, desk, evidence)
        if question is Question.START:
            evidence = _with_code(gate, desk, evidence)
        decision = decide(question, evidence, gate.settings.policy)
        performer = Performer(desk, evidence, gate.rim.say, gate.handover.folder)
        try:
            performer.perform(decision.effects)
        except TakenBySomebodyElse as taken:
            gate.rim.say(f"Somebody else was faster ({taken}): deciding again")
            continue
        if any(isinstance(effect, effects.PutBack) for effect in decision.effects):
            was_put_back = True
            continue
        if question is Question.FINISH:
            _clean(gate, desk)
        return decision.rule
    raise PortctlError("No decision", f"somebody else was faster {_ROUNDS} times")


def _evidence(question: Question, gate: Gate, desk: Desk) -> Evidence:
    return gather(question, desk, gate.call, gate.now, measure=lambda: _measured(gate, desk))


def _accept(gate: Gate, desk: Desk, evidence: Evidence) -> Evidence:
    """Fetch the code of a request that is genuine. What is wrong with the code is part of the evidence."""
    decision = decide(Question.ACCEPT, evidence, gate.settings.policy)
    if decision.effects or evidence.request is None:
        return evidence
    try:
        service = _service(gate, desk, evidence.request.service, evidence.request.environment)
        sha = desk.connections.code().newest(service.project, service.branch, gate.handover.archive)
    except NoCode as problem:
        return replace(evidence, code_problem=f"The code of {evidence.request.service} cannot be had: {problem.detail}")
    gate.handover.leave_service(service, sha)
    for run in (gate.call.deploy_run, gate.call.run):
        try:
            desk.portal.link(run, gate.call.pipeline_url)
        except PortctlError as error:
            gate.rim.say(f"Port took no link: {error}")
    gate.rim.say(f"{service.name}: {service.project} at {sha}")
    return evidence


def _with_code(gate: Gate, desk: Desk, evidence: Evidence) -> Evidence:
    """Fetch what is about to be deployed, before the one start is taken: afterwards it would be lost.

    That takes time, and people change their minds: the evidence is what is there afterwards.
    """
    wanted = decide(Question.START, evidence, gate.settings.policy).effects
    tested = next((each.tested for each in wanted if isinstance(each, effects.HandOver)), None)
    if tested is None:
        return evidence
    try:
        desk.connections.code().at(tested.project, tested.sha, gate.handover.archive)
    except NoCode as problem:
        return replace(evidence, code_problem=f"What was tested cannot be had any more: {problem.detail}")
    return _evidence(Question.START, gate, desk)


def _service(gate: Gate, desk: Desk, name: str, environment: str) -> Service:
    if environment not in gate.settings.environments:
        raise NoCode("No code", f"{environment!r} is no environment that this pipeline deploys to")
    properties = desk.portal.service(name)
    if properties is None:
        raise NoCode("No code", f"Port has no service {name!r}")
    return service_of(name, properties, gate.settings)


def _measured(gate: Gate, desk: Desk) -> Measured:
    left = gate.handover.service()
    percent, problem = None, ""
    try:
        beginning = desk.pipelines.report(gate.call.pipeline, MOST_BYTES)
        if beginning is None:
            raise BadReport("The tests left no coverage report")
        percent = percent_of(beginning)
    except BadReport as error:
        problem = str(error)
    return Measured(
        project=str(left.get("project", "")),
        sha=str(left.get("sha", "")),
        deploy=str(left.get("deploy", "")),
        percent=percent,
        problem=problem,
    )


def _clean(gate: Gate, desk: Desk) -> None:
    """Marks that are older than any request that may still be deployed."""
    try:
        removed = desk.marks.clean(gate.now - gate.settings.policy.marks_kept_seconds)
    except PortctlError as error:
        gate.rim.say(f"Old marks were not removed: {error}")
        return
    if removed:
        gate.rim.say(f"Removed {removed} old marks")
