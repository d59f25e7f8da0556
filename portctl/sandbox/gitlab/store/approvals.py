"""Approvals of deployments to protected environments. Source: GitLab, `Deployments::ApprovalService`."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.ci.status import COMPLETED
from portctl.sandbox.gitlab.errors import refused
from portctl.sandbox.gitlab.store import deployments, environments, jobs, pipelines, protected_environments, users
from portctl.sandbox.gitlab.store.instance import Instance

STATUSES = ("approved", "rejected")
_OWN = (
    "You cannot approve your own deployment. This configuration can be adjusted in the protected environment settings."
)
_NOT_ALLOWED = "You don't have permission to approve this deployment. Contact the project or group owner for help."
_NO_RULE = (
    "There are no approval rules for the given `represent_as` parameter. Use a valid User/Group/Role name instead."
)


def rules(instance: Instance, deployment: Row) -> list[Row]:
    """The rules that count for a deployment."""
    environment = instance.state.get(environments.TABLE, str(deployment["environment_id"])) or {}
    covering = protected_environments.covering(instance, deployment["project_id"], environment.get("name"))
    found: list[Row] = covering["approval_rules"] if covering else []
    return found


def pending(instance: Instance, deployment: Row) -> int:
    """How many approvals are missing."""
    return sum(
        max(0, rule["required_approvals"] - sum(each["status"] == "approved" for each in _given(deployment, rule)))
        for rule in rules(instance, deployment)
    )


def holds(instance: Instance, tables: Reader, job: Row) -> bool:
    """Whether a job may not be started because approvals are missing."""
    deployment = deployments.of_job(tables, job)
    return deployment is not None and pending(instance, deployment) > 0


def decide(instance: Instance, user: Row, project: Row, deployment: Row, values: Row) -> Row:
    """Somebody approves or rejects. Approved by all, the job still waits for somebody to play it. Errors: 400."""
    status, name = values["status"], values.get("represented_as")
    _check(instance, user, project, deployment, status)
    fitting = _fitting(instance, user, project, deployment, name)
    if not _fitting(instance, user, project, deployment, None):
        raise refused(_NOT_ALLOWED)
    if not fitting:
        raise refused(_NO_RULE)
    given = {"user_id": user["id"], "rule_id": fitting[0]["id"], "status": status, "comment": values.get("comment")}
    same = [each for each in deployment["approvals"] if _by(each) == _by(given)]
    if same and same[0]["status"] == status:
        return _shown(instance, same[0])
    given["created_at"] = same[0]["created_at"] if same else instance.now()
    others = [each for each in deployment["approvals"] if _by(each) != _by(given)]
    deployments.put(instance, {**deployment, "approvals": [*others, given]})
    if status == "rejected":
        _reject(instance, deployment)
    return _shown(instance, given)


def shown(instance: Instance, deployment: Row) -> Row:
    """What a deployment says about its approvals."""
    return {
        "pending_approval_count": pending(instance, deployment),
        "approvals": [_shown(instance, each) for each in deployment["approvals"]],
        "approval_summary": {
            "rules": [
                {
                    **protected_environments.shown_rule(instance, rule),
                    "deployment_approvals": [_shown(instance, each) for each in _given(deployment, rule)],
                }
                for rule in rules(instance, deployment)
            ]
        },
    }


def _check(instance: Instance, user: Row, project: Row, deployment: Row, status: str) -> None:
    environment = instance.state.get(environments.TABLE, str(deployment["environment_id"])) or {}
    if protected_environments.covering(instance, project["id"], environment.get("name")) is None:
        raise refused("This environment is not protected.")
    own = deployment["user_id"] == user["id"] and not project["allow_pipeline_trigger_approve_deployment"]
    if own and status == "approved" and not (user["is_admin"] and not instance.strict("administrator-approval")):
        raise refused(_OWN)
    if not rules(instance, deployment):
        raise refused("Deployment approvals is not configured for this environment.")
    job = instance.state.get(jobs.TABLE, str(deployment["job_id"]))
    if job is None or job["status"] in COMPLETED or pending(instance, deployment) == 0:
        raise refused("This deployment is not waiting for approvals.")


def _fitting(instance: Instance, user: Row, project: Row, deployment: Row, name: str | None) -> list[Row]:
    return [
        rule
        for rule in rules(instance, deployment)
        if protected_environments.fits(instance, project, rule, user)
        and (name is None or name in (protected_environments.said(instance, rule) or ""))
    ]


def _reject(instance: Instance, deployment: Row) -> None:
    job = instance.state.rows(jobs.TABLE)[str(deployment["job_id"])]
    failed = {"status": "failed", "failure_reason": "deployment_rejected", "finished_at": instance.now()}
    jobs.change(instance, job, **failed)
    pipelines.follow(instance, instance.state.rows(pipelines.TABLE)[str(job["pipeline_id"])])
    instance.wake(job["pipeline_id"])


def _given(deployment: Row, rule: Row) -> list[Row]:
    return [each for each in deployment["approvals"] if each["rule_id"] == rule["id"]]


def _by(given: Row) -> tuple[int, int]:
    return given["user_id"], given["rule_id"]


def _shown(instance: Instance, given: Row) -> Row:
    user = users.basic(instance, users.find(instance, given["user_id"]))
    return {"user": user, **{name: given[name] for name in ("status", "created_at", "comment")}}
