"""What GitLab's refusals become, by their shape and status."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.model.value import freeze
from portctl.providers.gitlab.refusals import said_by, translate
from portctl.wire.client import Refused

DEVELOPER = "It takes the role Developer in the project, or Maintainer where the branch is protected."
PROJECT = "/api/v4/projects/a%2Fb"


def refusal(status: int, body: Any, path: str = PROJECT, method: str = "PUT") -> PortctlError:
    return translate(Refused(method=method, path=path, status=status, body=freeze(body)))


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"message": "403 Forbidden"}, "403 Forbidden"),
        ({"message": {"value": ["is invalid", "is too short"], "key": ["(X) has already been taken"]}},
         "value: is invalid; value: is too short; key: (X) has already been taken"),
        ({"message": {"base": ["Reference not found"]}}, "Reference not found"),
        ({"message": {"project": {"namespace": ["is not valid"]}}}, "project.namespace: is not valid"),
        ({"message": ["Another open merge request already exists for this source branch: !7"]},
         "Another open merge request already exists for this source branch: !7"),
        ({"message": {"error": "This endpoint has been requested too many times."}},
         "error: This endpoint has been requested too many times."),
        ({"error": "ref is missing, token is missing"}, "ref is missing, token is missing"),
        ({"error": "invalid_token", "error_description": "Token is expired."}, "invalid_token: Token is expired."),
        ({"message": {"limit": [3]}}, "limit: 3"),
        ({}, ""),
        (None, ""),
        ("text", ""),
        ([1], ""),
    ],
)  # fmt: skip
def test_every_shape_of_a_refusal_is_read(body: Any, text: str) -> None:
    assert said_by(freeze(body)) == text


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        (f"{PROJECT}/variables/K", "It takes the role Maintainer in the project."),
        (f"{PROJECT}/triggers", "It takes the role Maintainer in the project."),
        ("/api/v4/groups/a/variables", "It takes the role Owner in the group."),
        (f"{PROJECT}/repository/commits", DEVELOPER),
        (f"{PROJECT}/ci/lint", DEVELOPER),
        (PROJECT, "It takes the role Maintainer in the project, or Owner to delete it."),
        ("/api/v4/projects", "It takes a role in the group that may create projects (group settings, permissions)."),
    ],
)  # fmt: skip
def test_a_403_names_the_role_that_it_takes(path: str, hint: str) -> None:
    error = refusal(403, {"message": "403 Forbidden"}, path)
    assert isinstance(error, AccessDenied)
    assert (error.summary, error.detail) == ("Not allowed", f"PUT {path}: 403 Forbidden")
    assert error.hint == f"This user may not do this. {hint}"


def test_a_403_elsewhere_says_only_that() -> None:
    assert refusal(403, {}, "/api/v4/elsewhere").hint == "This user may not do this."


def test_a_missing_scope_is_told_from_a_missing_role() -> None:
    error = refusal(403, {"error": "insufficient_scope", "error_description": "More is needed.", "scope": "api"})
    assert error.detail == f"PUT {PROJECT}: insufficient_scope: More is needed."
    assert error.hint == "The token lacks a scope: `api` for an apply, `read_api` is enough for a plan."


@pytest.mark.parametrize("path", [PROJECT, "/api/v4/user"])
def test_a_401_is_about_the_token(path: str) -> None:
    error = refusal(401, {"message": "401 Unauthorized"}, path)
    assert isinstance(error, AccessDenied)
    assert error.summary == "Login refused"


def test_a_404_of_the_user_means_another_api() -> None:
    error = refusal(404, {"error": "404 Not Found"}, "/api/v4/user", "GET")
    assert (type(error), error.summary) == (AccessDenied, "Not GitLab's API")


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (400, ""),
        (404, "Absent, or not visible to this user: GitLab does not say which."),
        (409, "Somebody else made or changed it meanwhile: plan again."),
        (422, ""),
        (429, "A limit of this GitLab is used up; wait a minute, or use fewer `--workers`."),
        (500, ""),
    ],
)
def test_the_rest_carries_method_path_and_status(status: int, hint: str) -> None:
    error = refusal(status, None)
    assert isinstance(error, ApiError)
    assert (error.method, error.path, error.status, error.hint) == ("PUT", PROJECT, status, hint)
    assert error.detail == f"PUT {PROJECT} ({status}): status {status}"
