"""What is known about a deployment when somebody has to decide: values only, whatever they were read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


def unix_seconds(stamp: str) -> float:
    """A time as services write it, which is UTC where it says nothing else. Errors: ValueError."""
    moment = datetime.fromisoformat(stamp)
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


class Question(StrEnum):
    """What is asked of the gate: one command each."""

    ACCEPT = "accept"
    OPEN = "open"
    WAIT = "wait"
    LOOK = "look"
    START = "start"
    FINISH = "finish"
    REPORT = "report"


class Kind(StrEnum):
    """Why a pipeline runs: the input `call`."""

    REQUEST = "request"
    DECISION = "decision"
    LOOK = "look"
    DEPLOY = "deploy"


REQUEST_ACTION = "deploy_service_to_cluster"
DECIDE_ACTION = "approve_and_deploy_service"
CALLERS = {
    Kind.REQUEST: "pre_deployment_check",
    Kind.DECISION: "approveSnowPipeline",
    Kind.LOOK: "lookAtDeployment",
}
"""Which action or automation of Port may start a pipeline for what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The inputs of the pipeline, as GitLab has checked them, and where it runs.

    `run` is empty for a deployment, `environment` for everything else. `pipeline`: its id, 0 outside of one.
    """

    kind: Kind
    deploy_run: str
    run: str = ""
    environment: str = ""
    pipeline: int = 0
    pipeline_url: str = ""
    job_url: str = ""
    canceled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of Port. `about`: the deployment that it names, empty where it names none. `created_at`: Unix seconds."""

    id: str
    action: str
    is_open: bool
    created_at: float
    created_by: str = ""
    about: str = ""
    service: str = ""
    environment: str = ""
    requested_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a request is about, kept when its tests have passed. `needs_change`: coverage alone does not do.

    `deploy`: the service's own command, for a shell. `requester`: the user of Port who asked; `email`: her address;
    `account`: her user in ServiceNow, empty where that has none of her address, or several.
    """

    service: str
    project: str
    sha: str
    environment: str
    deploy: str
    coverage: float
    needs_change: bool
    requester: str = ""
    email: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Started:
    """Who has taken the one start of a deployment. `job` is 0 where nothing is deployed, since it was given up.

    `by`: the address of the job that took it, so that two takers never look alike.
    """

    pipeline_url: str
    by: str
    job: int = 0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a deployment has ended."""

    success: bool
    text: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """The developer's run was ended by a rejection of this change request, and by nobody else."""

    number: str


@dataclass(frozen=True, slots=True)
class Marks:
    """What is kept about a deployment, each made once and never changed.

    `rejected` is read only where the developer's run has ended.
    """

    tested: Tested | None = None
    started: Started | None = None
    ended: Ended | None = None
    rejected: Rejected | None = None


class State:
    """`state` of a change request, as the database has it. Source: ServiceNow docs, "Change state model"."""

    NEW = "-5"
    ASSESS = "-4"
    AUTHORIZE = "-3"
    SCHEDULED = "-2"
    IMPLEMENT = "-1"
    REVIEW = "0"
    CLOSED = "3"
    CANCELED = "4"


class Verdict(StrEnum):
    """What a change request says about the deployment."""

    UNDECIDED = "undecided"
    APPROVED = "approved"
    REJECTED = "rejected"
    HELD = "on hold"
    CANCELED = "canceled"
    IMPLEMENTED = "implemented already"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change request. `is_ours`: opened for this deployment by the account of the pipeline, as its columns say."""

    sys_id: str
    number: str
    state: str
    approval: str
    on_hold: bool
    is_ours: bool

    @property
    def verdict(self) -> Verdict:
        """The word in `approval` alone decides nothing: approvers move `state` as well."""
        if self.state == State.CANCELED:
            return Verdict.CANCELED
        if self.approval == "rejected" and self.state == State.NEW:
            return Verdict.REJECTED
        if self.approval != "approved":
            return Verdict.UNDECIDED
        if self.state in (State.REVIEW, State.CLOSED):
            return Verdict.IMPLEMENTED
        if self.state not in (State.SCHEDULED, State.IMPLEMENT):
            return Verdict.UNDECIDED
        return Verdict.HELD if self.on_hold else Verdict.APPROVED


class Approver(StrEnum):
    """Who stands behind an approval, seen from whoever asked for the deployment."""

    ANOTHER = "another person"
    REQUESTER = "the requester"
    OUTSIDER = "nobody of the group that decides"
    UNKNOWN = "unknown"


class JobState(StrEnum):
    """How the job stands that deploys. LOST: GitLab does not have it any more, or it died; nobody knows what it did."""

    ACTIVE = "active"
    BLOCKED = "blocked"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    NEVER_BEGAN = "never began"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a decision may rest on. What was not read, or is not there, is None.

    `code_problem`: why the service's code, or the report of its tests, cannot be had. `measured`: what this pipeline
    has tested, and is not kept yet. `approvers`: one for each approval of the change. `awaited`: names of those who
    have been asked and have not answered. `was_put_back`: the catalogue says `requested` again. `at_work`: GitLab has
    a pipeline of this deployment that has not ended. `abandoned`: open runs of Port whose pipelines are over.
    `failed_job`: which job has failed.
    """

    call: Call
    now: float
    own: Run | None = None
    request: Run | None = None
    code_problem: str = ""
    measured: Tested | None = None
    change: Change | None = None
    approvers: tuple[Approver, ...] = ()
    awaited: tuple[str, ...] = ()
    marks: Marks = Marks()
    job: JobState | None = None
    was_put_back: bool = False
    at_work: bool = False
    abandoned: tuple[str, ...] = ()
    failed_job: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is asked of a deployment.

    `threshold`: percent of lines. `always_ask`: environments for which coverage alone does not do.
    `requester_may_approve`: her own change. `requester_needs_account`: in ServiceNow, for approvals made there to
    count. `longest_pipeline_seconds`: when a pipeline that tests a service must be over. `marks_kept_seconds`: how long
    marks are kept; older requests are not deployed.
    """

    threshold: float = 80.0
    always_ask: tuple[str, ...] = ()
    requester_may_approve: bool = False
    requester_needs_account: bool = True
    longest_pipeline_seconds: float = 3600.0
    marks_kept_seconds: float = 400 * 86_400.0
