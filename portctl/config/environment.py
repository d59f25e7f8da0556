"""Environment files: `environments/NAME.yaml`."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from portctl.config.instances import SANDBOX_FILE, in_sandbox, read_instances, sandbox_instances
from portctl.config.project import is_file_name, read_document
from portctl.config.section import Section
from portctl.config.settings import check_version, read_guards, read_secrets, read_values
from portctl.config.values import Layer, merge_values
from portctl.disk import read_bytes
from portctl.errors import InvalidInput
from portctl.findings import Findings, did_you_mean, listing
from portctl.json_text import parse
from portctl.model.project import Environment, Project, SecretSource
from portctl.source import Source

FOLDER = "environments"
_KEYS = ("apiVersion", "sandbox", "instances", "values", "guards", "secrets")


def read_sandbox_file(project: Project) -> Mapping[str, Any] | None:
    """What a running sandbox says of itself: address and credentials of each service; None when none runs.

    The file of a sandbox that was killed is still there, and says nothing.
    """
    path = project.root / SANDBOX_FILE
    try:
        found = parse(read_bytes(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise InvalidInput(
            "The sandbox's file cannot be read",
            f"{SANDBOX_FILE}: {error.strerror if isinstance(error, OSError) else 'it is not JSON'}",
            source=Source(SANDBOX_FILE),
            hint="portctl sandbox down, then portctl sandbox up --detach",
        ) from error
    return found if isinstance(found, dict) and _runs(found.get("pid")) else None


def _runs(pid: object) -> bool:
    """Whether there is a process `pid`; true when nothing is said of it."""
    if not isinstance(pid, int):
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def load_environment(
    project: Project,
    name: str | None,
    *,
    sandbox_file: Mapping[str, Any] | None = None,
    given: Sequence[Layer] = (),
) -> Environment:
    """The environment called `name`, or the project's default one. Errors: InvalidInput.

    `sandbox_file` is what `read_sandbox_file` gave; without it a sandbox environment can be used offline. The settings
    of instances may name values, those of `given` too; where these contradict the files, whoever layers them says so.
    """
    chosen, path = _choose(project, name)
    file = f"{FOLDER}/{path.name}"
    findings = Findings("environment")
    document = read_document(path, file, findings)
    top = Section(document, findings)
    top.close(_KEYS, "An environment file")
    check_version(top)
    sandbox = top.flag("sandbox", False)
    values = read_values(top.section("values"))
    secrets = dict(read_secrets(top.section("secrets"), sandbox=sandbox))
    merged, conflicts = merge_values(project.values, values)
    for conflict in conflicts:
        detail = "portctl.yaml and this file disagree: one has a mapping here and the other has not."
        hint = "Give one of them another name, or the same shape."
        top.section("values").complain(conflict, "Value replaces a mapping", detail, hint)
    for layer in given:
        merged, _ = merge_values(merged, layer.tree)
    instances = read_instances(top.section("instances"), merged, project.root, sandbox=sandbox)
    if sandbox:
        instances, credentials = sandbox_instances(instances, sandbox_file, document, findings)
        section = top.section("secrets")
        secrets = {name: in_sandbox(source, sandbox_file, section) for name, source in secrets.items()} | credentials
    guards = read_guards(top.section("guards"), project.guards) if "guards" in top.value else None
    findings.raise_any()
    return Environment(
        name=chosen,
        file=file,
        sandbox=sandbox,
        instances=instances,
        values=values,
        guards=guards,
        secrets=secrets,
    )


def declared_secrets(project: Project, environment: Environment) -> Mapping[str, SecretSource]:
    """All declared secrets; the environment decides where one comes from."""
    return {**project.secrets, **environment.secrets}


def _choose(project: Project, name: str | None) -> tuple[str, pathlib.Path]:
    folder = project.root / FOLDER
    known = {path.stem: path for path in sorted(folder.glob("*.y*ml")) if path.suffix in (".yaml", ".yml")}
    if name == "":
        raise InvalidInput(
            "Which environment?",
            "-e is given, and names none.",
            hint="Is a variable empty? Leave -e out for the project's own choice.",
        )
    chosen = name or project.default_environment
    if not chosen and len(known) == 1:
        chosen = next(iter(known))
    if not chosen:
        raise InvalidInput(
            "Which environment?",
            f"The project has {listing(known) or 'no environment'}, and no defaultEnvironment.",
            hint="Name one with -e, or set defaultEnvironment in portctl.yaml.",
        )
    if chosen in known and is_file_name(chosen):
        return chosen, known[chosen]
    raise InvalidInput(
        "Unknown environment",
        f"There is no {FOLDER}/{chosen}.yaml.{did_you_mean(chosen, known)}",
        hint=f"Environments of this project: {listing(known) or 'none'}.",
    )
