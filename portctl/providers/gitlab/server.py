"""What a GitLab server must be new enough for.

Sources: GitLab docs, "Version API"; "CI/CD inputs" (for pipelines generally available in 18.1). That a trigger works in
a project that lets nobody set variables came with GitLab's merge request 204230 (its issue 557381). The docs do not
date it; one with a slightly higher number, 205086, is of 18.5, so 18.5 is asked for: 18.4 may have it, too.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence

from portctl.errors import ApiError
from portctl.model.address import Address
from portctl.model.provider import Shortfall
from portctl.model.resource import Management, Resource
from portctl.model.value import Pending, get
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.ci import DEFAULT_FILE
from portctl.providers.gitlab.inputs import declared_inputs
from portctl.source import Path
from portctl.wire.client import Client

ROLE = "ci_pipeline_variables_minimum_override_role"
NOBODY = "no_one_allowed"
_PATH = f"{API}/version"
_INPUTS = (18, 1)
_TRIGGERS = (18, 5)
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:[.+-][\w.+-]*)?")
_CONTENT: Path = ("files", DEFAULT_FILE, "content")


class Server:
    """The server's version, asked for once and only where something depends on it. Safe to use from several threads."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._version: re.Match[str] | None = None

    def shortfalls(self, resources: Sequence[Resource]) -> Sequence[Shortfall]:
        """What of `resources`, all of one instance, this server cannot do."""
        ours = [resource for resource in resources if resource.management is not Management.OBSERVE]
        with_inputs = [resource for resource in ours if _declares_inputs(resource)]
        triggered = {resource.meta.within for resource in _of(resources, "PipelineTrigger")}
        triggered |= {resource.meta.within for resource in with_inputs}
        closed = [resource for resource in _of(ours, "Project") if _is_closed(resource, triggered)]
        return (*self._too_old_for_inputs(with_inputs), *self._too_old_for_triggers(closed))

    def _too_old_for_inputs(self, files: Sequence[Resource]) -> Iterator[Shortfall]:
        for resource in files:
            if self._numbers() < _INPUTS:
                text = (
                    f"{DEFAULT_FILE} declares `spec: inputs`, which takes GitLab {_shown(_INPUTS)}; this one is "
                    f"{self._known()[0]}. It refuses the inputs of a trigger, or starts the pipeline without them"
                )
                hint = f"Update GitLab to {_shown(_INPUTS)} or newer, or take the header away and send a payload."
                yield Shortfall(resource, _CONTENT, text, hint)

    def _too_old_for_triggers(self, projects: Sequence[Resource]) -> Iterator[Shortfall]:
        for resource in projects:
            if self._numbers() < _TRIGGERS:
                text = (
                    f"`{ROLE}: {NOBODY}` in a project that is triggered takes GitLab {_shown(_TRIGGERS)}; this one is "
                    f"{self._known()[0]}. It takes the payload of a trigger for a variable and refuses each with 400, "
                    "Insufficient permissions to set pipeline variables"
                )
                hint = (
                    f"Update GitLab to {_shown(_TRIGGERS)} or newer. To let a role set variables instead opens the "
                    "environment of every job to whoever has the trigger token."
                )
                yield Shortfall(resource, (ROLE,), text, hint)

    def _known(self) -> re.Match[str]:
        with self._lock:
            if self._version is None:
                self._version = self._asked()
            return self._version

    def _numbers(self) -> tuple[int, int]:
        return int(self._known()[1]), int(self._known()[2])

    def _asked(self) -> re.Match[str]:
        response = self._client.request("GET", _PATH)
        version = get(response.body, ("version",))
        found = _VERSION.match(version) if isinstance(version, str) else None
        if found is None:
            detail = f"GET {_PATH}: no version in the answer, and what this server can do depends on it"
            raise ApiError("Unexpected answer", detail, method="GET", path=_PATH, status=response.status)
        return found


def _of(resources: Sequence[Resource], kind: str) -> list[Resource]:
    return [resource for resource in resources if resource.kind.full_name == f"gitlab/{kind}"]


def _declares_inputs(resource: Resource) -> bool:
    if resource.kind.full_name != "gitlab/Files":
        return False
    content = get(resource.attributes, _CONTENT)
    parts = content.parts if isinstance(content, Pending) else (content,)
    return declared_inputs("".join(part for part in parts if isinstance(part, str))) is not None


def _is_closed(project: Resource, triggered: set[Address | None]) -> bool:
    return project.address in triggered and project.attributes.get(ROLE) == NOBODY


def _shown(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
