"""Routes for the files of jobs that runners have: handing them in, and fetching those of earlier jobs.

Source: gitlab, lib/api/ci/runner.rb and `Ci::JobArtifacts::CreateService`.
"""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import orders
from portctl.sandbox.gitlab.ci.durations import BadDuration
from portctl.sandbox.gitlab.ci.runner.dotenv import BadDotenv, parse_dotenv
from portctl.sandbox.gitlab.ci.runner.files import LARGEST_BYTES
from portctl.sandbox.gitlab.ci.runner.reports import Report
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import GitLabError, bad_parameters, forbidden, not_emulated, not_found, refused
from portctl.sandbox.gitlab.parameters import LATER, TEXT, Upload, checked, uploaded
from portctl.sandbox.gitlab.store import access, artifacts, jobs, users
from portctl.sandbox.gitlab.store.instance import Instance

_UPLOAD = {
    "token": TEXT,
    "artifact_type": TEXT,
    "artifact_format": TEXT,
    "expire_in": TEXT,
    "accessibility": LATER,
}
_FORMATS = {"archive": "zip", "dotenv": "gzip", "junit": "gzip", "cobertura": "gzip", "jacoco": "gzip"}
_AROUND_BYTES = 65_536
"""What a request has besides its file, at most: a larger one is refused before it is taken apart."""
_MISMATCH = "Validation failed: File format Invalid file format with specified file type"


def upload(call: Call) -> Answer:
    """A file of a running job, also of a type that the job's definition does not ask for: GitLab does not compare."""
    if len(call.request.body) > LARGEST_BYTES + _AROUND_BYTES:
        raise _too_large()
    sent, files = uploaded(call.request)
    values = checked(_UPLOAD, sent)
    token = values.get("token") or call.request.headers.get("job-token", "")
    row = jobs.for_runner(call.instance, call.params["job"], token)
    if "file" not in files:
        raise bad_parameters("file is missing")
    file_type = values.get("artifact_type") or "archive"
    if file_type not in _FORMATS:
        raise not_emulated(f"artifacts of the type {file_type}")
    if len(files["file"].content) > LARGEST_BYTES:
        raise _too_large()
    _keep(call.instance, row, file_type, values, files["file"])
    return Answer(201, "201")


def download(call: Call) -> Answer:
    """For a running job of the same project. What `artifacts:access` says is not asked: that is for people."""
    token = call.request.headers.get("job-token") or call.request.query("token") or ""
    asking = jobs.by_token(call.instance, token)
    row = call.instance.state.get(jobs.TABLE, call.params["job"])
    if row is None or row["project_id"] != asking["project_id"]:
        raise forbidden()
    project = call.instance.state.rows("projects")[str(row["project_id"])]
    if not access.sees_code(call.instance, users.find(call.instance, asking["user_id"]), project):
        raise forbidden()
    archive = artifacts.report(call.instance, row, "archive")
    if archive is None or not Path(archive["path"]).is_file():
        raise not_found()
    headers = {"content-disposition": f'attachment; filename="{archive["filename"]}"'}
    return Answer(200, Path(archive["path"]).read_bytes(), headers, content_type="application/octet-stream")


def _too_large() -> GitLabError:
    return refused("file size has reached maximum size limit", 413)


def _keep(instance: Instance, row: Row, file_type: str, values: dict[str, str], file: Upload) -> None:
    """Errors: 400 for a second file of a type, a format that is not the type's, variables that are no such report."""
    place = jobs.folder(instance, row) / f"uploaded-{file_type}"
    if jobs.report(row, file_type) is not None:
        if place.is_file() and place.read_bytes() == file.content:
            return
        raise refused(orders.TWICE)
    if (values.get("artifact_format") or "zip") != _FORMATS[file_type]:
        raise refused(_MISMATCH)
    dotenv: dict[str, str] = {}
    if file_type == "dotenv":
        try:
            dotenv = parse_dotenv(gzip.decompress(file.content), orders.most_dotenv_variables(instance))
        except BadDotenv as error:
            raise refused(str(error)) from error
        except (OSError, EOFError, zlib.error) as error:
            raise refused("Invalid Format") from error
    try:
        expires = artifacts.expiry(instance, values.get("expire_in"))
    except BadDuration as error:
        raise refused("Validation failed: Expire in is invalid") from error
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(file.content)
    report = Report(
        file_type=file_type, name=file.name, file_format=_FORMATS[file_type], path=place, size=len(file.content)
    )
    reports, known = [*row["reports"], orders.kept(report)], {**row["dotenv"], **dotenv}
    jobs.change(instance, row, reports=reports, dotenv=known, artifacts_expire_at=expires)
