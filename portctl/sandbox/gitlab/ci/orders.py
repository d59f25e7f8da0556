"""What a job gets when it starts, what is kept when it has ended, and whose turn it is in a resource group."""

from __future__ import annotations

import contextlib
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import deploying, scope
from portctl.sandbox.gitlab.ci.coverage import coverage_of
from portctl.sandbox.gitlab.ci.durations import BadDuration, parse_duration
from portctl.sandbox.gitlab.ci.model import JobSpec
from portctl.sandbox.gitlab.ci.runner.job import AFTER_SCRIPT_SECONDS, Machine, Order, Outcome, trace_file
from portctl.sandbox.gitlab.ci.runner.reports import Report
from portctl.sandbox.gitlab.ci.runner.shells import Shell
from portctl.sandbox.gitlab.ci.status import ALIVE
from portctl.sandbox.gitlab.ci.variables import CircularReference, Variable, expand_on_server
from portctl.sandbox.gitlab.store import artifacts, jobs, pipelines
from portctl.sandbox.gitlab.store.instance import Instance
from portctl.sandbox.gitlab.version import version_of

_SELF_MANAGED_DOTENV, _FREE_DOTENV = 20, 50
TWICE = "another artifact of the same type already exists"
_AFTER_TIMEOUT = "RUNNER_AFTER_SCRIPT_TIMEOUT"


def starts(instance: Instance, row: Row, features: Set[str] | None = None) -> bool:
    """Whether the job can start on a runner with these features (None: all). It has failed where it cannot."""
    reason = _hindrance(instance, row, features)
    if reason is not None:
        hand_in(instance, row["id"], Outcome(status="failed", failure_reason=reason))
    return reason is None


def _hindrance(instance: Instance, row: Row, features: Set[str] | None) -> str | None:
    if not all(artifacts.serves(instance, sender) for sender in senders(instance, row)):
        return "missing_dependency_failure"
    spec = jobs.spec_of(row)
    wanted = spec.artifacts
    needed = {
        "upload_multiple_artifacts": bool(wanted.dotenv or wanted.junit or wanted.coverage_path),
        "artifacts_exclude": bool(wanted.exclude),
        "return_exit_code": bool(spec.allowed_exit_codes or spec.retry.exit_codes),
    }
    lacks = features is not None and any(needs and name not in features for name, needs in needed.items())
    return "runner_unsupported" if lacks else None


def hand_over(instance: Instance, row: Row, runner: Row, *, graceful: bool | None = None) -> Row:
    """A runner takes the job. `graceful`: whether one that is not the sandbox's own ends canceled jobs by itself."""
    own = {"runner_id": runner["id"], "graceful": graceful}
    row = jobs.change(instance, row, status="running", started_at=instance.now(), **own)
    pipelines.follow(instance, instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])])
    return row


def hand_in(instance: Instance, job_id: int, outcome: Outcome) -> None:
    """A runner says how the job has ended: it is run again where it asks for that, and others may start."""
    row = instance.state.get(jobs.TABLE, str(job_id))
    if row is None:
        return
    spec = jobs.spec_of(row)
    outcome = _taken(instance, row, outcome)
    canceled = row["status"] == "canceling"
    row = jobs.change(
        instance,
        row,
        status="canceled" if canceled else outcome.status,
        failure_reason=None if canceled else outcome.failure_reason,
        exit_code=outcome.exit_code,
        allow_failure=row["allow_failure"] or outcome.exit_code in spec.allowed_exit_codes,
        finished_at=instance.now(),
        dotenv={**row["dotenv"], **outcome.dotenv},
        reports=[*row["reports"], *(kept(report) for report in outcome.reports)],
        coverage=coverage_of(trace_file(jobs.folder(instance, row)), spec.coverage),
        artifacts_expire_at=_expiry(instance, row, spec, outcome),
    )
    pipeline = instance.state.get(pipelines.TABLE, str(row["pipeline_id"]))
    if pipeline is None:
        return
    if row.get("deployment_id") is not None:
        reported = {key: Variable(key=key, value=value) for key, value in row["dotenv"].items()}
        deploying.ended(instance, row, spec, {**variables_of(instance, row), **reported})
    reason = outcome.failure_reason or ""
    attempts = row["attempts"]
    if row["status"] == "failed" and attempts < spec.retry.most and spec.retry.applies(reason, outcome.exit_code):
        jobs.again(instance, pipeline, row, row["user_id"], attempts=attempts + 1)
    instance.wake(pipeline["id"])
    for waiting in waiting_pipelines(instance, row):
        instance.wake(waiting)


def order_of(instance: Instance, row: Row, shell: Shell, machine: Machine) -> Order:
    """Everything that the job needs, taken now: what changes later does not reach it."""
    pipeline = instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]
    project = instance.state.rows("projects")[str(row["project_id"])]
    spec = jobs.spec_of(row)
    timeout_seconds = timeout_of(instance, project, spec)
    variables = variables_of(instance, row)
    return Order(
        job_id=row["id"],
        spec=spec,
        repository=instance.repository(project).path,
        clone_url=variables["CI_REPOSITORY_URL"].value,
        project_path=project["full_path"],
        sha=pipeline["sha"],
        ref=pipeline["ref"],
        variables=variables,
        masked=(row["token"], *(each.value for each in variables.values() if each.masked)),
        received={
            sender["name"]: Path(archive["path"])
            for sender in senders(instance, row)
            if (archive := artifacts.report(instance, sender, "archive"))
        },
        timeout_seconds=timeout_seconds,
        after_seconds=_after_seconds(variables),
        most_dotenv_variables=most_dotenv_variables(instance),
        runner_version=version_of(instance).removesuffix("-ee"),
        keep_undefined=not instance.strict("undefined-references"),
        mark=mark(instance, row),
        shell=shell,
        machine=machine,
        folder=jobs.folder(instance, row),
    )


