"""Protected environments: who may deploy there, and deployments that wait for approval."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.servers import gitlab_client

PROTECTED = f"{PROJECT}/protected_environments"
MAINTAINERS = {"access_level": 40}
DEPLOY = "deploy: {script: [echo deployed], environment: live}"
OWN = (
    "You cannot approve your own deployment. This configuration can be adjusted in the protected environment settings."
)
Ask = Callable[[str], httpx.Client]


@pytest.fixture
def ask(workshop: Workshop) -> Iterator[Ask]:
    """A client by the name of a credential."""
    with ExitStack() as stack:
        yield lambda name: stack.enter_context(gitlab_client(workshop.sandbox, name))


def protect(client: httpx.Client, *levels: dict[str, Any], rules: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    body = {"name": "live", "deploy_access_levels": levels or [MAINTAINERS], "approval_rules": rules}
    made: dict[str, Any] = client.post(PROTECTED, json=body).raise_for_status().json()
    return made


def user_id(client: httpx.Client) -> int:
    found: int = client.get("/user").json()["id"]
    return found


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


def deployment(workshop: Workshop) -> dict[str, Any]:
    """The last one, as it is read by itself."""
    listed = workshop.client.get(f"{PROJECT}/deployments", params={"sort": "desc"}).json()
    found: dict[str, Any] = workshop.client.get(f"{PROJECT}/deployments/{listed[0]['id']}").json()
    return found


def approve(workshop: Workshop, client: httpx.Client, status: str = "approved", **more: str) -> httpx.Response:
    return client.post(f"{PROJECT}/deployments/{deployment(workshop)['id']}/approval", json={"status": status, **more})


def start(workshop: Workshop, client: httpx.Client, how: str = "play", job: str = "deploy") -> httpx.Response:
    answer = client.post(f"{PROJECT}/jobs/{workshop.job(job)['id']}/{how}")
    workshop.settle()
    return answer


def states(workshop: Workshop, job: str = "deploy") -> tuple[str, str, str]:
    """Of the job, its deployment and its pipeline."""
    return workshop.job(job)["status"], deployment(workshop)["status"], workshop.pipeline()["status"]


@pytest.mark.fact("ci-119")
def test_an_environment_is_protected_read_and_unprotected(owner: httpx.Client, ask: Ask) -> None:
    max_id = user_id(ask("maintainer"))
    made = protect(owner, MAINTAINERS, {"user_id": max_id}, rules=({"access_level": 30, "required_approvals": 2},))
    level = {"user_id": None, "group_id": None, "deploy_key_id": None, "group_inheritance_type": 0}
    ids = [each["id"] for each in made["deploy_access_levels"]]
    assert made == {
        "name": "live",
        "deploy_access_levels": [
            {**level, "id": ids[0], "access_level": 40, "access_level_description": "Maintainers"},
            {
                **level,
                "id": ids[1],
                "access_level": None,
                "user_id": max_id,
                "access_level_description": "Max Maintainer",
            },
        ],
        "required_approval_count": 0,
        "approval_rules": [
            {
                "id": made["approval_rules"][0]["id"],
                "user_id": None,
                "group_id": None,
                "access_level": 30,
                "access_level_description": "Developers + Maintainers",
                "required_approvals": 2,
                "group_inheritance_type": 0,
            }
        ],
    }
    owner.post(PROTECTED, json={"name": "gate/decide", "deploy_access_levels": [MAINTAINERS]}).raise_for_status()
    assert [each["name"] for each in owner.get(PROTECTED).json()] == ["gate/decide", "live"]
    assert owner.get(f"{PROTECTED}/live").json() == made
    assert owner.get(f"{PROTECTED}/gate%2Fdecide").json()["name"] == "gate/decide"
    assert owner.delete(f"{PROTECTED}/live").status_code == 204
    assert owner.get(f"{PROTECTED}/live").status_code == 404
    assert owner.get(f"{PROJECT}/environments").json() == []


@pytest.mark.fact("ci-120")
def test_protections_that_do_not_fit_are_refused(workshop: Workshop, owner: httpx.Client, ask: Ask) -> None:
    protect(owner)
    body = {"name": "live", "deploy_access_levels": [MAINTAINERS]}
    assert refusal(owner.post(PROTECTED, json=body)) == (409, {"message": "Environment 'live' is already protected"})
    assert refusal(owner.post(PROTECTED, json={})) == (
        400,
        {"error": "name is missing, deploy_access_levels is missing"},
    )
    too_short = "Deploy access levels is too short (minimum is 1 character)"
    assert refusal(owner.post(PROTECTED, json={"name": "b", "deploy_access_levels": []})) == (
        422,
        {"message": [too_short]},
    )
    other = {**body, "name": "b"}
    level = {**other, "deploy_access_levels": [{"access_level": 10}]}
    assert refusal(owner.post(PROTECTED, json=level)) == (
        400,
        {"error": "deploy_access_levels[0][access_level] does not have a valid value"},
    )
    rule = {"access_level": 40, "required_approvals": 6}
    most = "Approval rules required approvals must be less than or equal to 5"
    assert refusal(owner.post(PROTECTED, json={**other, "approval_rules": [rule]})) == (422, {"message": [most]})
    nobody = owner.post(PROTECTED, json={**other, "approval_rules": [{"required_approvals": 1}]})
    assert (nobody.status_code, list(nobody.json())) == (400, ["error"])
    assert owner.post(PROTECTED, json={**other, "required_approval_count": 1}).status_code == 422
    assert owner.put(f"{PROTECTED}/b", json={}).status_code == 404
    assert [ask(name).get(PROTECTED).status_code for name in ("developer", "outsider")] == [403, 404]
    workshop.sandbox.switches.set({"protected-environments": "lenient"})
    assert owner.get(PROTECTED).status_code == 404
    assert workshop.run(DEPLOY) == {"deploy": "success"}


@pytest.mark.fact("ci-121")
def test_whoever_has_no_access_to_the_project_is_dropped_without_a_word(owner: httpx.Client, ask: Ask) -> None:
    group = owner.get("/groups/shop").json()["id"]
    strangers = [{"user_id": user_id(ask(name))} for name in ("outsider", "reporter", "admin")]
    several = {"access_level": 40, "user_id": user_id(ask("developer"))}
    developer = {"user_id": user_id(ask("developer"))}
    made = protect(
        owner, *strangers, {"group_id": group}, several, {"user_id": 1}, developer, rules=(*strangers, developer)
    )
    kept = [[each["user_id"] for each in made[name]] for name in ("deploy_access_levels", "approval_rules")]
    assert kept == [[developer["user_id"]]] * 2


@pytest.mark.fact("ci-122")
def test_levels_and_rules_are_patched(workshop: Workshop, owner: httpx.Client, ask: Ask) -> None:
    made = protect(owner, MAINTAINERS, {"access_level": 30}, rules=({"access_level": 40},))
    first, second = (each["id"] for each in made["deploy_access_levels"])
    rule = made["approval_rules"][0]["id"]
    dora = user_id(ask("developer"))

    def patch(**body: Any) -> tuple[list[Any], list[Any]]:
        found = owner.put(f"{PROTECTED}/live", json=body).raise_for_status().json()
        levels = [(each["id"], each["access_level"]) for each in found["deploy_access_levels"]]
        return levels, [(each["user_id"], each["required_approvals"]) for each in found["approval_rules"]]

    changed = {"id": rule, "access_level": 40, "required_approvals": 2}
    assert patch(approval_rules=[changed, {"user_id": dora}]) == ([(first, 40), (second, 30)], [(None, 2), (dora, 1)])
    gone = {"id": second, "_destroy": True}
    assert patch(deploy_access_levels=[{**gone, "access_level": 30}])[0] == [(first, 40)]
    assert patch(approval_rules=[{"id": rule, "access_level": 40, "_destroy": True}])[1] == [(dora, 1)]
    assert owner.put(f"{PROTECTED}/live", json={"deploy_access_levels": [{"id": 1, **MAINTAINERS}]}).status_code == 404

    bare = {"approval_rules": [{"id": made["approval_rules"][0]["id"], "_destroy": True}]}
    assert owner.put(f"{PROTECTED}/live", json=bare).status_code == 400
    last = {"deploy_access_levels": [{"id": first, "_destroy": True}]}
    assert patch(**last)[0] == [(first, 40)]
    workshop.sandbox.switches.set({"bare-destroy": "lenient"})
    assert owner.put(f"{PROTECTED}/live", json=last).status_code == 422
    known = owner.get(f"{PROTECTED}/live").json()["approval_rules"][0]["id"]
    assert patch(approval_rules=[{"id": known, "_destroy": True}])[1] == []


@pytest.mark.fact("ci-123")
def test_a_job_of_somebody_who_may_not_deploy_fails_at_once(workshop: Workshop, owner: httpx.Client, ask: Ask) -> None:
    protect(owner, {"user_id": user_id(ask("maintainer"))})
    look = "look: {script: ['true'], environment: {name: live, action: access}}"
    held = "held: {script: ['true'], environment: live, when: manual}"
    assert workshop.run(f"{DEPLOY}\n{look}\n{held}\nother: {{script: ['true'], environment: dev}}") == {
        "deploy": "failed",
        "look": "failed",
        "held": "manual",
        "other": "success",
    }
    assert {workshop.job(name)["failure_reason"] for name in ("deploy", "look")} == {"protected_environment_failure"}
    assert workshop.log("deploy") == ""
    for name, how in (("held", "play"), ("deploy", "retry")):
        assert refusal(start(workshop, owner, how, name)) == (403, {"message": "403 Forbidden"})
    assert start(workshop, ask("maintainer"), "retry").status_code == 201
    assert states(workshop) == ("success", "success", "failed")
    environment = owner.get(f"{PROJECT}/environments", params={"name": "live"}).json()[0]["id"]
    assert owner.post(f"{PROJECT}/environments/{environment}/stop").status_code == 403


@pytest.mark.fact("ci-123")
def test_a_protection_may_name_reporters(workshop: Workshop, owner: httpx.Client, ask: Ask) -> None:
    protect(owner, {"access_level": 20})
    workshop.run("deploy: {script: ['true'], environment: live, when: manual}\nfree: {script: ['true'], when: manual}")
    assert start(workshop, ask("reporter"), job="free").status_code == 403
    assert start(workshop, ask("reporter")).status_code == 200
    assert states(workshop)[:2] == ("success", "success")


@pytest.mark.fact("ci-124")
def test_a_deployment_waits_for_approval_and_then_for_somebody_to_play_it(
    workshop: Workshop, owner: httpx.Client, ask: Ask
) -> None:
    protect(owner, rules=({"access_level": 40},))
    assert workshop.run(f"{DEPLOY}\nafter: {{script: ['true'], needs: [deploy]}}") == {
        "deploy": "manual",
        "after": "created",
    }
    assert states(workshop) == ("manual", "blocked", "manual")
    assert deployment(workshop)["pending_approval_count"] == 1
    unplayable = (400, {"message": "400 Bad request - Unplayable Job"})
    assert refusal(start(workshop, owner)) == unplayable
    permission = "You don't have permission to approve this deployment. Contact the project or group owner for help."
    assert refusal(approve(workshop, ask("developer"))) == (400, {"message": permission})
    answer = approve(workshop, ask("maintainer"), comment="Go")
    given = answer.json()
    assert (answer.status_code, given["user"].pop("username"), given["status"], given["comment"]) == (
        201,
        "max.maintainer",
        "approved",
        "Go",
    )
    workshop.settle()
    assert states(workshop) == ("manual", "blocked", "manual")
    assert deployment(workshop)["pending_approval_count"] == 0
    waiting = (400, {"message": "This deployment is not waiting for approvals."})
    assert refusal(approve(workshop, ask("other-maintainer"))) == waiting
    assert start(workshop, owner).status_code == 200
    assert states(workshop) == ("success", "success", "success")
    assert workshop.states() == {"deploy": "success", "after": "success"}


@pytest.mark.fact("ci-125")
def test_approval_rules_hold_jobs_that_deploy_nothing_or_not(workshop: Workshop, owner: httpx.Client) -> None:
    protect(owner, rules=({"access_level": 40},))
    look = "look: {script: ['true'], environment: {name: live, action: access}}"
    assert workshop.run(look) == {"look": "manual"}
    assert start(workshop, owner, job="look").status_code == 200
    assert workshop.states() == {"look": "success"}
    workshop.sandbox.switches.set({"non-deployment-jobs": "lenient"})
    assert workshop.run(look) == {"look": "success"}


@pytest.mark.fact("ci-126")
def test_several_rules_are_counted_each_for_itself(workshop: Workshop, owner: httpx.Client, ask: Ask) -> None:
    mia = user_id(ask("other-maintainer"))
    protect(owner, rules=({"access_level": 30, "required_approvals": 2}, {"user_id": mia}))
    workshop.run(DEPLOY)
    assert deployment(workshop)["pending_approval_count"] == 3
    text = (
        "There are no approval rules for the given `represent_as` parameter. Use a valid User/Group/Role name instead."
    )
    nobody = approve(workshop, ask("other-maintainer"), represented_as="Quality")
    assert refusal(nobody) == (400, {"message": text})
    assert approve(workshop, ask("other-maintainer"), represented_as="Mia Maintainer").status_code == 201
    assert approve(workshop, ask("other-maintainer")).status_code == 201
    assert approve(workshop, ask("other-maintainer")).status_code == 201
    found = deployment(workshop)
    assert (found["pending_approval_count"], len(found["approvals"])) == (1, 2)
    assert approve(workshop, ask("developer")).status_code == 201
    summary = [
        (
            rule["access_level_description"],
            rule["required_approvals"],
            [by["user"]["username"] for by in rule["deployment_approvals"]],
        )
        for rule in deployment(workshop)["approval_summary"]["rules"]
    ]
    assert summary == [
        ("Developers + Maintainers", 2, ["mia.maintainer", "dora.developer"]),
        ("Mia Maintainer", 1, ["mia.maintainer"]),
    ]
    assert start(workshop, owner).status_code == 200


@pytest.mark.fact("ci-127")
def test_whoever_started_the_pipeline_does_not_approve_it_unless_the_project_allows_it(
    workshop: Workshop, owner: httpx.Client, ask: Ask
) -> None:
    protect(owner, rules=({"access_level": 40},))
    workshop.run(DEPLOY)
    assert refusal(approve(workshop, owner)) == (400, {"message": OWN})
    owner.put(PROJECT, json={"allow_pipeline_trigger_approve_deployment": True}).raise_for_status()
    assert approve(workshop, owner).status_code == 201
    owner.put(PROJECT, json={"allow_pipeline_trigger_approve_deployment": False}).raise_for_status()
    admin = ask("admin")
    admin.post(f"{PROJECT}/pipeline", json={"ref": "main"}).raise_for_status()
    workshop.settle()
    assert refusal(approve(workshop, admin)) == (400, {"message": OWN})
    workshop.sandbox.switches.set({"administrator-approval": "lenient"})
    assert approve(workshop, admin).status_code == 201


@pytest.mark.fact("ci-128")
def test_one_rejection_fails_the_job_and_another_run_is_asked_about_again(
    workshop: Workshop, owner: httpx.Client, ask: Ask
) -> None:
    protect(owner, rules=({"access_level": 30, "required_approvals": 2},))
    workshop.run(DEPLOY)
    assert approve(workshop, ask("developer")).status_code == 201
    assert approve(workshop, owner, "rejected").status_code == 201
    assert states(workshop) == ("failed", "failed", "failed")
    assert workshop.job("deploy")["failure_reason"] == "deployment_rejected"
    waiting = (400, {"message": "This deployment is not waiting for approvals."})
    assert refusal(approve(workshop, ask("maintainer"))) == waiting
    assert start(workshop, owner, "retry").status_code == 201
    assert states(workshop) == ("manual", "blocked", "manual")
    found = deployment(workshop)
    assert (found["pending_approval_count"], found["approvals"]) == (2, [])


@pytest.mark.fact("ci-128")
def test_there_is_nothing_to_approve_without_protection_or_rules(
    workshop: Workshop, owner: httpx.Client, ask: Ask
) -> None:
    workshop.run(DEPLOY)
    unprotected = (400, {"message": "This environment is not protected."})
    assert refusal(approve(workshop, ask("maintainer"))) == unprotected
    protect(owner)
    unruled = (400, {"message": "Deployment approvals is not configured for this environment."})
    assert refusal(approve(workshop, ask("maintainer"))) == unruled
    assert refusal(approve(workshop, owner, "blessed")) == (400, {"error": "status does not have a valid value"})
