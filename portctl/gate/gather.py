"""Reads what a decision may rest on, and no more: each question asks only the services that its job may ask."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from portctl.errors import AccessDenied, ApiError, Unreachable
from portctl.gate.connections import MARKS_TOKEN, READ_TOKEN, Connections
from portctl.gate.evidence import (
    CALLERS,
    Approver,
    Call,
    Change,
    Evidence,
    JobState,
    Kind,
    Question,
    Run,
    Tested,
    Verdict,
)
from portctl.gate.marks import MarkStore
from portctl.gate.pipelines import Pipelines, Starter
from portctl.gate.port import Portal
from portctl.gate.servicenow import ChangeRequests, awaited
from portctl.gate.settings import Settings

_POLL_SECONDS = 1.0
_WITH_APPROVERS = (Verdict.APPROVED, Verdict.UNDECIDED)


@dataclass(slots=True)
class Desk:
    """Everything that a gate reads from and writes to; each client is made when it is asked for."""

    settings: Settings
    connections: Connections
    sleep: Callable[[float], object] = time.sleep
    columns: Mapping[str, str] = field(default_factory=dict)
    """The columns of the change request, as they were read last."""

    @property
    def portal(self) -> Portal:
        return Portal(self.connections.port(), self.sleep)

    @property
    def changes(self) -> ChangeRequests:
        return ChangeRequests(self.connections.servicenow(), self.settings.servicenow)

    @property
    def marks(self) -> MarkStore:
        return MarkStore(self.connections.gitlab(MARKS_TOKEN), self.settings.marks, self.sleep)

    @property
    def pipelines(self) -> Pipelines:
        return Pipelines(self.connections.gitlab(READ_TOKEN), self.settings.pipelines, self.sleep)

    @property
    def starter(self) -> Starter:
        return Starter(self.connections.trigger(), self.settings.pipelines, self.connections.say, self.sleep)

    def change(self, deploy_run: str) -> Change | None:
        found = self.changes.find(deploy_run)
        if found is None:
            return None
        self.columns = found[1]
        return found[0]


def gather(
    question: Question, desk: Desk, call: Call, now: float, *, measure: Callable[[], Measured] | None = None
) -> Evidence:
    """The evidence for a question as it is now. `measure` reads what the tests have left; OPEN asks for it."""
    portal = desk.portal
    request = portal.run(call.deploy_run)
    own = portal.run(call.run) if call.run else None
    evidence = Evidence(call=call, now=now, own=own, request=request)
    if question is Question.ACCEPT or request is None:
        return evidence
    evidence = replace(evidence, marks=desk.marks.read(request))
    if question is Question.OPEN:
        assert measure is not None
        return _with_tests(evidence, desk, request, own, measure())
    evidence = replace(evidence, job=_job(question, desk, evidence))
    if question is Question.REPORT:
        evidence = replace(evidence, failed_job=_failed_job(desk, call))
        return _with_change(question, evidence, desk) if call.kind is Kind.DEPLOY else evidence
    if question is Question.LOOK:
        evidence = replace(evidence, abandoned=_abandoned(desk, own), at_work=_at_work(desk, evidence, request))
    return _with_change(question, evidence, desk)


def _failed_job(desk: Desk, call: Call) -> str:
    """Empty where GitLab does not tell: whoever waits is told without it. A token that is dead may be why jobs fail."""
    if not call.pipeline:
        return ""
    try:
        return desk.pipelines.failed_job(call.pipeline)
    except (AccessDenied, ApiError, Unreachable) as problem:
        desk.connections.say(f"Which job has failed is not known: {problem}")
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the jobs before have left. `percent` is None where there is no usable report, and `problem` says why."""

    project: str
    sha: str
    deploy: str
    percent: float | None
    problem: str = ""


def _with_tests(evidence: Evidence, desk: Desk, request: Run, own: Run | None, measured: Measured) -> Evidence:
    if measured.percent is None:
        return replace(evidence, code_problem=measured.problem)
    policy = desk.settings.policy
    email = own.requested_by if own is not None else ""
    needs_change = measured.percent < policy.threshold or request.environment in policy.always_ask
    tested = Tested(
        service=request.service,
        project=measured.project,
        sha=measured.sha,
        environment=request.environment,
        deploy=measured.deploy,
        coverage=measured.percent,
        needs_change=needs_change,
        requester=request.created_by,
        email=email,
        account=desk.changes.user_of(email) if needs_change else "",
    )
    return replace(evidence, measured=tested)


