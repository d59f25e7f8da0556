"""The table of least privileges in docs/kinds.md: what a line says is enough, and one role less is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from portctl.errors import AccessDenied, PortctlError
from portctl.model.kind import Kind
from portctl.model.provider import About, Provider, WriteRequest
from portctl.model.resource import Identity
from portctl.model.value import freeze
from portctl.providers.catalogue import catalogue
from portctl.sandbox.server import Sandbox
from tests.contract.conftest import Connect
from tests.contract.servicenow_objects import COLUMN, MEMBER, MESSAGE, RULE, provider_for
from tests.contract.test_port_provider import LIVES as OF_PORT
from tests.contract.test_port_provider import action, write_request
from tests.sandbox.servicenow.snow import clients

KINDS = catalogue()
PIPELINES = "platform/pipelines"
NOBODY = ""
"""For what every member may do: there is no lesser role."""


@dataclass(frozen=True, slots=True)
class Trial:
    """`enough` and `less` are credentials, or roles; `refusal` is what the message or hint of a refusal says."""

    kind: str
    reads: bool
    enough: str
    less: str
    refusal: str

    @property
    def id(self) -> str:
        return f"{self.kind} {'read' if self.reads else 'written'} as {self.enough} and not as {self.less or 'nobody'}"


TRIALS = [
    *(
        trial
        for name in ("Blueprint", "Action", "ActionPermissions", "Automation", "Secret", "Webhook", "Entity")
        for trial in (
            Trial(f"port/{name}", True, "member", NOBODY, ""),
            Trial(f"port/{name}", False, "default", "member", "a user with the role Admin"),
        )
    ),
    Trial("gitlab/Variable", True, "maintainer", "developer", "the role Maintainer in the project"),
    Trial("gitlab/Variable", False, "maintainer", "developer", "the role Maintainer in the project"),
    Trial("gitlab/GroupVariable", True, "owner", "maintainer", "the role Owner in the group"),
    Trial("gitlab/GroupVariable", False, "owner", "maintainer", "the role Owner in the group"),
    Trial("gitlab/PipelineTrigger", True, "maintainer", "developer", "the role Maintainer in the project"),
    Trial("gitlab/PipelineTrigger", False, "maintainer", "developer", "the role Maintainer in the project"),
    Trial("gitlab/Files", True, "reporter", "outsider", ""),
    Trial("gitlab/Files", False, "maintainer", "developer", "Maintainer where the branch is protected"),
    Trial("gitlab/Project", True, "guest", "outsider", ""),
    Trial("gitlab/Project", False, "maintainer", "developer", "the role Maintainer in the project"),
    *(
        Trial(f"servicenow/{name}", reads, role, "", f"it takes the role {role}, or admin")
        for name, role in (
            ("Column", "personalize_dictionary"),
            ("BusinessRule", "business_rule_admin"),
            ("RestMessage", "web_service_admin"),
            ("Record", "user_admin"),
        )
        for reads in (True, False)
        if (name, reads) != ("Record", True)
    ),
]
OF_GITLAB: Mapping[str, tuple[Identity, dict[str, Any]]] = {
    "gitlab/Variable": ((PIPELINES, "LEAST", "*"), {"key": "LEAST", "value": "1"}),
    "gitlab/GroupVariable": (("platform", "LEAST", "*"), {"group": "platform", "key": "LEAST", "value": "1"}),
    "gitlab/PipelineTrigger": ((PIPELINES, "least"), {"description": "least"}),
    "gitlab/Files": ((PIPELINES, "main"), {"branch": "main", "files": {"least.txt": {"content": "1\n"}}}),
    "gitlab/Project": ((PIPELINES,), {"path_with_namespace": PIPELINES, "description": "least"}),
}
OF_SERVICENOW: Mapping[str, Mapping[str, Any]] = {
    "Column": COLUMN,
    "BusinessRule": RULE,
    "RestMessage": MESSAGE,
    "Record": MEMBER,
}


def test_every_kind_is_tried() -> None:
    assert {trial.kind for trial in TRIALS if not trial.reads} == set(KINDS)


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.id)
def test_what_is_enough_is_enough_and_one_role_less_is_refused(
    sandbox: Sandbox, connected: Connect, as_user: Callable[..., Provider], trial: Trial
) -> None:
    connect: Callable[[str], Any] = as_user if trial.kind.startswith("gitlab/") else connected
    if trial.kind.startswith("servicenow/"):
        with _someone(sandbox, trial.less) as less:
            _refused(trial, less)
        with _someone(sandbox, trial.enough) as enough:
            _tried(trial, enough)
        return
    if trial.kind == "port/ActionPermissions":
        connected().create(KINDS["port/Action"], write_request(("deploy",), action()))
    if trial.less:
        _refused(trial, connect(trial.less))
    _tried(trial, connect(trial.enough))


def _refused(trial: Trial, provider: Provider) -> None:
    with pytest.raises(AccessDenied) as caught:
        _tried(trial, provider)
    assert trial.refusal in f"{caught.value.detail} {caught.value.hint}"


def _tried(trial: Trial, provider: Provider) -> object:
    """Read, or write, one object of the kind."""
    kind = KINDS[trial.kind]
    identity, body = _object(kind)
    known = About(freeze(body), frozenset())
    if trial.reads:
        return provider.read(kind, [identity], {identity: known})
    tops = tuple((key,) for key in body)
    wanted = WriteRequest(identity=identity, attributes=freeze(body), changed=tops, merge=True)
    live = provider.read(kind, [identity], {identity: known}).get(identity)
    return provider.create(kind, wanted) if live is None else provider.update(kind, live, wanted)


def _object(kind: Kind) -> tuple[Identity, dict[str, Any]]:
    if kind.provider == "gitlab":
        return OF_GITLAB[kind.full_name]
    if kind.provider == "servicenow":
        body = OF_SERVICENOW[kind.name]
        return tuple(str(body[name]) for name in kind.identity), dict(body)
    if kind.name == "ActionPermissions":
        return ("deploy",), {"execute": {"roles": ["Admin"]}}
    return next((identity, body) for name, identity, body, _ in OF_PORT if name == kind.name)


@contextmanager
def _someone(sandbox: Sandbox, role: str) -> Iterator[Provider]:
    """A user of ServiceNow who has this role and no other."""
    with clients(sandbox) as snow:
        if role:
            user, found = snow.id_of("sys_user", user_name="norman.norole"), snow.id_of("sys_user_role", name=role)
            snow.create("sys_user_has_role", user=user, role=found)
    with provider_for(sandbox, "noroles", ("apiKey",)) as provider:
        yield provider


def test_a_refusal_is_exit_code_8(sandbox: Sandbox) -> None:
    with provider_for(sandbox, "developer") as provider, pytest.raises(PortctlError) as caught:
        provider.read(KINDS["servicenow/Column"], [("change_request", "u_external_tags")])
    assert int(caught.value.exit_code) == 8
