"""How requests to GitLab are signed. Source: GitLab docs, "REST API authentication"."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from portctl.wire.client import Client

TOKEN_HEADER = "PRIVATE-TOKEN"


class PrivateToken:
    """A personal, project, group or service account token on every request. Looked up when the first one is sent."""

    def __init__(self, text: Callable[[], str]) -> None:
        self._text = text

    def headers(self, client: Client) -> Mapping[str, str]:  # noqa: ARG002
        return {TOKEN_HEADER: self._text()}

    def renew(self, used: Mapping[str, str]) -> bool:  # noqa: ARG002
        """There is no other token to try."""
        return False
