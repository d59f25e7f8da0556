"""The contract tap for GitLab: every accepted request is held against GitLab's own OpenAPI description.

GitLab takes parameters from query and body alike and ignores unknown ones; a client of ours that sends an unknown
one has made a mistake all the same, so that is a complaint, too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from portctl.sandbox.core.exchange import decode_segments
from portctl.sandbox.core.journal import Exchange

GITLAB_OPENAPI = Path(__file__).resolve().parents[2] / "shared" / "contracts" / "gitlab-openapi.json"

UNDESCRIBED = {
    "GET /api/v4/users/{user}": "Users API: a single user",
    "POST /api/v4/projects/{project}/restore": "Projects API: restore a project marked for deletion",
    "POST /api/v4/projects/{project}/archive": "Projects API: archive a project",
    "POST /api/v4/projects/{project}/unarchive": "Projects API: unarchive a project",
    "GET /api/v4/projects/{project}/repository/archive": "Repositories API: get file archive",
    "GET /api/v4/projects/{project}/repository/archive.tar.gz": "Repositories API: get file archive",
    "GET /api/v4/projects/{project}/jobs/artifacts/{ref}/download": "Job artifacts API: by reference name",
    "GET /api/v4/projects/{project}/jobs/{job}/artifacts/{part0}": "Job artifacts API: a single file",
    "GET /api/v4/projects/{project}/jobs/{job}/artifacts/{part0}/{part1}": "Job artifacts API: a single file",
    "GET /api/v4/projects/{project}/jobs/{job}/artifacts/{part0}/{part1}/{part2}": "Job artifacts API: a single file",
    "POST /api/v4/runners": "gitlab-runner: registers",
    "DELETE /api/v4/runners": "gitlab-runner: leaves",
    "POST /api/v4/runners/verify": "gitlab-runner: asks whether its token is good",
    "POST /api/v4/runners/reset_authentication_token": "gitlab-runner: a new token",
    "DELETE /api/v4/runners/managers": "gitlab-runner: one machine leaves",
    "POST /api/v4/jobs/request": "gitlab-runner: asks for a job",
    "PATCH /api/v4/jobs/{job}/trace": "gitlab-runner: sends a log",
    "PUT /api/v4/jobs/{job}": "gitlab-runner: says how a job is",
    "POST /api/v4/jobs/{job}/artifacts": "gitlab-runner: hands in a file of a job",
    "GET /api/v4/jobs/{job}/artifacts": "gitlab-runner: fetches what an earlier job has left",
    "git": "Git over HTTP",
}
"""Routes that the sandbox answers and the description lacks, each with the page of GitLab's docs that has it."""

_PAGING = ("page", "per_page", "pagination", "order_by", "sort", "id_after", "id_before", "cursor", "page_token")
_DOCUMENTED = {
    "GET /api/v4/groups/{group}": ("with_projects",),
    "GET /api/v4/projects/{project}/variables/{key}": ("filter[environment_scope]",),
    "DELETE /api/v4/projects/{project}/variables/{key}": ("filter[environment_scope]",),
    "DELETE /api/v4/groups/{group}/variables/{key}": ("filter[environment_scope]",),
    "GET /api/v4/groups/{group}/variables/{key}": ("filter[environment_scope]",),
    "PUT /api/v4/groups/{group}/variables/{key}": ("filter[environment_scope]",),
    "DELETE /api/v4/projects/{project}": ("permanently_remove", "full_path"),
}
"""Parameters that GitLab's docs have and the description lacks."""

_FREE = (
    "POST /api/v4/projects/{project}/ref/{ref}/trigger/pipeline",
    "POST /api/v4/projects/{project}/trigger/pipeline",
)
"""Routes that take any body: it becomes the payload of the pipeline."""


class GitLabContract:
    """GitLab's description, ready to be asked about requests."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text(encoding="utf-8"))
        self._operations: dict[tuple[str, int], list[tuple[list[str], Mapping[str, Any]]]] = {}
        for template, methods in self._document["paths"].items():
            parts = template.strip("/").split("/")
            shared = methods.get("parameters", [])
            for method, operation in methods.items():
                if method != "parameters":
                    whole = {**operation, "parameters": [*shared, *operation.get("parameters", [])]}
                    self._operations.setdefault((method.upper(), len(parts)), []).append((parts, whole))

    def issues(self, exchange: Exchange) -> list[str]:
        """What the description says against a request; empty where nothing."""
        name = f"{exchange.method} {exchange.route}"
        if name in UNDESCRIBED or exchange.route in UNDESCRIBED:
            return []
        operation = self._operation(exchange.method, exchange.path)
        if operation is None:
            return [f"{name}: the description has no such operation"]
        schema = self._body_schema(operation)
        properties = set(schema.get("properties", {}))
        known = {each["name"] for each in operation["parameters"]} | properties | {*_PAGING, *_DOCUMENTED.get(name, ())}
        body = _body(exchange)
        sent = [key for key, _ in parse_qsl(exchange.query, keep_blank_values=True)]
        unknown = sorted(
            {key for key in [*sent, *(body or {})] if key not in known and key.partition("[")[0] not in known}
        )
        found = [] if name in _FREE else [f"{name}: unknown parameter {key}" for key in unknown]
        problems = [] if body is None else self._body_complaints(schema, body, sent)
        return found + [f"{name}: {text}" for text in problems]

    def _operation(self, method: str, path: str) -> Mapping[str, Any] | None:
        segments = decode_segments(path)
        fitting = [
            (sum(part.startswith("{") for part in parts), number, operation)
            for number, (parts, operation) in enumerate(self._operations.get((method, len(segments)), []))
            if all(part.startswith("{") or part == segment for part, segment in zip(parts, segments, strict=True))
        ]
        return min(fitting)[2] if fitting else None

    def _body_schema(self, operation: Mapping[str, Any]) -> Mapping[str, Any]:
        content = operation.get("requestBody", {}).get("content", {})
        schema: Mapping[str, Any] = next((each["schema"] for each in content.values()), {})
        while "$ref" in schema:
            schema = self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema

    def _body_complaints(self, schema: Mapping[str, Any], body: Mapping[str, Any], sent: list[str]) -> Iterable[str]:
        if not body and not schema.get("required"):
            return
        required = [key for key in schema.get("required", []) if key not in sent]
        rooted = {**schema, "required": required, "components": self._document["components"]}
        for error in Draft202012Validator(rooted).iter_errors(_without_nulls(body)):
            place = "/".join(str(part) for part in error.absolute_path)
            yield f"body/{place}: {error.message[:300]}"


def check_gitlab_exchanges(exchanges: Iterable[Exchange], openapi_path: Path = GITLAB_OPENAPI) -> int:
    """Assert that every accepted request satisfies GitLab's description; how many were checked."""
    if not openapi_path.exists():
        return 0
    contract = _contract(openapi_path)
    accepted = [each for each in exchanges if each.service == "gitlab" and 200 <= each.status < 300 and not each.note]
    issues = [text for each in accepted for text in contract.issues(each)]
    assert not issues, "\n".join(issues)
    return len(accepted)


@lru_cache(maxsize=1)
def _contract(path: Path) -> GitLabContract:
    return GitLabContract(path)


def _body(exchange: Exchange) -> dict[str, Any] | None:
    """The JSON object that was sent; None for a form, whose values have no types."""
    try:
        document = json.loads(exchange.request_body or "{}")
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def _without_nulls(value: Any) -> Any:
    """The description does not say which fields may be null."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    return [_without_nulls(inner) for inner in value] if isinstance(value, list) else value
