"""What a service says about itself, and how long it is kept what was deployed of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from portctl.story.narration import Telling
from portctl.story.scenarios.common import ask, nothing_is_left_open
from tests.story.playing import CATALOG, jobs, marks_of, statuses, told, trace

DAY_SECONDS = 24 * 3600
KEPT = ["ended.json", "started.json", "tested.json"]
LONGER_THAN_KEPT_DAYS = 400 + 31
"""Marks go month by month."""


@contextmanager
def described(story: Telling, **properties: str) -> Iterator[None]:
    """The entity of the service in Port says so."""
    path = f"/blueprints/service/entities/{quote(CATALOG, safe='')}"
    for values in (properties, dict.fromkeys(properties)):
        assert story.services.port("PATCH", path, {"properties": values}).is_good
        if values is properties:
            yield


def is_not_deployed(story: Telling) -> None:
    assert story.deploy_starts() == 0
    assert jobs(story, "deploy") == []
    nothing_is_left_open(story)


def test_a_service_whose_tests_leave_no_coverage_report_is_not_deployed(story: Telling) -> None:
    with described(story, testCommand="true"):
        ended = told(story, ask(story, CATALOG))
    assert ended == ("FAILURE", "The tests left no coverage report: nothing was deployed")
    is_not_deployed(story)


def test_a_service_whose_build_fails_is_not_deployed_and_its_pipeline_says_why(story: Telling) -> None:
    with described(story, buildCommand="echo 'there is no compiler'; exit 3"):
        ended = told(story, ask(story, CATALOG))
    text = "The pipeline failed in its job test-service (URL), nothing was deployed: URL"
    assert ended == ("FAILURE", text)
    assert "\nthere is no compiler\n" in trace(story, "test-service")
    assert statuses(story) == ["failed"]
    is_not_deployed(story)


def test_a_service_says_itself_how_it_is_deployed(story: Telling) -> None:
    with described(story, deployCommand='printf "%s to %s\\n" "by hand" "$ENVIRONMENT"'):
        ended = told(story, ask(story, CATALOG))
    assert ended == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    assert "\nby hand to Staging\n" in trace(story, "deploy")


def test_marks_are_removed_when_nothing_so_old_is_deployed_any_more(story: Telling) -> None:
    old = ask(story, CATALOG)
    assert told(story, old)[0] == "SUCCESS"
    assert marks_of(story, old) == KEPT
    story.pass_time(LONGER_THAN_KEPT_DAYS * DAY_SECONDS)
    new = ask(story, CATALOG)
    assert told(story, new) == ("SUCCESS", f"Deployed {CATALOG} to Staging")
    assert marks_of(story, old) == []
    assert marks_of(story, new) == KEPT