def senders(instance: Instance, row: Row) -> list[Row]:
    """The jobs whose files and variables a job gets."""
    pipeline = instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]
    return scope.senders(jobs.spec_of(row), jobs.of_pipeline(instance.state, pipeline))


def most_dotenv_variables(instance: Instance) -> int:
    return _SELF_MANAGED_DOTENV if instance.strict("dotenv-variables") else _FREE_DOTENV


def _taken(instance: Instance, row: Row, outcome: Outcome) -> Outcome:
    """What a runner hands in besides what the job's script has sent by itself: of each type there is one."""
    already = {report["file_type"] for report in row["reports"]}
    twice = [report.file_type for report in outcome.reports if report.file_type in already]
    if not twice:
        return outcome
    with trace_file(jobs.folder(instance, row)).open("a", encoding="utf-8") as log:
        log.write(f'ERROR: Uploading artifacts as "{twice[0]}" to coordinator... 400 Bad Request: {TWICE}\n')
        log.write("ERROR: Job failed: invalid argument\n")
    return replace(outcome, status="failed", failure_reason="script_failure", dotenv={}, reports=())


def variables_of(instance: Instance, row: Row) -> dict[str, Variable]:
    """As the server hands them over to a runner."""
    pipeline = instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]
    project = instance.state.rows("projects")[str(row["project_id"])]
    spec = jobs.spec_of(row)
    received = senders(instance, row)
    variables = scope.of_job(instance, project, pipeline, row, received, timeout_of(instance, project, spec))
    with contextlib.suppress(CircularReference):
        variables = expand_on_server(variables)
    return variables


def mark(instance: Instance, row: Row) -> str:
    """Stands in the environment of every process of a job, and of no other.

    Part of `CI_REPOSITORY_URL`. The token alone will not do: two sandboxes with one seed give the same ones.
    """
    return f":{row['token']}@{urlsplit(instance.address.url).netloc}/"


def kept(report: Report) -> Row:
    return {
        "file_type": report.file_type,
        "filename": report.name,
        "file_format": report.file_format,
        "size": report.size,
        "path": str(report.path),
    }


def hand_out(instance: Instance, project_id: int) -> None:
    """Give every free resource group of a project to one of the jobs that wait for it."""
    project = instance.state.rows("projects")[str(project_id)]
    mode = project["resource_group_default_process_mode"]
    groups: dict[str, list[Row]] = {}
    for row in _in_groups(instance, project_id):
        groups.setdefault(row["spec"]["resource_group"], []).append(row)
    for rows in groups.values():
        if any(row["status"] in ("pending", "running", "canceling") for row in rows):
            continue
        chosen = _next(rows, mode)
        if chosen is not None:
            jobs.change(instance, chosen, status="pending")
            instance.wake(chosen["pipeline_id"])


def waiting_pipelines(instance: Instance, ended: Row) -> set[int]:
    """Pipelines with jobs that wait for what this job has held."""
    group = ended["spec"]["resource_group"]
    if group is None:
        return set()
    rows = _in_groups(instance, ended["project_id"])
    return {row["pipeline_id"] for row in rows if row["spec"]["resource_group"] == group}


def _next(rows: list[Row], mode: str) -> Row | None:
    """`oldest_first` also waits for jobs of older pipelines that have not come as far yet."""
    waiting = [row for row in rows if row["status"] == "waiting_for_resource"]
    if not waiting:
        return None
    if mode == "newest_first":
        return max(waiting, key=lambda row: (row["pipeline_id"], -row["id"]))
    first = min(waiting, key=lambda row: (row["pipeline_id"], row["id"]) if mode == "oldest_first" else (0, row["id"]))
    if mode == "oldest_first":
        older = any(row["pipeline_id"] < first["pipeline_id"] for row in rows)
        return None if older else first
    return first


def _in_groups(instance: Instance, project_id: int) -> list[Row]:
    return [
        row
        for row in instance.state.rows(jobs.TABLE).values()
        if row["project_id"] == project_id and row["spec"]["resource_group"] and row["status"] in ALIVE
    ]


def timeout_of(instance: Instance, project: Row, spec: JobSpec) -> float:
    limit = float(project["build_timeout"])
    if spec.timeout_seconds is None:
        return limit
    return min(limit, spec.timeout_seconds) if instance.strict("job-timeout") else spec.timeout_seconds


def _after_seconds(variables: dict[str, Variable]) -> float:
    try:
        return parse_duration(variables[_AFTER_TIMEOUT].value)
    except (KeyError, BadDuration):
        return AFTER_SCRIPT_SECONDS


def _expiry(instance: Instance, row: Row, spec: JobSpec, outcome: Outcome) -> str | None:
    if outcome.reports:
        return artifacts.expiry(instance, spec.artifacts.expire_in)
    known: str | None = row["artifacts_expire_at"]
    return known
