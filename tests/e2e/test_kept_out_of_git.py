"""What `git add -A` stages in a project that was used: the ledgers of real environments, and nothing that is secret."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from portctl.sandbox import launcher
from tests.e2e.processes import portctl
from tests.e2e.refused_settings import REAL
from tests.unit.cli.conftest import PROJECT, Place
from tests.waiting import PATIENCE_SECONDS

NEW = """\
note: ledger/real.json is new: it is what portctl knows to be its own
  hint: Keep it, in git for one: it holds names and hashes, and no secrets.
"""
OLD = """\
note: git does not see the ledger .portctl/ledger/real.json
  hint: Move it into the folder ledger, where it is looked for first, and keep it: without it, portctl does not know what is its own.
"""  # noqa: E501 - as printed
NAMED = """\
note: git does not see the ledger .portctl/ledger/real.json
  hint: Name another `path:` under `ledger:` in portctl.yaml, or say `persistent: true` there when something else keeps it.
"""  # noqa: E501 - as printed


@pytest.fixture
def repository(project: Place) -> Place:
    subprocess.run(["git", "init", "--quiet"], check=True, timeout=PATIENCE_SECONDS)
    project.write("environments/real.yaml", REAL.replace("SANDBOX", project.sandbox.urls["port"]))
    return project


@pytest.fixture
def own_sandbox(repository: Place) -> Iterator[None]:
    (repository.root / ".portctl/sandbox.json").unlink()
    yield
    launcher.down(repository.root)


def staged() -> list[str]:
    """Everything that a person who adds all files would commit."""
    subprocess.run(["git", "add", "-A"], check=True, timeout=PATIENCE_SECONDS)
    listed = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
    return listed.stdout.split()


WRITTEN = [
    "blueprints/change.yaml",
    "environments/real.yaml",
    "environments/sandbox.yaml",
    "integrations/secret.yaml",
    "portctl.yaml",
]


@pytest.mark.usefixtures("own_sandbox")
def test_nothing_of_the_sandbox_is_staged(repository: Place) -> None:
    assert portctl(repository, "sandbox", "up", "--detach").code == 0
    assert (repository.root / ".portctl/sandbox.json").exists()
    assert staged() == WRITTEN
    applied = portctl(repository, "apply", "--yes")
    assert applied.code == 0, applied.err
    assert "note:" not in applied.err
    assert (repository.root / ".portctl/ledger/sandbox.json").exists()
    assert portctl(repository, "sandbox", "down").code == 0
    assert (repository.root / ".portctl/sandbox/state.json").exists()
    assert staged() == WRITTEN


def test_the_ledger_of_a_real_environment_is_staged_and_its_first_run_says_that_it_is_there(repository: Place) -> None:
    shutil.rmtree(repository.root / ".portctl")
    applied = portctl(repository, "apply", "--yes", "-e", "real")
    assert (applied.code, applied.err.endswith(NEW)) == (0, True)
    assert (repository.root / "ledger/real.json.lock").exists()
    assert staged() == sorted([*WRITTEN, "ledger/.gitignore", "ledger/real.json"])
    assert "note:" not in portctl(repository, "apply", "--yes", "-e", "real").err


def test_a_ledger_at_its_former_place_is_used_there_until_it_is_moved(repository: Place) -> None:
    assert portctl(repository, "apply", "--yes", "-e", "real").code == 0
    former = repository.root / ".portctl/ledger/real.json"
    former.parent.mkdir(parents=True, exist_ok=True)
    (repository.root / "ledger/real.json").rename(former)
    assert "2 resources" in portctl(repository, "plan", "-e", "real").out
    applied = portctl(repository, "apply", "--yes", "-e", "real")
    assert (applied.code, applied.err.endswith(OLD)) == (0, True)
    assert not (repository.root / "ledger/real.json").exists()
    former.rename(repository.root / "ledger/real.json")
    moved = portctl(repository, "destroy", "--yes", "-e", "real")
    assert (moved.code, moved.out.splitlines()[-1]) == (0, "Destroy complete: 2 deleted.")
    assert "note:" not in moved.err


@pytest.mark.parametrize(("more", "said"), [("", True), (", persistent: true", False)])
def test_a_path_that_git_does_not_see_is_used_and_said(more: str, said: bool, repository: Place) -> None:
    repository.write("portctl.yaml", f"{PROJECT}ledger: {{path: '.portctl/ledger/{{environment}}.json'{more}}}\n")
    applied = portctl(repository, "apply", "--yes", "-e", "real")
    assert (applied.code, applied.err.endswith(NAMED)) == (0, said)
    assert pathlib.Path(".portctl/ledger/real.json").exists()


def test_what_a_user_wrote_into_the_folder_stays(repository: Place) -> None:
    repository.write(".portctl/.gitignore", "sandbox*\n")
    assert portctl(repository, "apply", "--yes").code == 0
    assert (repository.root / ".portctl/.gitignore").read_text(encoding="utf-8") == "sandbox*\n"
