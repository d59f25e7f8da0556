"""GitLab's refusals. Their shapes differ by origin: parameter check, model, service, authentication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.sandbox.core.exchange import Answer


class GitLabError(Exception):
    """A refusal: HTTP status and body as GitLab would send them."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> Answer:
        if isinstance(self.body, str):
            return Answer(self.status, self.body, self.headers, content_type="text/plain; charset=utf-8")
        return Answer(self.status, self.body, self.headers)


def bad_parameters(text: str) -> GitLabError:
    """The parameter check: `{"error": "ref is missing, token is missing"}`."""
    return GitLabError(400, {"error": text})


def invalid(**fields: list[str]) -> GitLabError:
    """Model validation: `{"message": {"value": ["is invalid"]}}`."""
    return GitLabError(400, {"message": fields})


def refused(message: str, status: int = 400) -> GitLabError:
    """A service's text: `{"message": "..."}`."""
    return GitLabError(status, {"message": message})


def unauthorized() -> GitLabError:
    return GitLabError(401, {"message": "401 Unauthorized"})


def forbidden(reason: str = "") -> GitLabError:
    return GitLabError(403, {"message": f"403 Forbidden - {reason}" if reason else "403 Forbidden"})


def not_found(what: str = "") -> GitLabError:
    """Absent, or not to be seen by the caller: GitLab does not say which."""
    return GitLabError(404, {"message": f"404 {what} Not Found" if what else "404 Not Found"})


def not_emulated(what: str) -> GitLabError:
    return GitLabError(501, {"error": f"The sandbox does not emulate {what}"})
