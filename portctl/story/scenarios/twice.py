"""Decisions that arrive more than once, late, or are taken back."""

from __future__ import annotations

from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    DORA,
    FLOW_SECONDS,
    PAT,
    PIPELINE,
    ask_with_low_coverage,
    asked_for_approval,
    decide_in_servicenow,
    is_deployed,
    is_rejected,
    nothing_is_left_open,
)

_TWICE = (
    {"kind": "duplicate", "service": "servicenow-jobs", "path": "^/business-rule/", "times": None},
    {"kind": "duplicate", "service": "port-jobs", "path": "^/ingest/", "times": None},
    {"kind": "duplicate", "service": "port-jobs", "path": "^/invoke/approveSnowPipeline", "times": None},
)


def both_at_once(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.services.steer("POST", "/faults", list(_TWICE))
    story.step(PAT, "Port and ServiceNow", f"approves {change['number']} in both at once; messages are delivered twice")
    inputs = {"approval_status": "approved", "reason": "in Port"}
    said = story.services.start("approve_and_deploy_service", inputs, change["sys_id"], person="engineer")
    story.holds("Port starts a run", said.status == 202, said.reason)
    other = story.services.decide(change["sys_id"], "approved", "in ServiceNow")
    in_port = story.ended(said.body["run"]["id"])
    story.show(
        f"Port's run: {in_port['status']}",
        f"ServiceNow's answer: {other.status} {'' if other.is_good else other.reason}",
    )
    story.holds("at least one of them decides", in_port["status"] == "SUCCESS" or other.is_good)
    story.pass_time(FLOW_SECONDS)
    story.ended(run)
    story.settle()
    story.services.steer("DELETE", "/faults")
    rows = story.pipelines()
    story.step(PIPELINE, "GitLab", "runs more than once, and deploys once", *(story.stages(row) for row in rows[1:]))
    story.show_log(run)
    story.holds("several pipelines were started by the decision", len(rows) > 2, len(rows))
    story.holds("the deploy step was started exactly once", story.deploy_starts() == 1, story.deploy_starts())
    story.holds("the developer's run has ended well", story.services.run(run)["status"] == "SUCCESS")
    nothing_is_left_open(story)


def approved_then_edited(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "approved", "go")
    is_deployed(story, run)
    story.step(DORA, "ServiceNow", f"edits {change['number']}, which is approved and deployed")
    place = f"/api/now/table/change_request/{change['sys_id']}"
    for edit in ({"work_notes": "It went well"}, {"description": "Another text"}):
        said = story.services.snow("PATCH", place, edit)
        story.holds(f"ServiceNow takes {next(iter(edit))}", said.status == 200, said.reason)
    story.settle()
    shown = story.services.entity(change["sys_id"])["properties"]["state"]
    story.holds("Port's catalogue shows that it is closed", shown == "3", shown)
    story.holds("no other pipeline was started", len(story.pipelines()) == 3, len(story.pipelines()))
    story.holds("the deploy step was started exactly once", story.deploy_starts() == 1)


def rejected_then_approved(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    decide_in_servicenow(story, change, "rejected", "not yet")
    is_rejected(story, run)
    story.step(PAT, "ServiceNow", f"submits {change['number']} again")
    said = story.services.snow("PATCH", f"/api/now/table/change_request/{change['sys_id']}", {"state": "-4"})
    story.holds("ServiceNow asks for approval again", said.status == 200, said.reason)
    change = asked_for_approval(story, run)
    decide_in_servicenow(story, change, "approved", "now it is time")
    rows = story.pipelines_ended(4)
    story.settle()
    story.step(PIPELINE, "GitLab", "deploys what is approved now", story.stages(rows[-1]))
    newest = story.services.runs("approveSnowPipeline")[0]
    story.show_log(newest["id"])
    story.holds("the automation's run has ended well", newest["status"] == "SUCCESS", newest["status"])
    story.holds("the developer's run keeps its end", story.services.run(run)["status"] == "FAILURE")
    story.holds("the deploy step was started exactly once", story.deploy_starts() == 1, story.deploy_starts())
    nothing_is_left_open(story)
