"""What each effect does to the small world: the meaning that `perform.py` gives it against the real services."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from portctl.gate import effects
from portctl.gate.evidence import Call, Ended, Kind, Rejected, Started, State
from portctl.gate.pipelines import DEPLOY_JOB
from tests.unit.gate.gitlab import Handed, Job, Pipeline
from tests.unit.gate.world import Deployment, Record, World, law


class Taken(Exception):
    """Somebody else has made the mark."""


class Dead(Exception):
    """The process ends here, with or without a word in its log."""


_WORDS = (effects.Tell, effects.Note, effects.Implement, effects.CloseChange, effects.EndAbandoned)


def is_word(effect: effects.Effect) -> bool:
    """Whether the gate gets over its failing."""
    return isinstance(effect, _WORDS) or (isinstance(effect, effects.Catalogue) and effect.decision)


@dataclass(slots=True, eq=False)
class Hands:
    """Those of one job of the gate. `was_due`: whether a deployment was due when the change was read last."""

    world: World
    pipeline: Pipeline
    job: Job
    call: Call
    handed: Handed | None = None
    was_due: bool = False

    @property
    def deployment(self) -> Deployment:
        return self.world.deployments[self.call.deploy_run]

    @property
    def record(self) -> Record:
        if self.deployment.record is None:
            raise Dead
        return self.deployment.record

    def started(self, job: int = 0) -> Started:
        return Started(pipeline_url=self.pipeline.url, by=self.job.url, job=job)

    def deploy_job(self) -> int:
        jobs = self.pipeline.named(DEPLOY_JOB)
        if len(jobs) != 1 or jobs[0].began:
            raise Dead
        return jobs[0].id

    def perform(self, effect: effects.Effect) -> None:
        """Errors: Taken, Dead."""
        _PERFORM[type(effect)](self, effect)

    def mark(self, **marks: Any) -> None:
        """All of them or none, each once; the same again is nothing new."""
        there = self.deployment.marks
        if all(getattr(there, name) == mark for name, mark in marks.items()):
            return
        if any(getattr(there, name) is not None for name in marks):
            raise Taken
        self.deployment.marks = replace(there, **marks)


def _keep_tested(hands: Hands, effect: effects.KeepTested) -> None:
    hands.mark(tested=effect.tested)


def _take_start(hands: Hands, _: effects.TakeStart) -> None:
    job = hands.deploy_job()
    hands.mark(started=hands.started(job))
    law(hands.was_due, f"{hands.deployment.id} is started without an approval that counts")
    hands.deployment.may_deploy = job


def _close(hands: Hands, effect: effects.Close) -> None:
    hands.mark(started=hands.started(), ended=effect.ended)


def _keep_end(hands: Hands, effect: effects.KeepEnd) -> None:
    hands.mark(ended=effect.ended)


def _keep_rejection(hands: Hands, effect: effects.KeepRejection) -> None:
    """A person may end the run at the same moment; nobody can tell then who was first."""
    hands.deployment.is_raced |= hands.deployment.run.by_hand
    if hands.deployment.marks.rejected is None:
        hands.mark(rejected=Rejected(effect.number))


def _open_change(hands: Hands, _: effects.OpenChange) -> None:
    if hands.deployment.record is None:
        hands.deployment.record = Record(f"CHG{hands.deployment.id}")
    if not hands.record.is_ours:
        raise Dead
    _ask_for_approval(hands, effects.AskForApproval())


def _ask_for_approval(hands: Hands, _: effects.AskForApproval) -> None:
    record = hands.record
    if record.state == State.NEW and record.approval == "not requested":
        record.state, record.approval = State.ASSESS, "requested"
        hands.deployment.messages.append("requested")


def _catalogue(hands: Hands, effect: effects.Catalogue) -> None:
    record = hands.record
    if effect.decision:
        hands.world.show(hands.deployment, record.approval)


def _put_back(hands: Hands, _: effects.PutBack) -> None:
    hands.world.show(hands.deployment, "requested")


def _start_pipeline(hands: Hands, effect: effects.StartPipeline) -> None:
    call = Call(kind=Kind.DEPLOY, deploy_run=hands.call.deploy_run, environment=effect.environment)
    hands.world.start_pipeline(call)


def _hand_over(hands: Hands, effect: effects.HandOver) -> None:
    hands.handed = Handed(hands.deploy_job(), effect.tested)


def _tell(hands: Hands, effect: effects.Tell) -> None:
    hands.world.hear(hands.deployment, effect.text)


def _end_request(hands: Hands, effect: effects.EndRequest) -> None:
    hands.world.end(hands.call.deploy_run, effect.ended)
    hands.deployment.is_watched = False


def _end_own(hands: Hands, effect: effects.EndOwn) -> None:
    hands.world.end(hands.call.run, effect.ended)


def _end_abandoned(hands: Hands, effect: effects.EndAbandoned) -> None:
    hands.world.end(effect.run, Ended(False, "The pipeline of this run has ended without a word"))


def _note(hands: Hands, effect: effects.Note) -> None:
    hands.world.hear(hands.deployment, effect.text)


def _implement(hands: Hands, _: effects.Implement) -> None:
    if hands.record.state == State.SCHEDULED:
        hands.record.state = State.IMPLEMENT


def _close_change(hands: Hands, _: effects.CloseChange) -> None:
    if hands.record.state in (State.SCHEDULED, State.IMPLEMENT, State.REVIEW):
        hands.record.state = State.CLOSED


def _refuse(_: Hands, __: effects.Refuse) -> None:
    raise Dead


_PERFORM: Mapping[type, Callable[[Hands, Any], None]] = {
    effects.KeepTested: _keep_tested,
    effects.TakeStart: _take_start,
    effects.Close: _close,
    effects.KeepEnd: _keep_end,
    effects.KeepRejection: _keep_rejection,
    effects.OpenChange: _open_change,
    effects.AskForApproval: _ask_for_approval,
    effects.Catalogue: _catalogue,
    effects.PutBack: _put_back,
    effects.StartPipeline: _start_pipeline,
    effects.HandOver: _hand_over,
    effects.Tell: _tell,
    effects.EndRequest: _end_request,
    effects.EndOwn: _end_own,
    effects.EndAbandoned: _end_abandoned,
    effects.Note: _note,
    effects.Implement: _implement,
    effects.CloseChange: _close_change,
    effects.Refuse: _refuse,
}
