"""Environments that jobs make, and the deployments that are recorded there."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.sandbox.gitlab_ci.test_ci_ends import start
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.servers import gitlab_client

ENVIRONMENTS = f"{PROJECT}/environments"
DEPLOYMENTS = f"{PROJECT}/deployments"
NAMES = ("name", "slug", "tier", "state", "external_url")


def environments(client: httpx.Client, **filters: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(ENVIRONMENTS, params=filters).raise_for_status().json()
    return found


def deployments(client: httpx.Client, **filters: str) -> list[tuple[str, str]]:
    found = client.get(DEPLOYMENTS, params=filters).raise_for_status().json()
    return [(each["environment"]["name"], each["status"]) for each in found]


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()


@pytest.mark.fact("ci-111")
def test_jobs_make_their_environments_whatever_they_do_there(workshop: Workshop) -> None:
    states = workshop.run(
        """
look: {script: ['true'], environment: {name: gate/accept, action: access}}
deploy: {script: ['true'], environment: {name: Production}}
review: {script: ['true'], environment: {name: $CI_COMMIT_REF_NAME of a rather long name, deployment_tier: other}}
"""
    )
    assert set(states.values()) == {"success"}
    assert [tuple(each[name] for name in NAMES) for each in environments(workshop.client)] == [
        ("gate/accept", "gate-accept-2jv11y", "testing", "available", None),
        ("Production", "production-iis43c", "production", "available", None),
        ("main of a rather long name", "main-of-a-rather-ozb6xl", "other", "available", None),
    ]
    assert sorted(deployments(workshop.client)) == [
        ("Production", "success"),
        ("main of a rather long name", "success"),
    ]


@pytest.mark.fact("ci-112")
def test_a_deployment_is_in_step_with_its_job(workshop: Workshop) -> None:
    workshop.commit(
        """
