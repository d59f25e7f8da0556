"""An apply that is stopped in the middle, and two at once: nothing is lost and nothing is done twice."""

from __future__ import annotations

import json
import os
import re
import signal
from collections import Counter

import pytest

from portctl.sandbox.core.faults import Fault, FaultKind
from tests.e2e.processes import end, portctl, started
from tests.unit.cli.conftest import BLUEPRINT, Place
from tests.waiting import wait_until

NAMES = [f"thing{number}" for number in range(6)]
ADDRESSES = ["port/Blueprint:change", *(f"port/Blueprint:{name}" for name in NAMES), "port/Secret:TOKEN"]
DELAY_SECONDS = 1.5


@pytest.fixture
def slow(project: Place) -> Place:
    """Eight objects to create; Port takes its time over the third blueprint."""
    for name in NAMES:
        project.write(f"blueprints/{name}.yaml", BLUEPRINT.replace("change", name))
    project.fail(delayed(seconds=DELAY_SECONDS))
    return project


def delayed(*, seconds: float) -> Fault:
    return Fault(FaultKind.DELAY, service="port", method="POST", path="/v1/blueprints$", nth=3, seconds=seconds)


def in_the_middle(place: Place) -> bool:
    return bool(place.sandbox.faults.listed()[0]["seen"] >= 3)


def created(place: Place) -> Counter[str]:
    """How often each blueprint was created."""
    return Counter(
        exchange.response_body["blueprint"]["identifier"]
        for exchange in place.sandbox.journal.exchanges()
        if (exchange.method, exchange.path, exchange.status) == ("POST", "/v1/blueprints", 201)
    )


def a_minute_passes(place: Place) -> None:
    """Make the ledger older: right after a write, a plan waits for lists that may lag behind."""
    file = place.root / ".portctl/ledger/sandbox.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    for entry in document["entries"]:
        entry["written"] -= 60
    file.write_text(json.dumps(document), encoding="utf-8")


def assert_the_next_apply_ends_what_was_begun(place: Place) -> None:
    a_minute_passes(place)
    planned = portctl(place, "plan")
    assert planned.code == 0, planned.err
    applied = portctl(place, "apply", "--yes", "--allow-deletes", "0")
    assert applied.code == 0, applied.out + applied.err
    assert portctl(place, "plan", "--detailed-exitcode").code == 0
    listed = portctl(place, "state", "list").out.split("\n")
    assert [line.split()[0] for line in listed if line] == sorted(ADDRESSES)
    assert {line.split()[1] for line in listed if line} == {"created"}
    assert created(place) == Counter(["change", *NAMES])
    gone = portctl(place, "destroy", "--yes")
    assert (gone.code, gone.out.splitlines()[-1]) == (0, "Destroy complete: 8 deleted.")


INTERRUPTED = """\
Under way when it was interrupted: sent or not, done or not; the next plan finds out
  +   port/Blueprint:thing1  create

Not started
  +   port/Blueprint:thing2  create
  +   port/Blueprint:thing3  create
  +   port/Blueprint:thing4  create
  +   port/Blueprint:thing5  create
  +   port/Secret:TOKEN  create

Done
  +   port/Blueprint:change  created
  +   port/Blueprint:thing0  created

Apply interrupted: 2 created, 0 updated, 0 deleted, 1 under way, 5 not started.
portctl plan shows what is left to do.
"""


def test_an_interrupted_apply_reports_where_it_stopped_and_the_next_one_does_the_rest(slow: Place) -> None:
    with started("apply", "--yes", "--workers", "1") as process:
        wait_until(lambda: in_the_middle(slow))
        os.killpg(process.pid, signal.SIGINT)
        done = end(process, slow)
    assert (done.code, done.out.split("delete.\n\n", 1)[1]) == (130, INTERRUPTED)
    assert "Traceback" not in done.err
    assert_the_next_apply_ends_what_was_begun(slow)


