"""A job as a runner gets it. Source: gitlab, `Ci::BuildRunnerPresenter`; gitlab-runner, common/spec/spec.go."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import orders
from portctl.sandbox.gitlab.ci.model import Artifacts, JobSpec
from portctl.sandbox.gitlab.ci.variables import Variable
from portctl.sandbox.gitlab.store import artifacts, jobs, pipelines, protection
from portctl.sandbox.gitlab.store.instance import Instance

_REASONS = (
    "unknown_failure", "script_failure", "api_failure", "stuck_or_timeout_failure", "runner_system_failure",
    "missing_dependency_failure", "runner_unsupported", "job_execution_timeout", "image_pull_failure",
)  # fmt: skip
"""Why a job may fail, as far as runners say."""
_COVERAGE_NAMES = {"cobertura": "cobertura-coverage.xml", "jacoco": "jacoco-coverage.xml"}


def payload(instance: Instance, row: Row) -> Row:
    pipeline = instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]
    project = instance.state.rows("projects")[str(row["project_id"])]
    spec = jobs.spec_of(row)
    timeout_seconds = int(orders.timeout_of(instance, project, spec))
    variables = orders.variables_of(instance, row)
    return {
        "id": row["id"],
        "token": row["token"],
        "allow_git_fetch": project["build_git_strategy"] == "fetch",
        "job_info": _job(row, pipeline, project),
        "git_info": _git(instance, pipeline, project, variables),
        "runner_info": {"timeout": timeout_seconds, "runner_session_url": None},
        "variables": [_variable(each) for each in variables.values()],
        "steps": _steps(spec, timeout_seconds),
        "hooks": [],
        "image": None if spec.image is None else {"name": spec.image, "entrypoint": None, "ports": []},
        "services": [],
        "artifacts": _artifacts(spec.artifacts) or None,
        "cache": [],
        "credentials": [],
        "dependencies": [_dependency(instance, row, sender) for sender in orders.senders(instance, row)],
        "features": {"trace_sections": True, "failure_reasons": list(_REASONS)},
    }


def _job(row: Row, pipeline: Row, project: Row) -> Row:
    return {
        "id": row["id"],
        "name": row["name"],
        "stage": row["stage"],
        "pipeline_id": pipeline["id"],
        "project_id": project["id"],
        "project_name": project["name"],
        "project_full_path": project["full_path"],
        "namespace_id": project["namespace_id"],
        "user_id": row["user_id"],
        "time_in_queue_seconds": int(jobs.seconds_between(row["queued_at"], row["started_at"]) or 0),
    }


def _git(instance: Instance, pipeline: Row, project: Row, variables: dict[str, Variable]) -> Row:
    """What to fetch: the commit by a reference of the pipeline's own, and the branch or tag that it was on."""
    kind, place = ("tags", "tags") if pipeline["tag"] else ("heads", "remotes/origin")
    depth = variables["GIT_DEPTH"].value if "GIT_DEPTH" in variables else str(project["ci_default_git_depth"] or 0)
    is_shallow = depth.isdigit() and int(depth) > 0
    ref = pipeline["ref"] if is_shallow else "*"
    own = f"refs/pipelines/{pipeline['id']}"
    instance.repository(project).run("update-ref", own, pipeline["sha"])
    whole = [] if is_shallow else ["+refs/tags/*:refs/tags/*"]
    branch = f"+refs/{kind}/{ref}:refs/{place}/{ref}" if is_shallow else "+refs/heads/*:refs/remotes/origin/*"
    return {
        "repo_url": variables["CI_REPOSITORY_URL"].value,
        "ref": pipeline["ref"],
        "sha": pipeline["sha"],
        "before_sha": pipeline["before_sha"],
        "ref_type": "tag" if pipeline["tag"] else "branch",
        "refspecs": [f"+{own}:{own}", branch, *whole],
        "depth": int(depth) if is_shallow else 0,
        "repo_object_format": "sha1",
        "protected": not pipeline["tag"] and bool(protection.covering(instance, project, pipeline["ref"])),
    }


def _variable(each: Variable) -> Row:
    return {
        "key": each.key,
        "value": each.value,
        "public": each.public,
        "masked": each.masked,
        "raw": each.raw,
        "file": each.file,
    }


def _steps(spec: JobSpec, timeout_seconds: int) -> list[Row]:
    steps: list[Row] = [
        {
            "name": "script",
            "script": [*spec.before_script, *spec.script],
            "timeout": timeout_seconds,
            "when": "on_success",
            "allow_failure": False,
        }
    ]
    if spec.after_script:
        after = {"script": list(spec.after_script), "timeout": timeout_seconds, "when": "always"}
        steps.append({"name": "after_script", **after, "allow_failure": True})
    return steps


def _artifacts(wanted: Artifacts) -> list[Row]:
    """What to hand in. Reports are wanted however the job ends."""
    found: list[Row] = []
    if wanted.paths:
        excluded = {"exclude": list(wanted.exclude)} if wanted.exclude else {}
        found.append(
            {
                "name": wanted.name,
                "paths": list(wanted.paths),
                **excluded,
                "when": wanted.when,
                "expire_in": wanted.expire_in,
                "artifact_type": "archive",
                "artifact_format": "zip",
            }
        )
    coverage = (wanted.coverage_path,) if wanted.coverage_path else ()
    kind = wanted.coverage_format or ""
    for file_type, name, paths in (
        ("junit", "junit.xml", wanted.junit),
        (kind, _COVERAGE_NAMES.get(kind, ""), coverage),
        ("dotenv", ".env", wanted.dotenv),
    ):
        if paths:
            report = {"name": name, "paths": list(paths), "when": "always", "expire_in": wanted.expire_in}
            found.append({**report, "artifact_type": file_type, "artifact_format": "gzip"})
    return found


def _dependency(instance: Instance, row: Row, sender: Row) -> Row:
    """An earlier job. The token that fetches its files is that of the job that runs."""
    archive = artifacts.report(instance, sender, "archive")
    file = {} if archive is None else {"artifacts_file": {"filename": archive["filename"], "size": archive["size"]}}
    return {"id": sender["id"], "name": sender["name"], "token": row["token"], **file}