stages: [one, two]
right: {stage: one, script: ['true'], environment: dev}
wrong: {stage: one, script: ['false'], environment: test}
late: {stage: two, script: ['true'], environment: staging}
held: {stage: one, script: ['true'], environment: live, when: manual}
"""
    )
    httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": True}).raise_for_status()
    workshop.last = workshop.trigger()
    workshop.settle()
    waiting = [("dev", "created"), ("test", "created"), ("live", "blocked"), ("staging", "created")]
    assert deployments(workshop.client) == waiting
    httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": False}).raise_for_status()
    workshop.settle()
    ended = [("dev", "success"), ("test", "failed"), ("live", "blocked"), ("staging", "skipped")]
    assert deployments(workshop.client) == ended
    workshop.client.post(f"{PROJECT}/jobs/{workshop.job('held')['id']}/play").raise_for_status()
    workshop.settle()
    assert deployments(workshop.client, environment="live") == [("live", "success")]


@pytest.mark.fact("ci-112")
def test_a_deployment_that_is_canceled_while_it_runs(workshop: Workshop) -> None:
    number = start(workshop, "deploy: {script: [echo ready, sleep 64], environment: live}", "deploy")
    assert deployments(workshop.client, status="running") == [("live", "running")]
    workshop.client.post(f"{PROJECT}/jobs/{number}/cancel").raise_for_status()
    workshop.settle()
    assert deployments(workshop.client) == [("live", "canceled")]


@pytest.mark.fact("ci-113")
def test_a_name_that_no_environment_can_have_fails_the_job(workshop: Workshop) -> None:
    assert workshop.run("deploy: {script: ['true'], environment: {name: /live/}}") == {"deploy": "failed"}
    assert workshop.job("deploy")["failure_reason"] == "environment_creation_failure"
    assert environments(workshop.client) == []


@pytest.mark.fact("ci-114")
def test_environments_are_made_changed_stopped_and_deleted(owner: httpx.Client) -> None:
    made = owner.post(ENVIRONMENTS, json={"name": "live/eu", "external_url": "https://live.example.com"})
    assert made.status_code == 201
    found = made.json()
    project = found.pop("project")
    assert project["path_with_namespace"] == "platform/pipelines"
    assert found == {
        "id": found["id"],
        "name": "live/eu",
        "slug": "live-eu-do8woj",
        "external_url": "https://live.example.com",
        "created_at": found["created_at"],
        "updated_at": found["created_at"],
        "tier": "production",
        "state": "available",
        "description": None,
        "auto_stop_at": None,
        "auto_stop_setting": "always",
        "cluster_agent": None,
        "kubernetes_namespace": None,
        "flux_resource_path": None,
    }
    address = f"{ENVIRONMENTS}/{found['id']}"
    owner.post(ENVIRONMENTS, json={"name": "staging", "tier": "other"}).raise_for_status()
    assert [each["name"] for each in environments(owner)] == ["live/eu", "staging"]
    assert [each["name"] for each in environments(owner, search="LIVE")] == ["live/eu"]
    assert [each["name"] for each in environments(owner, name="staging")] == ["staging"]
    edited = owner.put(address, json={"tier": "staging", "description": "Not yet"}).json()
    assert (edited["tier"], edited["description"], edited["external_url"]) == (
        "staging",
        "Not yet",
        "https://live.example.com",
    )
    assert owner.delete(address).status_code == 403
    stopped = owner.post(f"{address}/stop")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "stopped")
    assert [each["name"] for each in environments(owner, states="available")] == ["staging"]
    assert owner.delete(address).status_code == 204
    assert owner.get(address).status_code == 404


@pytest.mark.fact("ci-115")
def test_environments_that_do_not_fit_are_refused(workshop: Workshop, owner: httpx.Client) -> None:
    owner.post(ENVIRONMENTS, json={"name": "live", "external_url": "https://a.example"}).raise_for_status()
    taken = ["has already been taken"]
    for body, problems in (
        ({"name": "live"}, {"name": taken, "slug": taken}),
        ({"name": "b", "external_url": "https://a.example"}, {"external_url": taken}),
        (
            {"name": "b", "external_url": "ftp://a"},
            {"external_url": ["is blocked: Only allowed schemes are http, https"]},
        ),
    ):
        assert refusal(owner.post(ENVIRONMENTS, json=body)) == (400, {"message": problems})
    assert list(owner.post(ENVIRONMENTS, json={"name": "a/"}).json()["message"]) == ["name"]
    assert refusal(owner.post(ENVIRONMENTS, json={"tier": "high"})) == (
        400,
        {"error": "tier does not have a valid value, name is missing"},
    )
    slug = {"error": "slug is automatically generated and cannot be changed"}
    assert refusal(owner.post(ENVIRONMENTS, json={"name": "b", "slug": "c"})) == (400, slug)
    both = owner.get(ENVIRONMENTS, params={"name": "live", "search": "live"})
    assert refusal(both) == (400, {"error": "name, search cannot be used together"})
    assert owner.get(ENVIRONMENTS, params={"search": "li"}).status_code == 400
    with gitlab_client(workshop.sandbox, "reporter") as reporter, gitlab_client(workshop.sandbox, "guest") as guest:
        assert reporter.get(ENVIRONMENTS).status_code == 200
        assert reporter.post(ENVIRONMENTS, json={"name": "b"}).status_code == 403
        assert guest.get(ENVIRONMENTS).status_code == 403
    with httpx.Client(base_url=str(owner.base_url)) as nobody:
        assert nobody.get(ENVIRONMENTS).status_code == 401


@pytest.mark.fact("ci-116")
def test_a_deployment_tells_its_environment_address_and_tier(workshop: Workshop) -> None:
    made = workshop.client.post(ENVIRONMENTS, json={"name": "live", "tier": "other"}).json()
    workshop.client.post(f"{ENVIRONMENTS}/{made['id']}/stop").raise_for_status()
    workshop.run(
        """
deploy:
  script: [echo "WHERE=eu" > out.env, echo "$CI_ENVIRONMENT_TIER $CI_ENVIRONMENT_ACTION $CI_ENVIRONMENT_SLUG"]
  environment: {name: live, url: 'https://$WHERE.$CI_PROJECT_NAME.example', deployment_tier: staging}
  artifacts: {reports: {dotenv: out.env}}
