"""Where a project's ledger is kept, and what its owner should know about that."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from portctl.cli.output import log
from portctl.cli.project_root import PRIVATE, ignoring, private_folder
from portctl.errors import ConsentNeeded
from portctl.ledger.backend import FileBackend, LedgerBackend
from portctl.model.kind import Kind
from portctl.model.project import Environment, Project
from portctl.views.json import tool_version

if TYPE_CHECKING:
    from portctl.app import Workspace

_LEDGERS = "ledger"
_BESIDE_LEDGERS = (
    "# Written by portctl: locks and unfinished writes. The ledgers themselves are worth keeping.\n*.json?*\n"
)
_KEEP = "Keep it, in git for one: it holds names and hashes, and no secrets."
_MOVE = (
    "Move it into the folder ledger, where it is looked for first, and keep it: without it, portctl does not know what "
    "is its own."
)
_NAME_ANOTHER = (
    "Name another `path:` under `ledger:` in portctl.yaml, or say `persistent: true` there when something else keeps "
    "it."
)


def ledger_backend(project: Project, environment: Environment, catalogue: Mapping[str, Kind]) -> LedgerBackend:
    path = project.root / _ledger_path(project, environment)
    return FileBackend(
        path, project=project.name, environment=environment.name, tool=tool_version(), catalogue=catalogue
    )


@contextlib.contextmanager
def hold_ledger(workspace: Workspace, holder: str) -> Iterator[None]:
    """Hold the ledger's lock for one run, and make the folders that it writes into.

    Raises LockHeld, and ConsentNeeded where the ledger would not outlive the run. What one should know about the
    ledger's place is said at the end of a run that went well.
    """
    project, environment, backend = workspace.project, workspace.environment, workspace.backend
    _refuse_forgetful_ledger(project, environment)
    path = _ledger_path(project, environment)
    private_folder(project.root)
    if path.parent == pathlib.Path(_LEDGERS):
        ignoring(project.root / _LEDGERS, _BESIDE_LEDGERS)
    known = (project.root / path).exists()
    with backend.lock(holder):
        yield
    if not environment.sandbox and not project.ledger.persistent:
        _tell_of_ledger(project, path, new=not known and (project.root / path).exists())


def _tell_of_ledger(project: Project, path: pathlib.Path, *, new: bool) -> None:
    if (project.root / path).is_relative_to(project.root / PRIVATE):
        log(f"note: git does not see the ledger {path}\n  hint: {_NAME_ANOTHER if project.ledger.path else _MOVE}")
    elif new:
        log(f"note: {path} is new: it is what portctl knows to be its own\n  hint: {_KEEP}")


def _ledger_path(project: Project, environment: Environment) -> pathlib.Path:
    """Below the project unless absolute. What is known of a sandbox means nothing on another machine."""
    if project.ledger.path:
        return pathlib.Path(project.ledger.path.replace("{environment}", environment.name))
    name = f"{environment.name}.json"
    private, kept = pathlib.Path(PRIVATE, "ledger", name), pathlib.Path(_LEDGERS, name)
    moved = (project.root / kept).exists() or not (project.root / private).exists()
    return kept if moved and not environment.sandbox else private


def _refuse_forgetful_ledger(project: Project, environment: Environment) -> None:
    """A CI runner's disk is gone after the job: a ledger on it forgets what was created."""
    if os.environ.get("CI") and not project.ledger.persistent and not environment.sandbox:
        raise ConsentNeeded(
            "Ledger would be lost",
            "this is a CI job and the ledger is a file on its disk, which is gone afterwards",
            hint="Keep the ledger's path between jobs and say `persistent: true` under `ledger:` in portctl.yaml.",
        )
