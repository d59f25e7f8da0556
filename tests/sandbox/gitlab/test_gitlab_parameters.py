"""No parameter that GitLab describes is passed over in silence: it is emulated, or answered with 501."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from portctl.sandbox.gitlab.handlers import (
    branches,
    commits,
    files,
    groups,
    lint,
    members,
    merge_requests,
    projects,
    triggers,
    users,
    variables,
)
from portctl.sandbox.gitlab.parameters import Fields
from portctl.sandbox.gitlab.store import settings
from tests.tap_gitlab import GITLAB_OPENAPI

P, G = "/api/v4/projects/{id}", "/api/v4/groups/{id}"
DECLARED: dict[tuple[str, str], Fields] = {
    ("/api/v4/users", "get"): users.LIST,
    ("/api/v4/groups", "get"): groups.LIST,
    ("/api/v4/groups", "post"): groups.CREATE,
    (G, "get"): groups.READ,
    (G, "put"): groups.SETTINGS,
    (f"{G}/members", "post"): members.ADD,
    (f"{G}/variables", "post"): variables.CREATE,
    (f"{G}/variables/{{key}}", "put"): {**variables.CHANGE, **variables.FILTER},
    ("/api/v4/projects", "get"): projects.LIST,
    ("/api/v4/projects", "post"): settings.CREATE,
    (P, "put"): settings.EDIT,
    (P, "delete"): projects.DELETE,
    (f"{P}/members", "post"): members.ADD,
    (f"{P}/variables", "post"): variables.CREATE,
    (f"{P}/variables/{{key}}", "put"): {**variables.CHANGE, **variables.FILTER},
    (f"{P}/triggers", "post"): triggers.CREATE,
    (f"{P}/protected_branches", "post"): branches.PROTECT,
    (f"{P}/protected_branches/{{name}}", "patch"): branches.CHANGE,
    (f"{P}/repository/tree", "get"): files.TREE,
    (f"{P}/repository/files/{{file_path}}", "post"): files.WRITE,
    (f"{P}/repository/files/{{file_path}}", "put"): files.WRITE,
    (f"{P}/repository/files/{{file_path}}", "delete"): files.DELETE,
    (f"{P}/repository/commits", "get"): commits.LIST,
    (f"{P}/repository/commits", "post"): commits.CREATE,
    (f"{P}/repository/compare", "get"): commits.COMPARE,
    (f"{P}/merge_requests", "get"): merge_requests.LIST,
    (f"{P}/merge_requests", "post"): merge_requests.CREATE,
    (f"{P}/merge_requests/{{merge_request_iid}}", "put"): merge_requests.EDIT,
    (f"{P}/merge_requests/{{merge_request_iid}}/merge", "put"): merge_requests.MERGE,
    (f"{P}/ci/lint", "get"): lint.COMMITTED,
    (f"{P}/ci/lint", "post"): lint.CONTENT,
}
PAGING = {"page", "per_page", "pagination"}


@pytest.mark.skipif(not GITLAB_OPENAPI.exists(), reason="GitLab's description does not lie beside the repository")
def test_every_described_parameter_is_declared() -> None:
    document = json.loads(GITLAB_OPENAPI.read_text(encoding="utf-8"))
    silent = {}
    for (path, method), fields in DECLARED.items():
        known = {name.partition("[")[0] for name in described(document, document["paths"][path][method])}
        silent[f"{method} {path}"] = sorted(known - set(fields) - PAGING)
    assert {name: names for name, names in silent.items() if names} == {}


def described(document: Any, operation: Any) -> set[str]:
    """Names in the query and in the body."""
    schema: Any = next((each["schema"] for each in operation.get("requestBody", {}).get("content", {}).values()), {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    query = {each["name"] for each in operation.get("parameters", []) if each["in"] == "query"}
    return query | set(schema.get("properties", {}))


@pytest.mark.fact("gitlab-42")
def test_known_parameters_of_lists_say_so_too(owner: httpx.Client) -> None:
    answer = owner.get("/projects", params={"starred": True})
    assert answer.status_code == 501
    assert answer.json() == {"error": "The sandbox does not emulate the parameter starred"}