"""
    )
    assert workshop.output("deploy")[0] == "staging start live"
    found = workshop.client.get(f"{ENVIRONMENTS}/{made['id']}").json()
    assert [found[name] for name in ("state", "tier", "external_url")] == [
        "available",
        "staging",
        "https://eu.pipelines.example",
    ]
    last = found["last_deployment"]
    assert ("environment" in last, last["status"], last["deployable"]["name"]) == (False, "success", "deploy")


@pytest.mark.fact("ci-117")
def test_deployments_are_listed_and_read(workshop: Workshop, owner: httpx.Client) -> None:
    pipeline = "a: {script: ['true'], environment: dev}\nb: {script: ['false'], environment: live}"
    workshop.run(pipeline)
    workshop.last = workshop.trigger()
    workshop.settle()
    both = [("dev", "success"), ("live", "failed")]
    assert deployments(owner) == [*both, *both]
    assert deployments(owner, order_by="id", sort="desc") == [*both, *both][::-1]
    assert deployments(owner, environment="live", status="failed") == [("live", "failed")] * 2
    assert deployments(owner, environment="live", status="success") == []
    first = owner.get(DEPLOYMENTS).json()[0]
    found = owner.get(f"{DEPLOYMENTS}/{first['id']}").json()
    assert {**first, "pending_approval_count": 0, "approvals": [], "approval_summary": {"rules": []}} == found
    assert (found["iid"], found["ref"], found["user"]["username"]) == (1, "main", "sa-portctl")
    assert set(found["environment"]) == {"id", "name", "slug", "external_url", "created_at", "updated_at"}
    assert (found["deployable"]["name"], found["deployable"]["status"]) == ("a", "success")
    assert owner.get(f"{DEPLOYMENTS}/1").status_code == 404
    assert owner.get(DEPLOYMENTS, params={"status": "lost"}).status_code == 400


@pytest.mark.fact("ci-118")
def test_a_job_that_is_run_again_deploys_again(workshop: Workshop, owner: httpx.Client) -> None:
    workshop.run("deploy: {script: ['false'], environment: dev, retry: 1}")
    assert deployments(owner) == [("dev", "failed")] * 2
    workshop.run("deploy: {script: ['false'], environment: live}")
    owner.post(f"{PROJECT}/jobs/{workshop.job('deploy')['id']}/retry").raise_for_status()
    workshop.settle()
    assert deployments(owner, environment="live") == [("live", "failed")] * 2
    owner.post(f"{PROJECT}/pipelines/{workshop.last}/retry").raise_for_status()
    workshop.settle()
    found = owner.get(DEPLOYMENTS).json()
    assert (len(found), len({each["deployable"]["id"] for each in found})) == (5, 5)


@pytest.mark.fact("ci-129")
def test_a_job_with_a_tag_that_no_runner_has_stays_pending_and_nobody_waits_for_it(
    workshop: Workshop,
) -> None:
    states = workshop.run(
        """
default: {tags: [$WHERE]}
variables: {WHERE: sandbox}
ours: {script: [echo "$CI_RUNNER_TAGS"]}
untagged: {script: ['true'], tags: !reference [.none]}
theirs: {script: ['true'], tags: [sandbox, gpu]}
.none: [sandbox]
"""
    )
    assert states == {"ours": "success", "untagged": "success", "theirs": "pending"}
    assert workshop.output("ours") == ['["sandbox"]']
    assert workshop.job("theirs")["tag_list"] == ["sandbox", "gpu"]
    assert workshop.pipeline()["status"] == "running"
    token = httpx.put(f"{workshop.sandbox.control}/runner", json={"paused": True}).json()["token"]
    assert workshop.client.post("/jobs/request", json={"token": token}).status_code == 204
    workshop.client.post(f"{PROJECT}/jobs/{workshop.job('theirs')['id']}/cancel").raise_for_status()
    workshop.settle()
    assert workshop.pipeline()["status"] == "canceled"
