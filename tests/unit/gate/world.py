"""A small world for the gate: Port's runs, change requests with people who decide, marks, and GitLab's pipelines."""

from __future__ import annotations

from dataclasses import dataclass, field

from portctl.gate.evidence import (
    CALLERS,
    REQUEST_ACTION,
    Approver,
    Call,
    Change,
    Ended,
    Kind,
    Marks,
    Policy,
    Run,
    State,
    Tested,
)
from tests.unit.gate.gitlab import JOBS, Handed, Job, Pipeline

NOTHING = "nothing was deployed"
"""The words that are a lie when a deploy step has begun, or begins afterwards."""


@dataclass(slots=True, eq=False)
class PortRun:
    id: str
    action: str
    created_at: float
    about: str = ""
    environment: str = ""
    ended: Ended | None = None
    by_hand: bool = False

    @property
    def is_open(self) -> bool:
        return self.ended is None and not self.by_hand

    def read(self) -> Run:
        asked = self.action == REQUEST_ACTION
        return Run(
            id=self.id,
            action=self.action,
            is_open=self.is_open,
            created_at=self.created_at,
            created_by="dora" if asked else "port",
            about=self.about,
            service="shop" if asked else "",
            environment=self.environment,
            requested_by="" if asked else "dora@example.com",
        )


@dataclass(slots=True, eq=False)
class Record:
    """A change request. `approvers`: who has approved it since it was submitted last."""

    number: str
    state: str = State.NEW
    approval: str = "not requested"
    on_hold: bool = False
    is_ours: bool = True
    approvers: tuple[Approver, ...] = ()

    def read(self) -> Change:
        return Change(
            sys_id=f"id of {self.number}",
            number=self.number,
            state=self.state,
            approval=self.approval,
            on_hold=self.on_hold,
            is_ours=self.is_ours,
        )

    def counts(self, policy: Policy) -> bool:
        """Whether people have approved it in a way that counts: what the gate must never deploy without."""
        by_others = bool(self.approvers) and all(each is Approver.ANOTHER for each in self.approvers)
        return (
            self.is_ours
            and not self.on_hold
            and self.approval == "approved"
            and self.state in (State.SCHEDULED, State.IMPLEMENT)
            and bool(self.approvers)
            and (by_others or policy.requester_may_approve)
        )


@dataclass(slots=True, eq=False)
class Deployment:
    """What a developer asked for. `steps`: the commits that deploy jobs have begun to deploy, with the environment.

    `is_watched`: an open deployment of the catalogue, looked at by a timer. `catalogue`: the word that is shown there.
    """

    run: PortRun
    marks: Marks = field(default_factory=Marks)
    record: Record | None = None
    is_watched: bool = True
    catalogue: str = ""
    code_is_there: bool = True
    sha: str = "sha1"
    messages: list[str] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)
    may_deploy: int = 0
    is_raced: bool = False
    succeeded: bool = False
    denials: list[str] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.run.id

    def is_due(self, policy: Policy, *, asked: bool) -> bool:
        """Whether a deployment may start now, judged by what people did. `asked`: its run was open.

        Under a change it may be over as well, if the gate has ended it: with the rejection that came before.
        """
        tested = self.marks.tested
        if tested is None:
            return False
        if tested.needs_change:
            by_us = self.run.ended is not None or self.is_raced
            return self.record is not None and self.record.counts(policy) and (asked or by_us)
        return asked


class Broken(AssertionError):
    """A law does not hold; the text says which."""


def law(holds: bool, text: str) -> None:
    if not holds:
        raise Broken(text)


