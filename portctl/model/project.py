"""What the project file and an environment file say."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portctl.model.diagnostic import Severity
from portctl.model.value import Attributes, Pending
from portctl.source import Source, SourceMap


class SecretOrigin(StrEnum):
    """Where a secret's value comes from. `VALUE` and `SANDBOX` are only accepted in a sandbox environment."""

    ENV = "env"
    DOTENV = "dotenv"
    FILE = "file"
    COMMAND = "command"
    VALUE = "value"
    SANDBOX = "sandbox"


@dataclass(frozen=True, slots=True)
class SecretSource:
    """A declared secret.

    `argument`: the variable for ENV and DOTENV, a path for FILE, the text for VALUE, the words for COMMAND; service,
    person and credential for SANDBOX (`servicenow.gate.password`), which is VALUE once the sandbox runs.
    """

    name: str
    origin: SecretOrigin
    argument: str | tuple[str, ...] = field(repr=False)
    dotenv: str = ".env"


@dataclass(frozen=True, slots=True)
class Guards:
    """How much one apply may delete: the smaller of a number and a share of what the ledger holds."""

    deletes: int = 5
    delete_share: float = 0.2


@dataclass(frozen=True, slots=True)
class LedgerSettings:
    """Where the ledger lives. `path` is in the project, or absolute, and may name `{environment}`; "" when not said."""

    backend: str = "file"
    path: str = ""
    persistent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceSettings:
    """How to reach one instance. `settings` are the provider's own (url, credentials, expected organisation)."""

    provider: str
    name: str
    settings: Mapping[str, str | bool | int | Pending]
    sources: SourceMap


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """One environment file."""

    name: str
    file: str
    sandbox: bool = False
    instances: Mapping[tuple[str, str], InstanceSettings] = field(default_factory=dict)
    values: Attributes = field(default_factory=dict)
    guards: Guards | None = None
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project file. `root` is the folder it stands in."""

    root: pathlib.Path
    name: str
    requires: str = ""
    default_environment: str = ""
    manifests: tuple[str, ...] = ("blueprints", "actions", "automations", "integrations", "pipelines", "servicenow")
    named: Mapping[str, Source] = field(default_factory=dict, compare=False)
    """Where the project file names which of `manifests`; a folder that it does not name need not exist."""

    ledger: LedgerSettings = field(default_factory=LedgerSettings)
    guards: Guards = field(default_factory=Guards)
    rules: Mapping[str, Severity] = field(default_factory=dict)
    secrets: Mapping[str, SecretSource] = field(default_factory=dict)
    values: Attributes = field(default_factory=dict)
