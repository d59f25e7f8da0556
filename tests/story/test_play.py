"""Playing along by hand: what a person types, and what is answered."""

from __future__ import annotations

import json
import pathlib
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from portctl.sandbox import launcher
from portctl.story.stage import stage
from tests.waiting import PATIENCE_SECONDS

ROOT = pathlib.Path(__file__).parents[2]
ASK = ("run-action", "deploy_service_to_cluster", "--entity", "shop/checkout")
DECIDE = ("run-action", "approve_and_deploy_service", "--as", "engineer", "--entity", "CHG0030001")
Play = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def running() -> Iterator[launcher.Running]:
    with stage(ROOT) as running:
        yield running


@pytest.fixture
def play(running: launcher.Running, tmp_path: pathlib.Path) -> Play:
    """`portctl sandbox ...` in a project with that sandbox: the exit code, and what is printed."""
    place = launcher.Place(tmp_path)
    place.address_file.parent.mkdir()
    place.address_file.write_text(json.dumps(running.document), encoding="utf-8")
    (tmp_path / "portctl.yaml").write_bytes((ROOT / "portctl.yaml").read_bytes())

    def play(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "portctl", "-C", str(tmp_path), "sandbox", *words]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
        return ended.returncode, ended.stdout + ended.stderr

    return play


def settle(running: launcher.Running) -> None:
    launcher.call(running, "POST", "/settle")


def test_a_deployment_is_asked_for_approved_and_followed(running: launcher.Running, play: Play) -> None:
    assert play("pipelines") == (0, "There are no pipelines.\n")
    code, said = play(*ASK, "--input", "environment=Staging", "--as", "developer")
    (run,) = re.findall(r"^Started (r_\w+); portctl sandbox logs \1$", said)
    assert code == 0
    settle(running)
    assert play("logs", run) == (
        0,
        (
            f"deploy_service_to_cluster {run}: IN_PROGRESS\n"
            "The tests of shop/checkout passed; coverage is 65%, 80% are required\n"
            "Change request CHG0030001 was opened\n"
            "Coverage is below 80%: a change request waits for a decision\n"
        ),
    )
    refused = "error: Nothing was sent\n  approval_status is one of approved and rejected, not declined\n"
    assert play(*DECIDE, "--input", "approval_status=declined", "--input", "reason=no") == (3, refused)
    assert play("approve", "CHG0030001", "--reason", "go") == (0, "CHG0030001 is approved.\n")
    settle(running)
    assert play("logs", run)[1].splitlines()[-1] == "Deployed shop/checkout to Staging under CHG0030001"
    assert play("pipelines", "platform/deployment") == (
        0,
        (
            f"821 request {run}, success: accept success, test-service success, open success, report skipped\n"
            f"822 decision {run}, success: decide success, report skipped\n"
            f"823 deploy {run}, success: start success, deploy success, finish success\n"
        ),
    )
    assert [line.split(",")[0] for line in play("pipelines")[1].splitlines()] == [
        f"platform/deployment 821 request {run}",
        f"platform/deployment 822 decision {run}",
        f"platform/deployment 823 deploy {run}",
    ]
    assert play("pipelines", "shop/checkout") == (0, "There are no pipelines.\n")
    again = "error: ServiceNow refuses\n  No approval is requested of the user for this change request (status 400)\n"
    assert play("reject", "CHG0030001", "--reason", "too late") == (1, again)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (
            ("run-action", "deploy"),
            3,
            (
                "error: Nothing was sent\n  there is no action deploy; there are approve_and_deploy_service, "
                "deploy_service_to_cluster, pre_deployment_check, scaffold_service\n"
            ),
        ),
        (
            (*ASK, "--input", "environment=Moon"),
            3,
            "error: Nothing was sent\n  environment is one of Development, Staging and Production, not Moon\n",
        ),
        (ASK, 3, "error: Nothing was sent\n  environment is missing; give --input environment=...\n"),
        (
            (*ASK, "--input", "environment=Staging", "--as", "nobody"),
            3,
            (
                "error: Nobody of that name\n  nobody has no credentials of port\n"
                "  hint: One of: developer, elsewhere, engineer, gate, gate-member, member.\n"
            ),
        ),
        (
            ("approve", "CHG9999999"),
            3,
            "error: No such change request\n  ServiceNow does not know CHG9999999\n",
        ),
        (
            ("logs", "r_nix"),
            3,
            "error: No such run\n  Port has no run r_nix\n  hint: portctl sandbox run-action says its id.\n",
        ),
    ],
)
def test_a_mistake_is_said(play: Play, words: tuple[str, ...], code: int, said: str) -> None:
    assert play(*words) == (code, said)


def test_a_project_that_gitlab_does_not_have_is_refused_with_those_that_it_has(play: Play) -> None:
    code, said = play("pipelines", "shop/chekout")
    summary, detail, hint = said.splitlines()
    assert (code, summary) == (3, "error: No such project")
    assert detail == '  GitLab has no project shop/chekout. Did you mean "shop/checkout"?'
    known = hint.removeprefix("  hint: Its projects: ").removesuffix(".")
    assert {"platform/deployment", "shop/checkout"} <= set(re.split(", | and ", known))


def test_without_a_sandbox_the_hint_says_how_to_get_one(tmp_path: pathlib.Path) -> None:
    (tmp_path / "portctl.yaml").write_bytes((ROOT / "portctl.yaml").read_bytes())
    command = [sys.executable, "-m", "portctl", "-C", str(tmp_path), "sandbox", "pipelines"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    hint = "error: The sandbox does not run\n  hint: Start it: portctl sandbox up --detach\n"
    assert (ended.returncode, ended.stdout + ended.stderr) == (3, hint)
