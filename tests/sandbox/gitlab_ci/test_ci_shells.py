"""Which shell jobs run in, chosen while the sandbox runs."""

from __future__ import annotations

import shutil
from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.workshop import Workshop

BUSYBOX = pytest.mark.skipif(shutil.which("busybox") is None, reason="BusyBox is not installed")
SHOW = "show: {script: ['for each in jq sed git bash; do command -v $each >/dev/null && echo $each; done; true']}"
USAGE = 'the shell is set by {"name": "bash", "dash" or "busybox", "programs": ["more for busybox"]}'
CHOICE = 'a shell is "bash" or "dash", which have the programs of the system, or "busybox" with more programs'


def choose(workshop: Workshop, body: Any) -> tuple[int, Any]:
    answer = httpx.put(f"{workshop.sandbox.control}/shell", json=body)
    return answer.status_code, answer.json()


def seen(workshop: Workshop) -> list[str]:
    assert workshop.run(SHOW) == {"show": "success"}
    return workshop.output("show")


@BUSYBOX
@pytest.mark.fact("ci-106")
def test_jobs_run_in_the_shell_that_is_asked_for_until_a_reset(workshop: Workshop) -> None:
    everything = ["jq", "sed", "git", "bash"]
    assert seen(workshop) == everything
    assert choose(workshop, {"name": "busybox"}) == (200, {"name": "busybox", "programs": []})
    assert seen(workshop) == ["jq", "sed"]
    more = {"name": "busybox", "programs": ["git"]}
    assert choose(workshop, more) == (200, more)
    assert seen(workshop) == ["jq", "sed", "git"]
    assert choose(workshop, {"name": "bash"}) == (200, {"name": "bash", "programs": []})
    assert seen(workshop) == everything
    assert choose(workshop, {"name": "busybox"})[0] == 200
    httpx.post(f"{workshop.sandbox.control}/reset").raise_for_status()
    assert seen(Workshop(workshop.sandbox, workshop.client)) == everything


@pytest.mark.skipif(shutil.which("dash") is None, reason="dash is not installed")
@pytest.mark.fact("ci-106")
def test_jobs_run_in_dash(workshop: Workshop) -> None:
    assert choose(workshop, {"name": "dash"}) == (200, {"name": "dash", "programs": []})
    assert workshop.run("show: {script: ['basename \"$(readlink /proc/$$/exe)\"', 'command -v jq >&2']}") == {
        "show": "success"
    }
    assert workshop.output("show")[0] == "dash"
    assert seen(workshop) == ["jq", "sed", "git", "bash"]


@BUSYBOX
@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (None, USAGE),
        ({}, USAGE),
        ({"name": ["bash"]}, USAGE),
        ({"name": "busybox", "programs": "git"}, USAGE),
        ({"name": "busybox", "programs": [1]}, USAGE),
        ({"name": "zsh"}, CHOICE),
        ({"name": "bash", "programs": ["git"]}, CHOICE),
        ({"name": "busybox", "programs": ["../git"]}, '"../git" is not the name of a program'),
        ({"name": "busybox", "programs": ["no-such-program"]}, "no-such-program is not installed"),
    ],
)
@pytest.mark.fact("ci-106")
def test_a_shell_that_is_not_there_is_refused_and_the_one_before_stays(
    workshop: Workshop, body: Any, reason: str
) -> None:
    assert choose(workshop, {"name": "busybox"})[0] == 200
    assert choose(workshop, body) == (400, {"error": reason})
    assert seen(workshop) == ["jq", "sed"]
