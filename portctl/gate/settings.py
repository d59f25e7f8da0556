"""The settings file of the gate, which `portctl apply` writes beside the pipeline: addresses, limits and names.

They come from a file, not from variables: whoever may set a variable of a pipeline must not choose where a credential
is sent, or how much coverage is enough.
"""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from portctl.disk import read_text
from portctl.errors import InvalidInput
from portctl.gate.evidence import Policy
from portctl.json_text import parse

_HINT = "`portctl apply` writes this file: correct its template, or the values of the environment."
_DAY_SECONDS = 86_400.0
_MOST = 1e9
"""Of any number: no limit that somebody means is larger."""
_COMMANDS = ("branch", "build", "test", "report", "deploy")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNowSettings:
    """`account`: the user that opens changes. `signs_in`: its setting of `auth` other than the secret.

    `port_account`: the user behind Port's decisions. `columns`: more columns of a new change, as ServiceNow has them.
    `service_columns`: those that a property of the service in Port fills, by column.
    """

    url: str
    account: str
    port_account: str
    signs_in: Mapping[str, str]
    assignment_group: str
    columns: Mapping[str, str] = field(default_factory=dict)
    service_columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """How services are built, tested and deployed where they do not say so themselves.

    `properties`: for each of these names, the property of Port's entity that says otherwise. `groups`: of GitLab, in
    one of which the project of a service lies; any where there are none.
    """

    defaults: Mapping[str, str]
    properties: Mapping[str, str]
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`pipelines` and `marks`: paths of projects. `ref`: the branch whose pipeline deploys."""

    port_url: str
    gitlab_url: str
    pipelines: str
    ref: str
    marks: str
    environments: tuple[str, ...]
    servicenow: ServiceNowSettings
    service: ServiceSettings
    policy: Policy
    decision_wait_seconds: float


def read_settings(path: pathlib.Path) -> Settings:
    """Errors: InvalidInput, with the file and the key."""
    try:
        # Numbers that JSON cannot say are found where they stand, so that their key can be told.
        document = parse(read_text(path), parse_float=float, parse_int=int, parse_constant=float)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no JSON text"
        raise InvalidInput("No settings", f"{path}: {reason}", hint=_HINT) from error
    top = _Section(str(path), document)
    policy, snow, service = top.section("policy"), top.section("servicenow"), top.section("service")
    defaults = service.mapping("defaults", *_COMMANDS)
    return Settings(
        port_url=top.text("port"),
        gitlab_url=top.text("gitlab"),
        pipelines=top.text("pipelines"),
        ref=top.text("ref"),
        marks=top.text("marks"),
        environments=tuple(top.texts("environments")),
        servicenow=ServiceNowSettings(
            url=snow.text("url"),
            account=snow.text("account"),
            port_account=snow.text("port_account"),
            signs_in=snow.mapping("auth"),
            assignment_group=snow.text("assignment_group"),
            columns=snow.mapping("columns"),
            service_columns=snow.mapping("service_columns"),
        ),
        service=ServiceSettings(
            defaults=defaults,
            properties=service.mapping("properties"),
            groups=tuple(service.texts("groups", least=0)),
        ),
        policy=Policy(
            threshold=policy.number("coverage_threshold"),
            always_ask=tuple(policy.texts("always_ask", least=0)),
            requester_may_approve=policy.flag("requester_may_approve"),
            requester_needs_account=policy.flag("requester_needs_account"),
            longest_pipeline_seconds=60 * policy.number("longest_pipeline_minutes"),
            marks_kept_seconds=policy.number("marks_kept_days") * _DAY_SECONDS,
        ),
        decision_wait_seconds=policy.number("decision_wait_seconds"),
    )


def _is_text(value: Any) -> bool:
    """Half of a pair of surrogates, which JSON can say, is none."""
    return isinstance(value, str) and not any("\ud800" <= each <= "\udfff" for each in value)


class _Section:
    """A mapping of the file, which knows where it stands."""

    def __init__(self, place: str, document: Any) -> None:
        self._place = place
        if not isinstance(document, dict):
            raise self._wrong("is not a mapping")
        self._document: dict[str, Any] = document

    def section(self, name: str) -> _Section:
        return _Section(f"{self._place}: {name}", self._get(name))

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise self._wrong("is not a text", name)
        return value

    def texts(self, name: str, *, least: int = 1) -> list[str]:
        value = self._get(name)
        if not isinstance(value, list) or len(value) < least or not all(_is_text(each) and each for each in value):
            raise self._wrong("is not a list of texts", name)
        return value

    def number(self, name: str) -> float:
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
            raise self._wrong("is not a number from 0 to a billion", name)
        return float(value)

    def flag(self, name: str) -> bool:
        value = self._get(name)
        if not isinstance(value, bool):
            raise self._wrong("is neither true nor false", name)
        return value

    def mapping(self, name: str, *needed: str) -> Mapping[str, str]:
        value = self._get(name)
        if not isinstance(value, dict) or not all(map(_is_text, value.values())):
            raise self._wrong("is not a mapping of texts", name)
        for key in needed:
            if key not in value:
                raise self._wrong("is missing", f"{name}: {key}")
        return value

    def _get(self, name: str) -> Any:
        if name not in self._document:
            raise self._wrong("is missing", name)
        return self._document[name]

    def _wrong(self, what: str, name: str = "") -> InvalidInput:
        place = f"{self._place}: {name}" if name else self._place
        return InvalidInput("Settings that cannot be used", f"{place} {what}", hint=_HINT)
