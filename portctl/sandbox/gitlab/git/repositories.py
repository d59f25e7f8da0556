"""All repositories of an instance, below one folder. A seeded one is written when it is first looked at."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from portctl.sandbox.gitlab.git.repository import Repository, create

_SETTINGS = (
    ("gc.auto", "0"),
    ("http.receivepack", "true"),
    ("receive.autogc", "false"),
    ("uploadpack.allowReachableSHA1InWant", "true"),
)

Fill = Callable[[Repository, dict[str, Any]], None]
"""Writes the seeded content of a project (its row) into its new repository."""


class Repositories:
    """`folder` says where they are kept; asked late, since it may not be known before the start."""

    def __init__(self, folder: Callable[[], Path], fill: Fill) -> None:
        self._folder = folder
        self._fill = fill
        self.generation = secrets.token_hex(8)

    def renew(self, generation: str | None = None) -> None:
        """Turn to another set of repositories (a new one, or the saved one) and remove all others from disk."""
        self.generation = generation or secrets.token_hex(8)
        root = self._folder()
        for old in root.iterdir() if root.is_dir() else ():
            if old.name != self.generation:
                shutil.rmtree(old)

    def path(self, project_id: int) -> Path:
        return self._folder() / self.generation / f"{project_id}.git"

    def open(self, project: dict[str, Any]) -> Repository:
        """The repository of a project, made when it is not there yet."""
        path = self.path(project["id"])
        if path.is_dir():
            return Repository(path)
        repository = create(path, project["initial_branch"], _SETTINGS)
        self._fill(repository, project)
        return repository

    def is_empty(self, project: dict[str, Any]) -> bool:
        """Whether there is no branch; does not make the repository for that."""
        path = self.path(project["id"])
        if not path.is_dir():
            return project["seeded"] is None
        packed = (path / "packed-refs").is_file()
        return not packed and not any(file.is_file() for file in (path / "refs" / "heads").rglob("*"))

    def remove(self, project_id: int) -> None:
        shutil.rmtree(self.path(project_id), ignore_errors=True)
