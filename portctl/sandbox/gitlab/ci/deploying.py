"""What environments say about the jobs that come to them: who may, and what has to wait for approval.

Source: GitLab, `EE::Ci::ProcessBuildService`.
"""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.model import JobSpec
from portctl.sandbox.gitlab.ci.variables import Variable, expand_text
from portctl.sandbox.gitlab.store import environments, jobs, protected_environments, users
from portctl.sandbox.gitlab.store.instance import Instance


def process(instance: Instance, row: Row, spec: JobSpec) -> Row:
    """It is the job's turn."""
    if spec.when == "manual" and not waits(instance, row, spec):
        return jobs.change(instance, row, status="manual")
    return start(instance, row, spec)


def start(instance: Instance, row: Row, spec: JobSpec) -> Row:
    """Ready to run, unless its environment wants approvals first, or does not want whoever starts it at all."""
    if waits(instance, row, spec):
        return jobs.change(instance, row, status="manual", spec={**row["spec"], "when": "manual"})
    return enqueue(instance, row, spec)


def enqueue(instance: Instance, row: Row, spec: JobSpec) -> Row:
    if bars(instance, row, spec, users.find(instance, row["user_id"])):
        reason = "protected_environment_failure"
        return jobs.change(instance, row, status="failed", failure_reason=reason, finished_at=instance.now())
    return jobs.enqueue(instance, row)


def bars(instance: Instance, row: Row, spec: JobSpec, user: Row) -> bool:
    project = instance.state.rows("projects")[str(row["project_id"])]
    return protected_environments.bars(instance, project, _name(spec), user)


def waits(instance: Instance, row: Row, spec: JobSpec) -> bool:
    """Whether the environment has approval rules that count for the job."""
    covering = protected_environments.covering(instance, row["project_id"], _name(spec))
    if covering is None or not covering["approval_rules"]:
        return False
    deploys = spec.environment is not None and spec.environment.action == "start"
    return deploys or instance.strict("non-deployment-jobs")


def ended(instance: Instance, row: Row, spec: JobSpec, variables: dict[str, Variable]) -> None:
    """The environment learns what a job has deployed there. `variables`: of the job, and what it has reported."""
    environment = instance.state.get(environments.TABLE, str(row.get("environment_id")))
    wanted = spec.environment
    if environment is None or wanted is None or wanted.action != "start" or row["status"] != "success":
        return
    url = expand_text(wanted.url, variables) if wanted.url else None
    environments.deployed(instance, environment, wanted, url)


def _name(spec: JobSpec) -> str | None:
    return None if spec.environment is None else spec.environment.name
