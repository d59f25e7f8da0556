"""The only place where everything meets: manifests, catalogue, rules, vault, ledger, providers."""

from __future__ import annotations

import contextlib
import getpass
import importlib
import os
import pathlib
import platform
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from portctl.app import Session, Workspace
from portctl.apply.execute import Watch
from portctl.apply.journal import Journal, remove_old
from portctl.cli import interruption
from portctl.cli.ledger_location import hold_ledger, ledger_backend
from portctl.cli.output import scrub_with
from portctl.cli.project_root import PRIVATE
from portctl.cli.unused_values import with_effect
from portctl.config.environment import declared_secrets, load_environment, read_sandbox_file
from portctl.config.instances import provider_context, require_sandbox, unknown_instance
from portctl.config.project import load_project
from portctl.config.values import Layer, given_layers, layer_values, saved_layers
from portctl.errors import InvalidInput, NoConnection
from portctl.model.ledger import Run
from portctl.model.project import InstanceSettings, Project
from portctl.model.provider import Provider
from portctl.model.value import Attributes, Pending, SecretRef
from portctl.providers.catalogue import catalogue
from portctl.providers.rules import all_rules
from portctl.template.context import RenderContext
from portctl.vault import SecretMissing, Vault
from portctl.wire.client import Observer
from portctl.wire.retry import MAX_WAIT_SECONDS, RetryPolicy

_COMMIT_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the options that select a project, an environment and values were set to."""

    directory: pathlib.Path = pathlib.Path(".")
    environment: str | None = None
    value_files: tuple[pathlib.Path, ...] = ()
    sets: tuple[str, ...] = ()
    json_sets: tuple[str, ...] = ()
    saved_values: tuple[Attributes, ...] | None = None
    """Those of a saved plan, in the place of all that files, variables and options say now."""

    workers: int = 8

    @property
    def gives_values(self) -> bool:
        return bool(self.value_files or self.sets or self.json_sets)

    max_wait_seconds: float = MAX_WAIT_SECONDS


def open_workspace(choices: Choices) -> Workspace:
    """Everything that can be known offline. Raises InvalidInput for a project or environment that cannot be used."""
    project = load_project(choices.directory)
    if choices.saved_values is not None:
        return _workspace(choices, project, saved_layers(choices.saved_values))
    given = given_layers(files=choices.value_files, environ=os.environ, sets=choices.sets, json_sets=choices.json_sets)
    return with_effect(given, lambda layers: _workspace(choices, project, layers))


def _workspace(choices: Choices, project: Project, given: Sequence[Layer]) -> Workspace:
    sandbox_file = read_sandbox_file(project)
    environment = load_environment(project, choices.environment, sandbox_file=sandbox_file, given=given)
    values = layer_values(project, environment, given)
    vault = Vault(declared_secrets(project, environment), root=project.root, environ=os.environ)
    vault.recognise()
    scrub_with(vault.scrub)
    return Workspace(
        project=project,
        environment=environment,
        values=values,
        context=RenderContext(
            environment=environment.name, providers=provider_context(environment), secrets=vault.declared
        ),
        catalogue=catalogue(),
        rules=all_rules(),
        backend=ledger_backend(project, environment, catalogue()),
        vault=vault,
        workers=choices.workers,
        retry_policy=RetryPolicy(max_wait_seconds=choices.max_wait_seconds),
    )


@dataclass(frozen=True, slots=True)
class Told:
    """The wire's observer: writes go to the journal, and what is waited for to the one who watches."""

    journal: Journal
    watch: Watch

    def intent(self, method: str, path: str) -> int:
        return self.journal.intent(method, path)

    def result(self, token: int, status: int | None) -> None:
        self.journal.result(token, status)

    def waiting(self, text: str) -> None:
        self.watch.waiting(text)


@contextlib.contextmanager
def open_session(
    workspace: Workspace, *, read_only: bool, watch: Watch, sleep: Callable[[float], None] = interruption.sleep
) -> Iterator[Session]:
    """Bring the services within reach; with `read_only` False also hold the ledger's lock until the end.

    `sleep` is how retries and late lists are waited for.
    """
    project, environment = workspace.project, workspace.environment
    require_sandbox(environment)
    run = Run(id=uuid.uuid4().hex[:12], who=_who(), commit=_commit(project.root), started=time.time(), operations={})
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(run.started))
    journal = Journal(project.root / PRIVATE / "journal" / f"{environment.name}-{stamp}-{run.id}.jsonl")

    def connect(name: str) -> Provider:
        return _connect(workspace, name, read_only=read_only, observer=Told(journal, watch), sleep=sleep)

    with contextlib.ExitStack() as stack:
        stack.callback(journal.close)
        if not read_only:
            stack.enter_context(hold_ledger(workspace, f"{run.who}, run {run.id}"))
            remove_old(journal.path.parent)
        session = Session(workspace=workspace, connect=connect, watch=watch, run=run, sleep=sleep)
        stack.callback(_close, session)
        try:
            yield session
        except NoConnection as error:
            if environment.sandbox:
                error.hint = "The sandbox may have ended. Start it again: portctl sandbox up --detach"
            raise


def _close(session: Session) -> None:
    for provider in session.providers.values():
        provider.close()


def _connect(
    workspace: Workspace, name: str, *, read_only: bool, observer: Observer, sleep: Callable[[float], None]
) -> Provider:
    provider, _, instance = name.partition("@")
    settings = workspace.environment.instances.get((provider, instance))
    if settings is None:
        raise InvalidInput(
            "Instance not configured",
            unknown_instance(workspace.environment, provider, instance),
            hint=f"Add instances.{provider}.{instance} to {workspace.environment.file}.",
        )
    _require_secrets(workspace, provider, instance)
    api = importlib.import_module(f"portctl.providers.{provider}.api")
    made: Provider = api.connect(
        settings,
        vault=workspace.vault,
        read_only=read_only,
        observer=observer,
        retry_policy=workspace.retry_policy,
        sleep=sleep,
    )
    return made


def _require_secrets(workspace: Workspace, provider: str, instance: str) -> None:
    """Raise SecretMissing when this instance lacks a secret, naming all that any instance lacks."""
    vault, instances = workspace.vault, workspace.environment.instances
    if all(vault.available(name) for name in _secrets_of(instances[provider, instance])):
        return
    lacking = [
        f"secret {name!r}: {vault.why_not(name)}"
        for name in dict.fromkeys(name for settings in instances.values() for name in _secrets_of(settings))
        if not vault.available(name)
    ]
    raise SecretMissing(
        "Secret not available" if len(lacking) == 1 else "Secrets not available",
        "\n".join(lacking),
        hint="Provide it where portctl.yaml or the environment file says it comes from, then run again.",
    )


def _secrets_of(settings: InstanceSettings) -> tuple[str, ...]:
    """The secrets in the settings of an instance."""
    placeholders = [
        placeholder
        for value in settings.settings.values()
        if isinstance(value, Pending)
        for placeholder in value.placeholders()
    ]
    return tuple(placeholder.name for placeholder in placeholders if isinstance(placeholder, SecretRef))


def _who() -> str:
    for name in ("GITLAB_USER_LOGIN", "GITHUB_ACTOR"):
        if os.environ.get(name):
            return os.environ[name]
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    return f"{user}@{platform.node()}"


def _commit(root: pathlib.Path) -> str:
    for name in ("CI_COMMIT_SHA", "GITHUB_SHA"):
        if os.environ.get(name):
            return os.environ[name]
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=_COMMIT_TIMEOUT_SECONDS,
            check=False,
        )
        if answer.returncode == 0:
            return answer.stdout.strip()
    return ""
