"""Routes of jobs, their logs and artifacts. Source: GitLab docs, "Jobs API", "Job artifacts API"."""

from __future__ import annotations

import zipfile
from pathlib import Path

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import deploying
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import forbidden, not_found
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import BOOLEAN, LATER, NEEDED, TEXT, Field, Type
from portctl.sandbox.gitlab.store import access, approvals, jobs, pipelines, protected_environments
from portctl.sandbox.gitlab.store import artifacts as artifact_files
from portctl.sandbox.gitlab.store.access import Level

_PLAY = {
    "job_variables_attributes": Field(Type.OBJECTS, fields={"key": NEEDED, "value": NEEDED}),
    "job_inputs": LATER,
}
_NEEDED_ACCESS = {"all": Level.NONE, "developer": Level.DEVELOPER, "maintainer": Level.MAINTAINER}
_ZIP = "application/zip"


def list_all(call: Call) -> Answer:
    project = _visible(call)
    values = call.values({"scope": Field(Type.TEXTS), "ref": TEXT})
    scope, ref = values.get("scope"), values.get("ref")
    rows = [
        row
        for row in call.tables.rows(jobs.TABLE).values()
        if row["project_id"] == project["id"]
        and (not scope or row["status"] in scope)
        and (ref is None or (call.tables.get("pipelines", str(row["pipeline_id"])) or {}).get("ref") == ref)
    ]
    return call.page(rows[::-1], lambda row: jobs.shown(call.instance, call.tables, row))


def read(call: Call) -> Answer:
    return _shown(call, _wanted(call))


def trace(call: Call) -> Answer:
    row = _wanted(call)
    project = call.project()
    level = access.project_level(call.instance, call.user, project)
    if not project["public_jobs"] and level < Level.REPORTER:
        raise forbidden()
    log = jobs.folder(call.instance, row) / "job.log"
    text = log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    return Answer(200, text, content_type="text/plain; charset=utf-8")


def artifacts(call: Call) -> Answer:
    """The whole archive."""
    row = _wanted(call)
    return _archive(call, row)


def one_artifact(call: Call) -> Answer:
    """One file of the archive."""
    row = _wanted(call)
    path = "/".join(
        call.params[f"part{number}"] for number in range(len(call.params)) if f"part{number}" in call.params
    )
    with zipfile.ZipFile(_archive_file(call, row)) as packed:
        if path not in packed.namelist():
            raise not_found()
        return Answer(200, packed.read(path), content_type="application/octet-stream")


def latest_artifacts(call: Call) -> Answer:
    """Of the last job of this name that succeeded in a pipeline that did."""
    project = _visible(call)
    name = call.values({"job": NEEDED})["job"]
    found = [
        row
        for pipeline in pipelines.rows(call.tables, project["id"])
        if pipeline["ref"] == call.params["ref"] and pipeline["status"] == "success"
        for row in jobs.of_pipeline(call.tables, pipeline)
        if row["name"] == name and row["status"] == "success"
    ]
    if not found:
        raise not_found()
    return _archive(call, found[-1])


def delete_artifacts(call: Call) -> Answer:
    call.writable_project(Level.DEVELOPER)
    row = _wanted(call)
    for report in row["reports"]:
        Path(report["path"]).unlink(missing_ok=True)
    jobs.change(call.instance, row, reports=[])
    return done()


def cancel(call: Call) -> Answer:
    call.writable_project(Level.DEVELOPER)
    force = bool(call.values({"force": BOOLEAN}).get("force"))
    row = jobs.cancel(call.instance, _wanted(call), force=force)
    return _followed(call, row)


def retry(call: Call) -> Answer:
    call.values({"inputs": LATER})
    row = _startable(call)
    jobs.check_retryable(row)
    pipeline = _pipeline(call, row)
    made = jobs.again(call.instance, pipeline, row, call.me["id"])
    made = deploying.start(call.instance, made, jobs.spec_of(made))
    pipelines.revive_after(call.instance, _pipeline(call, row), made)
    return _followed(call, made)


def play(call: Call) -> Answer:
    values = call.values(_PLAY)
    row = _startable(call)
    jobs.check_playable(row, held=approvals.holds(call.instance, call.instance.state, row))
    given = values.get("job_variables_attributes") or []
    row = jobs.change(call.instance, row, user_id=call.me["id"], played=given)
    row = jobs.enqueue(call.instance, row)
    pipelines.revive_after(call.instance, _pipeline(call, row), row)
    return _followed(call, row, 200)


def erase(call: Call) -> Answer:
    call.writable_project(Level.DEVELOPER)
    return _followed(call, jobs.erase(call.instance, _wanted(call)))


def _visible(call: Call) -> Row:
    project, _ = code(call)
    return project


def _wanted(call: Call) -> Row:
    return jobs.find(call.tables, _visible(call)["id"], call.params["job"])


def _startable(call: Call) -> Row:
    """The job, for those who may start it. A reporter may where the environment's protection names reporters, too."""
    project = call.writable_project(Level.NONE)
    row = _wanted(call)
    spec = jobs.spec_of(row)
    name = spec.environment.name if spec.environment else None
    covered = protected_environments.covering(call.instance, project["id"], name) is not None
    needed = Level.REPORTER if covered else Level.DEVELOPER
    if access.project_level(call.instance, call.me, project) < needed:
        raise forbidden()
    if deploying.bars(call.instance, row, spec, call.me):
        raise forbidden()
    return row


def _pipeline(call: Call, row: Row) -> Row:
    return call.instance.state.rows(pipelines.TABLE)[str(row["pipeline_id"])]


def _shown(call: Call, row: Row, status: int = 200) -> Answer:
    return Answer(status, jobs.shown(call.instance, call.tables, row))


def _followed(call: Call, row: Row, status: int = 201) -> Answer:
    pipelines.follow(call.instance, _pipeline(call, row))
    call.instance.wake(row["pipeline_id"])
    return _shown(call, row, status)


def _archive(call: Call, row: Row) -> Answer:
    file = _archive_file(call, row)
    name = (artifact_files.report(call.instance, row, "archive") or {})["filename"]
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Answer(200, file.read_bytes(), headers, content_type=_ZIP)


def _archive_file(call: Call, row: Row) -> Path:
    """Errors: 403 below the role of `artifacts:access`, 404 where there are none."""
    level = access.project_level(call.instance, call.user, call.project())
    wanted = row["spec"]["artifacts"]["access"]
    if wanted == "none" or level < _NEEDED_ACCESS[wanted]:
        raise forbidden()
    archive = artifact_files.report(call.instance, row, "archive")
    if archive is None:
        raise not_found()
    return Path(archive["path"])
