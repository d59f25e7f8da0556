"""What GitLab's refusals mean. Their shape depends on who refuses: parameter check, model, service, authentication.

Source: GitLab docs, "REST API troubleshooting"; statuses count, texts are only shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.model.value import Value, get
from portctl.providers.gitlab.account import USER_PATH
from portctl.wire.client import Refused

_SCOPE = "insufficient_scope"
_ROLES = (
    (r"/projects/[^/]+/(variables|triggers)", "It takes the role Maintainer in the project."),
    (r"/groups/[^/]+/variables", "It takes the role Owner in the group."),
    (
        r"/projects/[^/]+/(repository|merge_requests|ci)",
        "It takes the role Developer in the project, or Maintainer where the branch is protected.",
    ),
    (r"/projects/[^/]+$", "It takes the role Maintainer in the project, or Owner to delete it."),
    (r"/projects$", "It takes a role in the group that may create projects (group settings, permissions)."),
)


def translate(refused: Refused) -> PortctlError:
    """A refusal as one of our errors."""
    said = said_by(refused.body) or f"status {refused.status}"
    where = f"{refused.method} {refused.path}"
    if refused.status == 401:
        return AccessDenied(
            "Login refused",
            f"{where}: {said}",
            hint="Check the secret behind `token`: expired and revoked tokens are refused, too.",
        )
    if refused.status == 403:
        return AccessDenied("Not allowed", f"{where}: {said}", hint=_role_hint(refused))
    if refused.status in (404, 405, 501) and refused.path == USER_PATH:
        return AccessDenied(
            "Not GitLab's API", f"{where}: {said}", hint="`url` is the address people open, or its API."
        )
    return ApiError(
        "GitLab refused a request",
        f"{where} ({refused.status}): {said}",
        method=refused.method,
        path=refused.path,
        status=refused.status,
        hint=_HINTS.get(refused.status, ""),
    )


def said_by(body: Value) -> str:
    """The text of a refusal: `message` (text, list, or texts by field), else `error` with its description."""
    message = get(body, ("message",))
    if isinstance(message, str | Mapping | tuple):
        return "; ".join(_lines(message))
    texts = (get(body, (name,)) for name in ("error", "error_description"))
    return ": ".join(text for text in texts if isinstance(text, str))


_HINTS = {
    404: "Absent, or not visible to this user: GitLab does not say which.",
    409: "Somebody else made or changed it meanwhile: plan again.",
    429: "A limit of this GitLab is used up; wait a minute, or use fewer `--workers`.",
}


def _lines(message: Value, field: str = "") -> Iterator[str]:
    if isinstance(message, Mapping):
        for name, texts in message.items():
            yield from _lines(texts, field if name == "base" else f"{field}.{name}" if field else str(name))
    elif isinstance(message, tuple):
        for text in message:
            yield from _lines(text, field)
    else:
        yield f"{field}: {message}" if field else str(message)


def _role_hint(refused: Refused) -> str:
    if get(refused.body, ("error",)) == _SCOPE:
        return "The token lacks a scope: `api` for an apply, `read_api` is enough for a plan."
    for pattern, hint in _ROLES:
        if re.search(pattern, refused.path):
            return f"This user may not do this. {hint}"
    return "This user may not do this."
