"""Who decides, in how many stages, and what may come between the decision and the deployment."""

from __future__ import annotations

from urllib.parse import quote

from portctl.story.narration import Telling
from portctl.story.scenarios.common import (
    FLOW_SECONDS,
    PAT,
    ask_with_low_coverage,
    decide_in_servicenow,
    is_deployed,
    is_not_deployed,
)
from portctl.story.scenarios.decisions import ACTION, decide_in_port
from portctl.story.services import Row

BOARD = "Casey (change board)"
ADMIN = "ServiceNow's administrator"
_AUTHORIZE, _CLOSED = "-3", "3"


def two_stages(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    number = change["number"]
    story.step(ADMIN, "ServiceNow", f"raises the risk of {number} to moderate: the board has to approve, too")
    _patch(story, change, {"risk": "3"})
    decide_in_port(story, change, "approved", "fine for the platform")
    story.wait("the board is asked", lambda: _in_state(story, run, _AUTHORIZE))
    story.pass_time(FLOW_SECONDS)
    story.settle()
    story.step("ServiceNow", "ServiceNow", f"asks the board about {number}")
    story.show_log(run)
    log = story.services.log(run)
    story.holds("the developer's run says who is awaited", any("CAB Approval decides" in line for line in log), log)
    story.holds("no pipeline was started", len(story.pipelines()) == 1, len(story.pipelines()))
    said = story.services.start(
        ACTION, {"approval_status": "approved", "reason": "again"}, change["sys_id"], person="engineer"
    )
    story.step(PAT, "Port", f"tries to decide about {number} once more")
    story.holds("Port's account has no say in the second stage", not _decides(story, said.body), said.reason)
    story.step(BOARD, "ServiceNow", f"approves {number}")
    said = story.services.decide(change["sys_id"], "approved", "go ahead", person="cab")
    story.holds("ServiceNow takes the board's decision", said.status == 200, said.reason)
    story.pass_time(FLOW_SECONDS)
    is_deployed(story, run)
    _is_closed(story, run)


def hold_and_resume(story: Telling) -> None:
    run, change = ask_with_low_coverage(story)
    number = change["number"]
    story.services.steer("PUT", "/runner", {"paused": True})
    decide_in_servicenow(story, change, "approved", "go")
    story.wait("a pipeline is started", lambda: len(story.pipelines()) == 2)
    story.step(ADMIN, "ServiceNow", f"puts {number} on hold before the pipeline looks at it")
    _patch(story, change, {"on_hold": "true", "on_hold_reason": "a freeze"})
    story.services.steer("PUT", "/runner", {"paused": False})
    story.pipelines_ended(2)
    story.settle()
    story.show_log(run)
    story.holds("nothing was deployed", story.deploy_starts() == 0)
    story.holds("the developer's run still waits", story.services.run(run)["status"] == "IN_PROGRESS")
    log = story.services.log(run)
    story.holds("and says why", any("on hold: it waits" in line for line in log), log)
    story.step(ADMIN, "ServiceNow", f"releases {number}")
    _patch(story, change, {"on_hold": "false"})
    is_deployed(story, run, pipelines=4)


def own_approval(story: Telling) -> None:
    run, change = ask_with_low_coverage(story, person="engineer")
    decide_in_port(story, change, "approved", "I know what I do")
    is_not_deployed(story, run, "approved by the person who asked for the deployment")


def opened_before_upgrade(story: Telling) -> None:
    """The marks of the version before were tags of another project: this one finds none of its own."""
    run, change = ask_with_low_coverage(story)
    story.step(ADMIN, "GitLab", "takes the marks away, as if an earlier version had opened the change request")
    place = "projects/gate%2Fdeployment-marks/repository"
    rows = story.services.gitlab("GET", f"{place}/tree?recursive=true&per_page=100&path=deployments").body
    (path,) = (row["path"] for row in rows if row["type"] == "blob" and run in row["path"])
    body = {"branch": "main", "commit_message": "Take it away"}
    said = story.services.gitlab("DELETE", f"{place}/files/{quote(path, safe='')}", body)
    story.holds("there is no mark", said.status == 204, said.reason)
    decide_in_servicenow(story, change, "approved", "go")
    is_not_deployed(story, run, "opened by an earlier version of the pipeline")


def _patch(story: Telling, change: Row, values: Row) -> None:
    said = story.services.snow("PATCH", f"/api/now/table/change_request/{change['sys_id']}", values, person="admin")
    story.holds("ServiceNow takes it", said.status == 200, said.reason)


def _in_state(story: Telling, run: str, state: str) -> Row | None:
    (row,) = story.services.changes_of(run)
    return row if row["state"] == state else None


def _decides(story: Telling, body: Row) -> bool:
    """Whether the run of a decision, where there is one, has ended well."""
    return "run" in body and story.ended(body["run"]["id"])["status"] == "SUCCESS"


def _is_closed(story: Telling, run: str) -> None:
    (row,) = story.services.changes_of(run)
    story.step("ServiceNow", "ServiceNow", f"shows how {row['number']} has ended")
    story.holds("the change request is closed", row["state"] == _CLOSED, row["state"])
    story.holds("as successful", row["close_code"] == "successful", row["close_code"])
    story.holds("with what was deployed", "Deployed shop/checkout to Staging" in row["close_notes"], row["close_notes"])