def test_what_is_under_way_side_by_side_is_waited_for(slow: Place) -> None:
    with started("apply", "--yes", "--workers", "2", "--json") as process:
        wait_until(lambda: in_the_middle(slow))
        os.killpg(process.pid, signal.SIGTERM)
        done = end(process, slow)
    report = json.loads(done.out)["report"]
    assert (done.code, report["interrupted"], report["summary"]["under way"]) == (130, True, 0)
    assert report["summary"]["create"] + report["summary"]["not started"] == len(ADDRESSES)
    assert len(created(slow)) == report["summary"]["create"] < len(ADDRESSES)
    assert "Interrupted: waiting for what is under way. Once more: end at once." in done.err
    assert_the_next_apply_ends_what_was_begun(slow)


def test_a_second_interrupt_ends_at_once(slow: Place) -> None:
    slow.sandbox.faults.clear()
    slow.fail(delayed(seconds=4 * DELAY_SECONDS))
    with started("apply", "--yes", "--workers", "2") as process:
        wait_until(lambda: in_the_middle(slow))
        os.killpg(process.pid, signal.SIGINT)
        assert process.stderr is not None
        said = iter(process.stderr.readline, "")
        assert any(line == "Interrupted: waiting for what is under way. Once more: end at once.\n" for line in said)
        os.killpg(process.pid, signal.SIGINT)
        done = end(process, slow)
    assert done.code == 130
    assert "Traceback" not in done.err
    section = done.out.split("the next plan finds out\n")[1].split("\n\n")[0]
    open_ended = set(re.findall(r"Blueprint:(\w+)  create$", section, re.MULTILINE)) - created(slow).keys()
    assert open_ended
    wait_until(lambda: open_ended & created(slow).keys())
    assert_the_next_apply_ends_what_was_begun(slow)


def test_a_killed_apply_is_finished_by_the_next_one(slow: Place) -> None:
    with started("apply", "--yes", "--workers", "1") as process:
        wait_until(lambda: in_the_middle(slow))
        os.killpg(process.pid, signal.SIGKILL)
        assert end(process, slow).code == -signal.SIGKILL
    wait_until(lambda: len(created(slow)) == 3)
    assert_the_next_apply_ends_what_was_begun(slow)


def test_of_two_applies_at_once_the_second_is_told_who_holds_the_lock(slow: Place) -> None:
    with started("apply", "--yes", "--workers", "1") as process:
        wait_until(lambda: in_the_middle(slow))
        os.killpg(process.pid, signal.SIGSTOP)
        second = portctl(slow, "apply", "--yes")
        assert portctl(slow, "plan").code == 0
        os.killpg(process.pid, signal.SIGCONT)
        first = end(process, slow)
    assert second.code == 6
    assert second.err.startswith("error: Ledger is locked\n")
    assert f"(process {process.pid})\n  hint: Wait for that run to end; the lock goes with its process.\n" in second.err
    assert first.code == 0
    assert_the_next_apply_ends_what_was_begun(slow)


@pytest.mark.parametrize(
    ("command", "said"),
    [(("plan",), "Interrupted.\n"), (("apply", "--yes"), "Interrupted. Nothing was changed.\n")],
    ids=["plan", "apply"],
)
@pytest.mark.parametrize("workers", ["1", "8"])
def test_a_wait_for_a_rate_limit_ends_with_the_command(
    workers: str, command: tuple[str, ...], said: str, project: Place
) -> None:
    """The limit would last for five minutes more."""
    project.fail(Fault(FaultKind.STATUS, service="port", path="/v1/blueprints$", status=429, retry_after_seconds=300))
    with started(*command, "--workers", workers) as process:
        wait_until(lambda: project.sandbox.faults.listed()[0]["seen"])
        os.killpg(process.pid, signal.SIGINT)
        done = end(process, project)
    assert (done.code, done.out) == (130, "")
    assert done.err.endswith(f"\n{said}")
