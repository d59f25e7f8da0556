"""Law 6 where it counts: whatever request of an apply or a destroy breaks, and however, the next run ends it.

On the examples of every kind, and on this repository's own manifests.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from portctl.config.project import load_project
from portctl.sandbox.process import describe
from portctl.sandbox.server import Sandbox
from tests.figures import record
from tests.laws.crashes import Case, Clocked, Crashes
from tests.laws.samples import MANIFESTS, SECRETS
from tests.laws.samples_changed import CHANGED_SECRETS, changed
from tests.laws.wire import Break, breakable
from tests.sampling import chosen

_IN_PARTS = re.compile(r"POST .*/table/sys_rest_message|/projects(/platform%2F[a-z]+)?$")
ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLE = int(os.environ.get("PORTCTL_CRASHES") or 8)
"""How many runs break in a run of the tests, of each project."""

PART, PARTS = (int(number) for number in os.environ.get("PORTCTL_PART", "1/1").split("/"))
"""Of all cases, every so many from this one on: an exhaustive run takes hours, and may be cut into parts."""


@contextmanager
def played(folder: pathlib.Path, project: Callable[[Clocked], tuple[Callable[[], None], ...]]) -> Iterator[Crashes]:
    """A project on a sandbox of its own, with what it leaves when nothing breaks."""
    with Sandbox() as sandbox, breakable(sandbox) as wire:
        world = Clocked(folder / "project", sandbox)
        first, second = project(world)
        crashes = Crashes(world, wire, first, second, folder / "snapshots")
        crashes.prepare()
        yield crashes
        assert sandbox.world.crashes == []


def every_kind(world: Clocked) -> tuple[Callable[[], None], ...]:
    def first() -> None:
        world.manifests(MANIFESTS)
        world.environment(SECRETS)

    def second() -> None:
        world.manifests(changed())
        world.environment(CHANGED_SECRETS)

    return first, second


def this_repository(world: Clocked) -> tuple[Callable[[], None], ...]:
    shutil.copy(ROOT / "portctl.yaml", world.root)
    for folder in ("environments", *load_project(ROOT).manifests):
        shutil.copytree(ROOT / folder, world.root / folder, dirs_exist_ok=True)
    world.write(".portctl/sandbox.json", describe(world.sandbox))
    environment = world.root / "environments" / "sandbox.yaml"
    action = world.root / "actions" / "deploy_service_to_cluster.yaml"
    texts = {path: path.read_text("utf-8") for path in (environment, action)}
    texts[environment] = (ROOT / "environments" / "sandbox.yaml").read_text("utf-8")

    def first() -> None:
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")

    def second() -> None:
        new = texts[environment].replace("sandbox-webhook-secret", "another-webhook-secret")
        new = new.replace("values:\n", "values:\n  port: { approverTeam: shop }\n", 1)
        environment.write_text(new.replace("decisionWaitSeconds: 3", "decisionWaitSeconds: 4"), encoding="utf-8")
        action.write_text(texts[action].replace("  title: ", "  title: Really ", 1), encoding="utf-8")

    return first, second


@pytest.fixture(scope="module", params=[every_kind, this_repository], ids=["every kind", "this repository"])
def crashes(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    folder = tmp_path_factory.mktemp(request.param.__name__)
    with played(folder, request.param) as played_crashes:
        yield played_crashes


def test_whatever_breaks_the_next_run_ends_it(
    crashes: Crashes, request: pytest.FixtureRequest, covered: list[str]
) -> None:
    name = request.node.callspec.id
    started = time.monotonic()
    every = crashes.cases()
    cases = every[PART - 1 :: PARTS]
    tried = chosen(f"crashes of {name}", cases, SAMPLE)
    creating = [case for case in cases if case.phase == "create" and case.writes]
    begun = chosen(f"abandoned {name}", creating, SAMPLE // 3)
    wrong = [text for case in tried for text in crashes.broken(case)]
    wrong += [text for case in begun for text in crashes.abandoned(case)]
    assert wrong == []
    covered.append(f"law 6: {name}, {len(tried)} of {len(every)} runs that break, each resumed and destroyed")
    found = _figures(tried, begun, time.monotonic() - started)
    added = found if PART > 1 else ()
    record(f"kills, {name}", {"runs that may break": len(every), **found}, added=added)


def _figures(tried: Sequence[Case], begun: Sequence[Case], seconds: float) -> dict[str, object]:
    kills = [case for case in tried if case.how in (Break.KILLED_BEFORE, Break.KILLED_AFTER)]
    return {
        "runs that were killed at a request": len(kills),
        "runs with an answer that was lost, doubled, refused or redirected": len(tried) - len(kills),
        "broken creations that were destroyed at once": len(begun),
        "of the runs that broke, with 8 workers": sum(case.workers > 1 for case in tried),
        "seconds": round(seconds),
    }


def test_an_object_that_takes_several_requests_is_ended_or_removed(crashes: Crashes) -> None:
    """A REST message and its functions, a project and its settings: killed between two of their requests."""
    places = [at for at, asked in enumerate(crashes.asked["create"], 1) if _IN_PARTS.search(asked)]
    assert len(places) >= 5
    tried = [
        Case("create", 1, writes=True, at=at, how=Break.KILLED_AFTER)
        for at in chosen(f"several requests of {crashes.folder.name}", places, 2)
    ]
    assert [text for case in tried for text in (*crashes.broken(case), *crashes.abandoned(case))] == []


def test_the_law_notices_what_is_left_and_what_is_forgotten(crashes: Crashes) -> None:
    case = Case("create", 1, writes=True, at=1, how=Break.KILLED_BEFORE)
    stands, remembers = crashes.expected["create"]
    crashes.expected["create"] = ({**stands, "repositories": []}, remembers[:-1])
    try:
        told = [text.partition("lacks")[0].partition("): ")[2] for text in crashes.broken(case)]
    finally:
        crashes.expected["create"] = (stands, remembers)
    forgotten = f"remembers otherwise: {remembers[-1]['address']}: it should not be there"
    assert told == ["stands otherwise: repositories: ", forgotten]
