"""The story of a deployment as `portctl demo` tells it: every scenario, in every reading of what nobody knows."""

from __future__ import annotations

import json
import pathlib
import signal
import subprocess
import sys
from typing import Any

import pytest

from portctl.cli.commands.demo import command
from portctl.story.scenarios import SCENARIOS

ROOT = pathlib.Path(__file__).parents[2]
PATIENCE_SECONDS = 900.0
DELAYED = '{"kind": "delay", "service": "servicenow-jobs", "path": "^/business-rule/", "seconds": 2, "times": null}'
READINGS: dict[str, tuple[str, ...]] = {
    "strict": (),
    "lenient": ("--switch", "all=lenient"),
    "late": ("--lag", "2", "--fault", DELAYED),
}
NOT_DEPLOYED = {"reject-in-port", "reject-in-servicenow", "own-approval", "missing-repository", "opened-before-upgrade"}
OTHERWISE = {"pipeline-crash", "other-languages"}
"""Started once and failed; two deployments."""
DEPLOYED = "the deploy step was started exactly once"
CASES = [(reading, name) for reading in READINGS for name in SCENARIOS]

Told = dict[str, tuple[int, dict[str, Any]]]


def demo(*arguments: str) -> subprocess.Popen[str]:
    command_line = [sys.executable, "-m", "portctl", "-C", str(ROOT), "demo", *arguments]
    return subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Interrupted when it takes too long: it takes its sandbox along."""
    try:
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)
    return process.returncode, out, err


@pytest.fixture(scope="module")
def told() -> Told:
    """All scenarios, every reading at the same time: the exit code, and each scenario by its name."""
    started = {reading: demo("--json", *arguments) for reading, arguments in READINGS.items()}
    ended = {reading: end(process) for reading, process in started.items()}
    documents: dict[str, dict[str, Any]] = {
        reading: json.loads(out) if out else {"error": err} for reading, (_, out, err) in ended.items()
    }
    assert {reading: each["error"] for reading, each in documents.items() if "error" in each} == {}
    return {
        reading: (ended[reading][0], {each["name"]: each for each in document["scenarios"]})
        for reading, document in documents.items()
    }


@pytest.mark.parametrize(("reading", "name"), CASES, ids=[f"{reading}: {name}" for reading, name in CASES])
def test_the_scenario_goes_as_it_should(told: Told, reading: str, name: str) -> None:
    _, scenarios = told[reading]
    if scenarios[name]["leftOut"]:
        pytest.skip(f"{name}: {scenarios[name]['leftOut']}")
    assert scenarios[name]["broken"] is None
    assert scenarios[name]["steps"][-1]["holds"] != []


@pytest.mark.parametrize("reading", READINGS)
def test_the_exit_code_says_whether_all_went_well(told: Told, reading: str) -> None:
    code, scenarios = told[reading]
    assert list(scenarios) == list(SCENARIOS)
    assert (code == 0) is all(each["ok"] for each in scenarios.values())


@pytest.mark.parametrize("reading", READINGS)
def test_every_scenario_that_ends_with_an_approval_says_that_it_deployed_once(told: Told, reading: str) -> None:
    _, scenarios = told[reading]
    once = {name for name, each in scenarios.items() if any(DEPLOYED in step["holds"] for step in each["steps"])}
    assert once == set(SCENARIOS) - NOT_DEPLOYED - OTHERWISE


def test_the_story_is_told_in_words_and_fails_with_a_broken_service() -> None:
    dropped = '{"kind": "drop_field", "method": "POST", "path": "/change_request", "field": "u_external_tags"}'
    code, out, err = end(demo("--scenario", "approve-in-port", "--fault", dropped))
    assert code == 1
    assert "Dora (developer), Port: asks for shop/checkout to be deployed to Staging" in out
    assert "Is the column u_external_tags there, may this account write it, and is the account's name right?" in out
    assert out.splitlines()[-1] == "0 of 1 scenarios went as they should"
    assert "The story is broken" in err


def test_the_command_knows_every_scenario() -> None:
    (option,) = (each for each in command.params if each.name == "names")
    assert list(option.type.choices) == list(SCENARIOS)  # type: ignore[attr-defined]