@dataclass(slots=True, eq=False)
class World:
    policy: Policy
    now: float = 0.0
    is_protected: bool = False
    runs: dict[str, PortRun] = field(default_factory=dict)
    deployments: dict[str, Deployment] = field(default_factory=dict)
    pipelines: list[Pipeline] = field(default_factory=list)
    by_job: dict[int, Pipeline] = field(default_factory=dict)
    rules: set[str] = field(default_factory=set)
    decisions: int = 0
    _last: int = 0

    def number(self) -> int:
        self._last += 1
        return self._last

    # -- Port

    def start_run(self, action: str, about: str = "", environment: str = "") -> PortRun:
        run = PortRun(f"r{self.number()}", action, self.now, about, environment)
        self.runs[run.id] = run
        return run

    def request(self, environment: str) -> Deployment:
        deployment = Deployment(self.start_run(REQUEST_ACTION, environment=environment))
        self.deployments[deployment.id] = deployment
        self.automation(Kind.REQUEST, deployment.id)
        return deployment

    def automation(self, kind: Kind, about: str, *, arrives: int = 1) -> None:
        """Port starts a run, and with it as many pipelines as its message arrives times."""
        run = self.start_run(CALLERS[kind], about)
        for _ in range(arrives):
            self.start_pipeline(Call(kind=kind, deploy_run=about, run=run.id))

    def show(self, deployment: Deployment, word: str, *, arrives: int = 1) -> None:
        """The catalogue says what ServiceNow says; a word that decides and is new there starts a pipeline."""
        if word != deployment.catalogue and word in ("approved", "rejected"):
            self.automation(Kind.DECISION, deployment.id, arrives=arrives)
        deployment.catalogue = word

    def end(self, run_id: str, ended: Ended) -> None:
        run = self.runs[run_id]
        if not run.is_open:
            return
        run.ended = ended
        about = self.deployments.get(run_id)
        if about is not None:
            law(not ended.success or about.succeeded, f"{run_id} was told SUCCESS and nothing succeeded: {ended.text}")
            failed = not ended.success and about.succeeded
            law(not failed or "unknown" in ended.text or "rejected" in ended.text, f"{run_id} succeeded: {ended.text}")
            kept = about.marks.ended
            law(kept in (None, ended), f"{run_id} is told {ended.text}, and what is kept is {kept}")
        self.hear(about or self.deployments.get(run.about), ended.text)

    def hear(self, deployment: Deployment | None, text: str) -> None:
        """Somebody is told something about a deployment, for good."""
        if deployment is not None and NOTHING in text.casefold():
            law(not deployment.steps, f"{deployment.id} was deployed, and somebody is told: {text}")
            deployment.denials.append(text)

    # -- GitLab

    def start_pipeline(self, call: Call, *, forged: bool = False) -> Pipeline:
        pipeline = Pipeline(self.number(), call, forged)
        for name in JOBS[call.kind]:
            self._add(pipeline, Job(self.number(), name))
        self.pipelines.append(pipeline)
        return pipeline

    def retry(self, pipeline: Pipeline, job: Job, *, attempt: int = 0) -> None:
        pipeline.retry(job, self.number(), attempt=attempt)
        self.by_job[pipeline.jobs[-1].id] = pipeline

    def _add(self, pipeline: Pipeline, job: Job) -> None:
        pipeline.jobs.append(job)
        self.by_job[job.id] = pipeline

    def job(self, number: int) -> Job | None:
        pipeline = self.by_job.get(number)
        if pipeline is None or pipeline.deleted:
            return None
        return next(job for job in pipeline.jobs if job.id == number)

    def begin_deploying(self, pipeline: Pipeline, job: Job) -> None:
        """The first line of the deploy job: its own id must be the one that was handed over."""
        handed = pipeline.latest("start").left
        if not isinstance(handed, Handed) or handed.job != job.id:
            job.fail("script_failure")
            return
        self._deploy(self.deployments[pipeline.call.deploy_run], pipeline, job, handed.tested)

    def _deploy(self, deployment: Deployment, pipeline: Pipeline, job: Job, tested: Tested) -> None:
        law(deployment.may_deploy == job.id, f"{deployment.id}: job {job.id} deploys and has not taken the start")
        law(not deployment.steps, f"{deployment.id} is deployed twice")
        law(not deployment.denials, f"{deployment.id} is deployed after all: {deployment.denials}")
        law(tested == deployment.marks.tested, f"{deployment.id}: what is deployed is not what was tested")
        where = {pipeline.call.environment, tested.environment, deployment.run.environment}
        law(len(where) == 1, f"{deployment.id}: deployed to one of {where}")
        deployment.steps.append((tested.sha, pipeline.call.environment))
