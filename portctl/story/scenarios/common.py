"""What most scenarios begin and end with."""

from __future__ import annotations

from portctl.story.narration import Telling
from portctl.story.services import Row

DORA = "Dora (developer)"
PAT = "Pat (platform engineer)"
WHO = {"developer": DORA, "engineer": PAT}
PIPELINE = "pipeline"
FLOW_SECONDS = 2


def ask(story: Telling, service: str = "shop/checkout", *, person: str = "developer") -> str:
    """Somebody asks for a deployment; the run that was started."""
    story.step(WHO[person], "Port", f"asks for {service} to be deployed to Staging")
    said = story.services.start("deploy_service_to_cluster", {"environment": "Staging"}, service, person=person)
    story.holds("Port starts a run", said.status == 202, said.reason)
    return str(said.body["run"]["id"])


def ask_with_low_coverage(story: Telling, *, person: str = "developer") -> tuple[str, Row]:
    """The request of a service with too few tests, up to the change request that waits; the run and the change."""
    run = ask(story, person=person)
    pipelines = story.pipelines_ended(1)
    story.step(PIPELINE, "GitLab", "tests the service and opens a change request", story.stages(pipelines[0]))
    story.show_failures(pipelines[0])
    story.show_log(run)
    changes = story.services.changes_of(run)
    story.holds("one change request was opened for the run", len(changes) == 1, changes)
    (check,) = (each for each in story.services.runs("pre_deployment_check") if _leads_to(each, run))
    story.holds("the check has ended well", check["status"] == "SUCCESS", check["status"])
    story.holds("the developer's run is still open", story.services.run(run)["status"] == "IN_PROGRESS")
    story.holds("nothing was deployed", story.deploy_starts() == 0)
    return run, asked_for_approval(story, run)


def asked_for_approval(story: Telling, run: str) -> Row:
    """ServiceNow asks its approvers, and tells Port."""
    story.pass_time(FLOW_SECONDS)

    def requested() -> Row | None:
        (row,) = story.services.changes_of(run)
        entity = story.services.entity(row["sys_id"])
        return row if (row["approval"], entity["properties"].get("approval")) == ("requested", "requested") else None

    change = story.wait("ServiceNow and Port agree that approval is asked for", requested)
    assert change is not None
    entity = story.services.entity(change["sys_id"])
    story.step("ServiceNow", "ServiceNow", f"asks for approval of {change['number']}: {change['short_description']}")
    story.holds("Port's catalogue shows it", entity["properties"]["number"] == change["number"])
    story.holds("with its service", entity["relations"]["service"] == "shop/checkout", entity["relations"])
    story.holds("and the run that waits for it", entity["properties"]["externalTags"] == run)
    return change


def decide_in_servicenow(story: Telling, change: Row, word: str, reason: str) -> None:
    story.step(PAT, "ServiceNow", f"decides about {change['number']}: {word}, {reason!r}")
    said = story.services.decide(change["sys_id"], word, reason)
    story.holds("ServiceNow takes the decision of somebody it has asked", said.status == 200, said.reason)
    story.pass_time(FLOW_SECONDS)


def is_deployed(story: Telling, run: str, pipelines: int = 3, service: str = "shop/checkout") -> None:
    """The end of a story in which it was right to deploy: once, and everybody was told."""
    ended = story.ended(run)
    rows = story.pipelines_ended(pipelines)
    story.settle()
    story.step(PIPELINE, "GitLab", f"deploys {service}", *(story.stages(row) for row in rows[1:] or rows))
    story.show_log(run)
    story.holds("the developer's run has ended well", ended["status"] == "SUCCESS", ended["status"])
    story.holds("the deploy step was started exactly once", story.deploy_starts() == 1, story.deploy_starts())
    story.holds(f"there were {pipelines} pipelines", len(story.pipelines()) == pipelines, len(story.pipelines()))
    nothing_is_left_open(story)


def is_rejected(story: Telling, run: str) -> None:
    is_not_deployed(story, run, "was rejected: nothing is deployed")


def is_not_deployed(story: Telling, run: str, why: str) -> None:
    """The end of a story in which it was right not to deploy, after a decision."""
    ended = story.ended(run)
    rows = story.pipelines_ended(2)
    story.settle()
    story.step(PIPELINE, "GitLab", "deploys nothing", *(story.stages(row) for row in rows[1:]))
    story.show_log(run)
    story.holds("the developer's run has ended with FAILURE", ended["status"] == "FAILURE", ended["status"])
    last = story.services.log(run)[-1]
    story.holds("its log says why", why in last, last)
    story.holds("GitLab shows no deploy job", not story.deploy_jobs(), story.deploy_jobs())
    story.holds("there is one change request, not two", len(story.services.changes_of(run)) == 1)
    nothing_is_left_open(story)


def nothing_is_left_open(story: Telling) -> None:
    left = story.open_runs()
    story.holds("no run is left open", not left, left)
    shown = [row["identifier"] for row in story.services.open_deployments()]
    story.holds("and Port's catalogue shows no open deployment", not shown, shown)


def _leads_to(check: Row, run: str) -> bool:
    return bool(check["properties"].get("deploy_run_id") == run)