def _with_change(question: Question, evidence: Evidence, desk: Desk) -> Evidence:
    """The change request with who approved it. What was announced, and does not show yet, is waited for a little."""
    call = evidence.call
    waited, most = 0.0, desk.settings.decision_wait_seconds
    while True:
        change = desk.change(call.deploy_run)
        evidence = replace(evidence, change=change, approvers=(), awaited=())
        if change is not None and evidence.request is not None and evidence.marks.tested is None:
            # Both were made since we looked, the tests first.
            evidence = replace(evidence, marks=desk.marks.read(evidence.request))
            evidence = replace(evidence, job=_job(question, desk, evidence))
        if change is not None and evidence.marks.ended is None and change.verdict in _WITH_APPROVERS:
            evidence = _with_approvals(evidence, desk, change)
        if change is None or waited >= most or _is_clear(question, evidence, desk, change):
            return evidence
        waited += _POLL_SECONDS
        desk.sleep(_POLL_SECONDS)


def _is_clear(question: Question, evidence: Evidence, desk: Desk, change: Change) -> bool:
    """Whether waiting would tell nothing more: ServiceNow and Port write one thing after the other.

    An approval by nobody gives a deployment up, so whoever asks waits for its approver; only WAIT for the approval.
    """
    marks = evidence.marks
    if marks.tested is None or marks.started is not None or marks.ended is not None or not change.is_ours:
        return True
    if change.verdict is Verdict.UNDECIDED:
        return question is not Question.WAIT
    if change.verdict is not Verdict.APPROVED:
        return True
    may_be_anybody = desk.settings.policy.requester_may_approve
    return bool(evidence.approvers) and (may_be_anybody or Approver.UNKNOWN not in evidence.approvers)


def _with_approvals(evidence: Evidence, desk: Desk, change: Change) -> Evidence:
    rows = desk.changes.approvals(change)
    approved = [row for row in rows if row["state"] == "approved"]
    tested = evidence.marks.tested
    approvers = tuple(_approver(row, desk, change, tested) for row in approved) if tested is not None else ()
    group = desk.settings.servicenow.assignment_group
    if approvers and all(row["group"] != group for row in approved):  # a change may be sent to another group
        approvers = (Approver.OUTSIDER,)
    return replace(evidence, approvers=approvers, awaited=awaited(rows))


def _approver(row: Mapping[str, str], desk: Desk, change: Change, tested: Tested) -> Approver:
    """Behind Port's account stands whoever ran the action there.

    Anybody else is a user of ServiceNow, who was looked up for the requester when the change was opened: addresses can
    be changed afterwards, and an approver with another one need not be another person.
    """
    if row["user"] == desk.settings.servicenow.port_account:
        people = desk.portal.approvers_of(change.sys_id)
        if not people or not tested.requester:
            return Approver.UNKNOWN
        return Approver.REQUESTER if tested.requester in people else Approver.ANOTHER
    if tested.account:
        return Approver.REQUESTER if row["approver"] == tested.account else Approver.ANOTHER
    if desk.settings.policy.requester_needs_account or not row["email"] or not tested.email:
        return Approver.UNKNOWN
    return Approver.REQUESTER if row["email"].casefold() == tested.email.casefold() else Approver.ANOTHER


def _job(question: Question, desk: Desk, evidence: Evidence) -> JobState | None:
    """How the deploy job stands, where one was named and its end is not kept yet."""
    marks = evidence.marks
    if marks.started is None or marks.ended is not None:
        return None
    if not marks.started.job:
        return JobState.NEVER_BEGAN
    own = marks.started.pipeline_url == evidence.call.pipeline_url
    return desk.pipelines.state(marks.started, has_ended=own and question is Question.FINISH)


def _at_work(desk: Desk, evidence: Evidence, request: Run) -> bool:
    """Asked only where the deployment would be given up otherwise: jobs may have waited long for a runner."""
    is_old = evidence.now - request.created_at > desk.settings.policy.longest_pipeline_seconds
    return is_old and evidence.marks.started is None and desk.pipelines.are_at_work(request.id)


def _abandoned(desk: Desk, own: Run | None) -> tuple[str, ...]:
    """Open runs that are older than any pipeline: nobody is left to end them.

    Of every deployment: one that has ended is not looked at any more, and may have left some.
    """
    if own is None:
        return ()
    oldest = own.created_at - desk.settings.policy.longest_pipeline_seconds
    ours = {CALLERS[kind] for kind in (Kind.REQUEST, Kind.DECISION, Kind.LOOK)}
    return tuple(
        run.id for run in desk.portal.open_runs() if run.id != own.id and run.action in ours and run.created_at < oldest
    )
