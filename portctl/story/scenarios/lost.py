"""Messages that never arrive: somebody looks what has become of a deployment that stays open for long."""

from __future__ import annotations

from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    PIPELINE,
    ask_with_low_coverage,
    decide_in_servicenow,
    nothing_is_left_open,
)
from portctl.story.services import Row

WATCH = "the watch"
_LOOK_SECONDS = 61 * 60
_LOST = {"kind": "cut", "service": "servicenow-jobs", "path": "^/business-rule/", "times": None}
_REFUSED = {
    "kind": "status",
    "service": "gitlab",
    "method": "POST",
    "path": "/trigger/pipeline$",
    "status": 429,
    "times": None,
}


def lost_message(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.services.steer("POST", "/faults", _LOST)
    decide_in_servicenow(story, change, "approved", "looks good")
    story.settle()
    story.holds("ServiceNow's message to Port is lost: no pipeline is started", len(story.pipelines()) == 1)
    _waits_for_ever(story, run)
    story.services.steer("DELETE", "/faults")
    _is_looked_after(story, run, change)


def refused_pipeline(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.services.steer("POST", "/faults", _REFUSED)
    decide_in_servicenow(story, change, "approved", "looks good")
    story.settle()
    story.holds("GitLab refuses the pipeline of the decision", len(story.pipelines()) == 1, len(story.pipelines()))
    _waits_for_ever(story, run)
    story.step(WATCH, "Port", "wants to look an hour later, and GitLab refuses that, too")
    older = len(story.services.runs("lookAtDeployment"))
    story.pass_time(_LOOK_SECONDS)
    story.wait("the look was refused", lambda: len(story.services.runs("lookAtDeployment")) > older)
    story.settle()
    story.holds("no pipeline was started", len(story.pipelines()) == 1, len(story.pipelines()))
    _waits_for_ever(story, run)
    story.services.steer("DELETE", "/faults")
    _is_looked_after(story, run, change)


def _waits_for_ever(story: Telling, run: str) -> None:
    story.holds("the developer's run is still open", story.services.run(run)["status"] == "IN_PROGRESS")
    shown = [row["identifier"] for row in story.services.open_deployments()]
    story.holds("Port's catalogue shows an open deployment", shown == [run], shown)


def _is_looked_after(story: Telling, run: str, change: Row) -> None:
    story.step(WATCH, "Port", "starts a pipeline an hour later, to look what has become of the deployment")
    older = len(_looks(story))
    story.pass_time(_LOOK_SECONDS)
    story.wait("the look has ended", lambda: len(_looks(story)) > older)
    ended = story.ended(run)
    story.settle()
    story.step(PIPELINE, "GitLab", "finds the decision", *(story.stages(row) for row in story.pipelines()[1:]))
    story.show_log(run)
    story.holds("the developer's run has ended well", ended["status"] == "SUCCESS", ended["status"])
    story.holds("the deploy step was started exactly once", story.deploy_starts() == 1, story.deploy_starts())
    shown = story.services.entity(change["sys_id"])["properties"]["approval"]
    story.holds("Port's catalogue shows the decision", shown == "approved", shown)
    nothing_is_left_open(story)


def _looks(story: Telling) -> list[Row]:
    """Those that have ended well."""
    return [row for row in story.services.runs("lookAtDeployment") if row["status"] == "SUCCESS"]
