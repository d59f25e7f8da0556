"""A job of the gate in the small world: it gathers, decides and performs, and others work between its steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from portctl.gate import effects
from portctl.gate.decide import Decision, decide
from portctl.gate.evidence import (
    CALLERS,
    Call,
    Evidence,
    JobState,
    Kind,
    Marks,
    Question,
    Run,
    Tested,
    Verdict,
)
from portctl.gate.pipelines import state_of
from tests.unit.gate.gitlab import Job, Pipeline
from tests.unit.gate.performing import Dead, Hands, Taken, is_word
from tests.unit.gate.world import Deployment, World, law

_ROUNDS = 4


class Process:
    """What one job runs; a job that was cancelled runs a second one, for a last word."""

    def __init__(
        self, world: World, pipeline: Pipeline, job: Job, question: Question, *, canceled: bool = False
    ) -> None:
        self.world = world
        self.pipeline = pipeline
        self.job = job
        self.canceled = canceled
        self.question = question
        self.hands = Hands(world, pipeline, job, pipeline.call_of(job, canceled=canceled))
        self.now = world.now
        self.is_lost = False
        self.is_over = False
        self._steps = self._play()

    def step(self, *, lost: bool = False) -> None:
        """Go on to where others may work again. `lost`: what comes next is not done; a write that counts kills."""
        self.is_lost = lost
        try:
            next(self._steps)
        except StopIteration:
            self._end(failed=False)
        except Dead:
            self._end(failed=self.question is not Question.REPORT)

    def kill(self) -> None:
        self.is_over = True

    def _end(self, *, failed: bool) -> None:
        self.is_over = True
        if self.job.status != "running" or self.canceled:
            return  # GitLab has given it up before
        if failed or (self.question is Question.START and self.hands.handed is None):
            self.job.fail("script_failure")
            return
        self.job.status = "success"
        if self.question is Question.START:
            self.job.left = self.hands.handed

    def _play(self) -> Iterator[None]:
        was_put_back = False
        for _ in range(_ROUNDS):
            evidence = Evidence(call=self.hands.call, now=self.now)
            for found in self._gather(evidence):
                evidence = found
                yield
            if self.question is Question.START and self._would_start(evidence):
                for found in self._fetch(evidence):
                    evidence = found
                    yield
            evidence = replace(evidence, was_put_back=was_put_back)
            decision = decide(self.question, evidence, self.world.policy)
            self.world.decisions += 1
            self.world.rules.add(f"{self.question}: {decision.rule}")
            self._check_forged(evidence, decision)
            try:
                yield from self._perform(decision.effects)
            except Taken:
                continue
            if any(isinstance(effect, effects.PutBack) for effect in decision.effects):
                was_put_back = True
                continue
            return
        raise Dead

    def _fetch(self, evidence: Evidence) -> Iterator[Evidence]:
        """The code first, then everything is read again."""
        if not self.hands.deployment.code_is_there:
            yield replace(evidence, code_problem="What was tested cannot be had any more")
            return
        yield from self._gather(Evidence(call=evidence.call, now=evidence.now))

    def _would_start(self, evidence: Evidence) -> bool:
        wanted = decide(self.question, evidence, self.world.policy).effects
        return any(isinstance(effect, effects.HandOver) for effect in wanted)

    def _perform(self, wanted: effects.Effects) -> Iterator[None]:
        for effect in wanted:
            if self.is_lost and not is_word(effect):
                raise Dead
            if not self.is_lost:
                self.hands.perform(effect)
            yield

    # -- gathering, in the order of gather.py

    def _gather(self, evidence: Evidence) -> Iterator[Evidence]:
        call, world = evidence.call, self.world
        evidence = replace(evidence, request=_run(world, call.deploy_run), own=_run(world, call.run))
        yield evidence
        about = world.deployments.get(call.deploy_run)
        if self.question is Question.ACCEPT:
            yield self._accepted(evidence, about)
            return
        if about is None:
            return
        evidence = replace(evidence, marks=about.marks)
        yield evidence
        if self.question is Question.OPEN:
            yield self._with_tests(evidence, about)
            return
        evidence = replace(evidence, job=self._job(evidence.marks))
        yield evidence
        if self.question is Question.LOOK:
            evidence = replace(evidence, abandoned=self._abandoned(evidence))
        if self.question is Question.REPORT:
            evidence = replace(evidence, failed_job=self.pipeline.failed_job)
            if call.kind is not Kind.DEPLOY:
                yield evidence
                return
        yield self._with_change(evidence, about)

    def _with_change(self, evidence: Evidence, about: Deployment) -> Evidence:
        asked = evidence.request is not None and evidence.request.is_open
        self.hands.was_due = about.is_due(self.world.policy, asked=asked)
        if about.record is None:
            return evidence
        change = about.record.read()
        if evidence.marks.tested is None:
            evidence = replace(evidence, marks=about.marks)
        known = change.verdict in (Verdict.APPROVED, Verdict.UNDECIDED) and evidence.marks.tested is not None
        return replace(evidence, change=change, approvers=about.record.approvers if known else ())

    def _accepted(self, evidence: Evidence, about: Deployment | None) -> Evidence:
        if about is None or decide(Question.ACCEPT, evidence, self.world.policy).effects:
            return evidence
        if not about.code_is_there:
            return replace(evidence, code_problem="The code of shop cannot be had")
        self.job.left = about.sha
        return evidence

    def _with_tests(self, evidence: Evidence, about: Deployment) -> Evidence:
        percent, sha = self.pipeline.latest("test-service").left, self.pipeline.latest("accept").left
        if not isinstance(percent, float) or not isinstance(sha, str):
            return replace(evidence, code_problem="The tests left no coverage report")
        tested = Tested(
            service="shop",
            project="apps/shop",
            sha=sha,
            environment=about.run.environment,
            deploy="sh deploy.sh",
            coverage=percent,
            needs_change=percent < self.world.policy.threshold,
            requester="dora",
            email="dora@example.com",
        )
        return replace(evidence, measured=tested)

    def _job(self, marks: Marks) -> JobState | None:
        if marks.started is None or marks.ended is not None:
            return None
        if not marks.started.job:
            return JobState.NEVER_BEGAN
        job = self.world.job(marks.started.job)
        return JobState.LOST if job is None else state_of(job.row)

    def _abandoned(self, evidence: Evidence) -> tuple[str, ...]:
        own = evidence.own
        if own is None:
            return ()
        oldest = own.created_at - self.world.policy.longest_pipeline_seconds
        return tuple(
            run.id
            for run in self.world.runs.values()
            if run.is_open and run.id != own.id and run.action in CALLERS.values() and run.created_at < oldest
        )

    # -- forgeries

    def _check_forged(self, evidence: Evidence, decision: Decision) -> None:
        """A forged call does nothing but fail, except where it is what the gate would have called itself."""
        call = evidence.call
        if not self.pipeline.forged or all(isinstance(effect, effects.Refuse) for effect in decision.effects):
            return
        if call.kind is not Kind.DEPLOY:
            own = self.world.runs.get(call.run)
            genuine = own is not None and own.action == CALLERS[call.kind] and own.about == call.deploy_run
            law(genuine, f"the forged {call} did {decision}")
            return
        ends = _ends(decision.effects)
        if ends and not self.hands.was_due:
            looked = self._look(evidence)
            law(bool(_ends(looked.effects)), f"the forged {call} did {decision}, a look: {looked.rule}")

    def _look(self, evidence: Evidence) -> Decision:
        """What a look of Port's would have done instead."""
        call = Call(kind=Kind.LOOK, deploy_run=evidence.call.deploy_run, run="look")
        own = Run(id="look", action=CALLERS[Kind.LOOK], is_open=True, created_at=self.world.now, about=call.deploy_run)
        return decide(Question.LOOK, replace(evidence, call=call, own=own, now=self.world.now), self.world.policy)


def _ends(wanted: effects.Effects) -> tuple[effects.Effect, ...]:
    return tuple(effect for effect in wanted if isinstance(effect, effects.Close | effects.EndRequest))


def _run(world: World, run_id: str) -> Run | None:
    run = world.runs.get(run_id)
    return None if run is None else run.read()
