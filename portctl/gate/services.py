"""How one service is built, tested and deployed: what its entity in Port says, else the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        if value in (None, ""):
            continue
        if not isinstance(value, str) or len(value) > _LONGEST or "\0" in value:
            raise NoCode("No code", f"the property {property_name} of {name} is no text that can be used")
        said[field] = value
    project = said.get("project") or name
    if project.casefold() in (settings.pipelines.casefold(), settings.marks.casefold()):
        raise NoCode("No code", f"{project} is no project of a service")
    return Service(
        name=name,
        project=project,
        branch=said.get("branch", "main"),
        build=said.get("build", ""),
        test=said.get("test", ""),
        deploy=said.get("deploy", ""),
        report=said.get("report", "coverage.xml"),
    )
