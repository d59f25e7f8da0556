"""What follows from the states of jobs."""

from __future__ import annotations

import pytest

from portctl.sandbox.gitlab.ci.status import JobState, composite, is_wanted


def states(text: str) -> list[JobState]:
    """`failed?` may fail."""
    return [JobState(word.rstrip("?"), word.endswith("?")) for word in text.split()]


@pytest.mark.fact("ci-13")
@pytest.mark.parametrize(
    ("jobs", "status"),
    [
        ("success success", "success"),
        ("success skipped", "success"),
        ("skipped skipped", "skipped"),
        ("success failed", "failed"),
        ("success failed?", "success"),
        ("failed skipped", "failed"),
        ("success canceled", "canceled"),
        ("failed canceled", "failed"),
        ("created created", "created"),
        ("pending created", "pending"),
        ("success created", "running"),
        ("running created", "running"),
        ("success pending", "running"),
        ("success manual created", "manual"),
        ("success manual?", "success"),
        ("manual?", "skipped"),
        ("success waiting_for_resource created", "waiting_for_resource"),
        ("canceling created", "canceling"),
        ("", None),
    ],
)
def test_a_pipeline_has_the_state_of_its_jobs(jobs: str, status: str | None) -> None:
    assert composite(states(jobs)) == status


@pytest.mark.fact("ci-14")
@pytest.mark.parametrize(
    ("jobs", "status"),
    [("success", "success"), ("success skipped", "skipped"), ("success running", "pending"), ("manual?", "skipped")],
)
def test_needs_are_stricter(jobs: str, status: str) -> None:
    assert composite(states(jobs), by_needs=True) == status


@pytest.mark.fact("ci-15")
@pytest.mark.parametrize(
    ("when", "before", "wanted"),
    [
        ("on_success", "success", True),
        ("on_success", "skipped", True),
        ("on_success", "failed", False),
        ("on_failure", "failed", True),
        ("on_failure", "success", False),
        ("always", "failed", True),
        ("always", "canceled", False),
        ("manual", "success", True),
        ("manual", "failed", False),
    ],
)
def test_who_runs_after_what(when: str, before: str, wanted: bool) -> None:
    assert is_wanted(when, before, by_needs=False) is wanted


@pytest.mark.fact("ci-15")
def test_a_job_that_needs_a_skipped_one_is_skipped() -> None:
    for when, wanted in (("on_success", False), ("manual", False), ("on_failure", False), ("always", True)):
        assert is_wanted(when, "skipped", by_needs=True) is wanted
