"""A history of the small world: machines work, and at its end everything heals and Port looks until nothing is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from portctl.gate.evidence import (
    Approver,
    JobState,
    Kind,
    Question,
    State,
    Verdict,
)
from portctl.gate.pipelines import DEPLOY_JOB, state_of
from tests.unit.gate.gating import Process
from tests.unit.gate.gitlab import OVER, QUESTIONS, Job, Pipeline
from tests.unit.gate.world import Deployment, Record, World, law

MINUTE, DAY = 60.0, 86_400.0
ENVIRONMENTS = ("Staging", "Production", "Development")
_HEALING_LOOKS = 8
Chosen = TypeVar("Chosen")


class Choices:
    """Bytes that say what happens; after the last one, the first of everything."""

    def __init__(self, drawn: bytes) -> None:
        self._drawn = drawn
        self._at = 0

    @property
    def are_over(self) -> bool:
        return self._at >= len(self._drawn)

    def below(self, number: int) -> int:
        self._at += 1
        return self._drawn[self._at - 1] % number if self._at <= len(self._drawn) else 0

    def one_of(self, options: Sequence[Chosen]) -> Chosen | None:
        return options[self.below(len(options))] if options else None


@dataclass(slots=True, eq=False)
class History:
    """`events`: what has happened, for whoever reads a failure."""

    choices: Choices
    world: World
    processes: list[Process] = field(default_factory=list)
    events: list[str] = field(default_factory=list)

    def begin(self, far: int) -> None:
        """Some histories begin later: with a change request that waits, that was approved, or with coverage enough."""
        deployment = self.world.request(ENVIRONMENTS[self.choices.below(2)])
        while far > 1 and not deployment.marks.tested:
            pending = self.pending()
            for pipeline, job in pending:
                self.run(pipeline, job, kind=3 if far == 2 else 0)
            while self.processes and not deployment.marks.tested:
                self.step(self.processes[0])
        while far > 2 and self.processes:
            self.step(self.processes[0])
        if far > 3 and deployment.record is not None:
            deployment.record.approvers = (Approver.ANOTHER,)
            say(deployment, deployment.record, State.SCHEDULED, "approved")
            self.world.show(deployment, deployment.messages.pop())

    # -- machines

    def pending(self) -> list[tuple[Pipeline, Job]]:
        busy = [pipeline for pipeline in self.world.pipelines if not pipeline.is_settled]
        for pipeline in busy:
            pipeline.advance(protected=self.world.is_protected)
        return [
            (pipeline, job)
            for pipeline in busy
            for job in pipeline.jobs
            if job.status == "pending" and not pipeline.deleted
        ]

    def run(self, pipeline: Pipeline, job: Job, *, kind: int = 0) -> None:
        """A runner takes the job. `kind`: of what becomes of a service's tests."""
        job.status, job.began = "running", True
        if job.name in QUESTIONS:
            self.processes.append(Process(self.world, pipeline, job, QUESTIONS[job.name]))
        elif job.name == DEPLOY_JOB:
            self.world.begin_deploying(pipeline, job)
        elif kind == 1:
            job.fail("script_failure")
        else:
            job.status, job.left = "success", {2: None, 3: 95.0, 4: 95.0}.get(kind, 61.0)

    def step(self, process: Process, *, lost: bool = False) -> None:
        process.step(lost=lost)
        if process.is_over:
            self.processes.remove(process)

    def deploying(self) -> list[tuple[Pipeline, Job]]:
        return [
            (pipeline, job)
            for pipeline in self.world.pipelines
            if pipeline.call.kind is Kind.DEPLOY and not pipeline.is_settled
            for job in pipeline.jobs
            if job.name == DEPLOY_JOB and job.status == "running"
        ]

    def end_deploying(self, pipeline: Pipeline, job: Job, kind: int) -> None:
        if kind == 1:
            job.fail("script_failure")
        elif kind == 2:
            job.fail("runner_system_failure")
        else:
            job.status = "success"
            self.world.deployments[pipeline.call.deploy_run].succeeded = True

    def cancel(self, pipeline: Pipeline, job: Job) -> None:
        """What runs is stopped and may say a last word; nothing else begins."""
        if job.status in OVER:
            return
        was_running, job.status = job.status == "running", "canceled"
        for process in [each for each in self.processes if each.job is job]:
            self.processes.remove(process)
        if was_running and job.name in QUESTIONS and job.name != "accept":
            self.processes.append(Process(self.world, pipeline, job, Question.REPORT, canceled=True))

    # -- the end

    def heal(self) -> None:
        """No fault any more; everybody looks for as long as it takes. What waits for people goes on waiting."""
        self._drain()
        for _ in range(_HEALING_LOOKS):
            self.world.now += 31 * MINUTE
            for deployment in self.world.deployments.values():
                if deployment.is_watched:
                    self.world.automation(Kind.LOOK, deployment.id)
            self._drain()
        self._sweep()
        for deployment in self.world.deployments.values():
            law(not deployment.run.is_open or self._waits(deployment), f"nobody ends {deployment.id}")
        left = [run.id for run in self.world.runs.values() if run.is_open and run.id not in self.world.deployments]
        law(not left, f"nobody ends {left}")

    def _sweep(self) -> None:
        """A look at another deployment, later."""
        self.world.now += 2 * self.world.policy.longest_pipeline_seconds
        other = self.world.request("Staging")
        for pipeline in self.world.pipelines[-1:]:
            for job in pipeline.jobs:
                job.status = "canceled"
        for _ in range(2):
            self.world.now += 2 * self.world.policy.longest_pipeline_seconds
            if other.is_watched:
                self.world.automation(Kind.LOOK, other.id)
            self._drain()

    def _drain(self) -> None:
        while True:
            for process in list(self.processes):
                while not process.is_over:
                    self.step(process)
            for pipeline, job in self.deploying():
                self.end_deploying(pipeline, job, 0)
            pending = self.pending()
            if not pending and not self.processes:
                return
            for pipeline, job in pending:
                self.run(pipeline, job)

    def _waits(self, deployment: Deployment) -> bool:
        """Whether somebody has still to decide: an approver, whoever has put it on hold, or a person in GitLab."""
        if not deployment.is_watched:
            return False
        started = deployment.marks.started
        job = self.world.job(started.job) if started is not None else None
        if started is not None:
            return job is not None and state_of(job.row) is JobState.BLOCKED
        record = deployment.record
        return record is not None and record.read().verdict in (Verdict.UNDECIDED, Verdict.HELD)


def say(deployment: Deployment, record: Record, state: str, approval: str) -> None:
    """ServiceNow writes it, and sends a message about it."""
    record.state, record.approval = state, approval
    deployment.messages.append(approval)
