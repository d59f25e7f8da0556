"""How one service is built, tested and deployed: what its entity in Port says, else the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from portctl.gate.code import NoCode
from portctl.gate.settings import Settings

_LONGEST = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`build`, `test` and `deploy` are for a shell. `report`: path of the coverage report below the code."""

    name: str
    project: str
    branch: str
    build: str
    test: str
    deploy: str
    report: str


def service_of(name: str, properties: Mapping[str, Any], settings: Settings) -> Service:
    """Errors: NoCode where a property cannot be what it is there for."""
    said = dict(settings.service.defaults)
    for field, property_name in settings.service.properties.items():
        value = properties.get(property_name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if not isinstance(value, str) or len(value) > _LONGEST or not _can_be_written(value):
            raise NoCode("No code", f"the property {property_name} of {name} is no text that can be used")
        said[field] = value
    project = said.get("project") or name
    if _spelled(project) in (_spelled(settings.pipelines), _spelled(settings.marks)):
        raise NoCode("No code", f"{project} is no project of a service")
    groups = settings.service.groups
    if groups and not any(_spelled(project).startswith(f"{_spelled(group)}/") for group in groups):
        raise NoCode("No code", f"{project} lies in none of the groups of services: {', '.join(groups)}")
    return Service(
        name=name,
        project=project,
        branch=said["branch"],
        build=said["build"],
        test=said["test"],
        deploy=said["deploy"],
        report=said["report"],
    )


def _can_be_written(text: str) -> bool:
    """Into a file of a shell: without a zero, or half of a pair of surrogates."""
    return "\0" not in text and text.encode("utf-8", "replace").decode() == text


def _spelled(project: str) -> str:
    """As every spelling of one project that GitLab may take for it."""
    return unquote(project).strip().strip("/").casefold().removesuffix(".git").rstrip("/")
