"""Routes of the jobs that runners have: fetch one, send its log and files, say how it ended.

Source: gitlab, lib/api/ci/runner.rb, and gitlab-runner, network/gitlab.go.

A job's token stands in the environment of its script: what a runner may do here, the code in a job may do as well.
"""

from __future__ import annotations

import gzip
import re
import zlib

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import orders
from portctl.sandbox.gitlab.ci.runner.dotenv import BadDotenv, parse_dotenv
from portctl.sandbox.gitlab.ci.runner.job import Outcome, trace_file
from portctl.sandbox.gitlab.ci.runner.reports import Report
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import bad_parameters, not_emulated, refused
from portctl.sandbox.gitlab.parameters import INTEGER, NEEDED, TEXT, checked, one_of, uploaded
from portctl.sandbox.gitlab.store import jobs, pipelines, runners
from portctl.sandbox.gitlab.store.instance import Instance

_RANGE = re.compile(r"(\d+)-(\d+)")
_TRACE_SECONDS = 3
_STATES = ("running", "success", "failed")
_UPLOAD = {"token": TEXT, "artifact_type": TEXT, "artifact_format": TEXT, "expire_in": TEXT}
_FORMATS = {"archive": "zip", "dotenv": "gzip"}
_NAMES = {"archive": "artifacts.zip", "dotenv": ".env.gz"}
_ENDED = {"token": TEXT, "state": one_of(*_STATES), "failure_reason": TEXT, "exit_code": INTEGER}


def request(call: Call) -> Answer:
    """The job that has waited longest; 204 where none does."""
    instance = call.instance
    values = call.values({"token": NEEDED, "system_id": TEXT})
    runner = runners.met(instance, runners.by_token(instance, values["token"]), values.get("system_id"))
    waiting = instance.select(jobs.TABLE, lambda row: row["status"] == "pending" and runners.takes(runner, row))
    if not waiting or runner["paused"]:
        return done()
    return Answer(201, _handed_over(instance, orders.hand_over(instance, waiting[0], runner)))


def append_trace(call: Call) -> Answer:
    token = call.request.headers.get("job-token", "")
    row = jobs.for_runner(call.instance, call.params["job"], token)
    match = _RANGE.match(call.request.headers.get("content-range", ""))
    if match is None:
        raise refused("400 Missing header Content-Range")
    file = trace_file(jobs.folder(call.instance, row))
    file.parent.mkdir(parents=True, exist_ok=True)
    size = file.stat().st_size if file.is_file() else 0
    if int(match[1]) != size:
        return Answer(416, "", {"job-status": row["status"], "range": f"0-{size}"})
    with file.open("ab") as log:
        log.write(call.request.body)
    headers = {
        "job-status": row["status"],
        "range": f"0-{size + len(call.request.body)}",
        "x-gitlab-trace-update-interval": str(_TRACE_SECONDS),
    }
    return Answer(202, "", headers)


def update(call: Call) -> Answer:
    """How the job is, or how it has ended."""
    values = call.values(_ENDED)
    token = values.get("token") or call.request.headers.get("job-token", "")
    row = jobs.for_runner(call.instance, call.params["job"], token)
    state = values.get("state", "running")
    if state != "running":
        reason = values.get("failure_reason", "unknown_failure") if state == "failed" else None
        outcome = Outcome(status=state, failure_reason=reason, exit_code=values.get("exit_code"))
        orders.hand_in(call.instance, row["id"], outcome)
    return Answer(200, None, {"job-status": row["status"]})


def upload(call: Call) -> Answer:
    """A file of a running job, whether the job's definition asks for one of this type or not: GitLab does not compare.

    Source: gitlab, lib/api/ci/runner.rb and Ci::JobArtifacts::CreateService.
    """
    sent, files = uploaded(call.request)
    values = checked(_UPLOAD, sent)
    token = call.request.headers.get("job-token", "") or values.get("token", "")
    row = jobs.for_runner(call.instance, call.params["job"], token)
    if "file" not in files:
        raise bad_parameters("file is missing")
    file_type = values.get("artifact_type") or "archive"
    if file_type not in _FORMATS:
        raise not_emulated(f"artifacts of the type {file_type}")
    if (values.get("artifact_format") or "zip") != _FORMATS[file_type]:
        raise refused("400 Bad request - Validation failed: File format Invalid file format with specified file type")
    _keep(call.instance, row, file_type, files["file"])
    return Answer(201, "201")


def _keep(instance: Instance, row: Row, file_type: str, content: bytes) -> None:
    """Errors: 400 for a second file of a type, and for variables that are no such report."""
    name = _NAMES[file_type]
    place = jobs.folder(instance, row) / f"uploaded-{name}"
    if jobs.report(row, file_type) is not None:
        if place.is_file() and place.read_bytes() == content:
            return
        raise refused(f"400 Bad request - {orders.TWICE}")
    dotenv: dict[str, str] = {}
    if file_type == "dotenv":
        try:
            dotenv = parse_dotenv(gzip.decompress(content), orders.most_dotenv_variables(instance))
        except (BadDotenv, OSError, EOFError, zlib.error) as error:
            raise refused(f"400 Bad request - {error}") from error
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    report = Report(file_type=file_type, name=name, file_format=_FORMATS[file_type], path=place, size=len(content))
    reports, known = [*row["reports"], orders.kept(report)], {**row["dotenv"], **dotenv}
    jobs.change(instance, row, reports=reports, dotenv=known)


def _handed_over(instance: Instance, row: Row) -> Row:
    pipeline = instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]
    project = instance.state.rows("projects")[str(row["project_id"])]
    spec = jobs.spec_of(row)
    timeout_seconds = int(orders.timeout_of(instance, project, spec))
    variables = orders.variables_of(instance, row)
    script = {"script": [*spec.before_script, *spec.script], "when": "on_success", "allow_failure": False}
    after = {"script": list(spec.after_script), "when": "always", "allow_failure": True}
    named = [("script", script), *([("after_script", after)] if spec.after_script else [])]
    return {
        "id": row["id"],
        "token": row["token"],
        "allow_git_fetch": True,
        "job_info": {
            "id": row["id"],
            "name": row["name"],
            "stage": row["stage"],
            "project_id": project["id"],
            "project_name": project["name"],
        },
        "git_info": {
            "repo_url": variables["CI_REPOSITORY_URL"].value,
            "ref": pipeline["ref"],
            "sha": pipeline["sha"],
            "before_sha": pipeline["before_sha"],
            "ref_type": "tag" if pipeline["tag"] else "branch",
        },
        "runner_info": {"timeout": timeout_seconds},
        "variables": [
            {
                "key": each.key,
                "value": each.value,
                "public": each.public,
                "masked": each.masked,
                "raw": each.raw,
                "file": each.file,
            }
            for each in variables.values()
        ],
        "steps": [{"name": name, "timeout": timeout_seconds, **step} for name, step in named],
        "image": None if spec.image is None else {"name": spec.image},
    }
