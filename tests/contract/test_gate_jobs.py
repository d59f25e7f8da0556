"""A deployment, job by job, against the sandbox: what each leaves for the next, with no credential but its own."""

from __future__ import annotations

import json
import os
import pathlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest

from portctl.gate.commands import Gate, run_gate
from portctl.gate.connections import MARKS_TOKEN, PORT_CLIENT, READ_TOKEN, SERVICENOW_SECRET, TRIGGER_TOKEN, Rim
from portctl.gate.evidence import Call, Kind, Question
from portctl.sandbox.server import Sandbox
from tests.contract.gate_desk import MARKS, PIPELINES, SERVICE, action, variables
from tests.sandbox.listener import listening
from tests.servers import gitlab_client, port_client
from tests.unit.gate.settings_file import document, settings

PROJECT = "/projects/platform%2Fpipelines"
FILE = """\
spec:
  inputs:
    call: { default: none }
    deploy_run: { default: "" }
    environment: { default: none }
---
test-service:
  rules: [{ if: '"$[[ inputs.call ]]" == "request"' }]
  script: [echo '<coverage line-rate="0.8"/>' > coverage.xml]
  artifacts: { paths: [coverage.xml] }
start: { rules: [{ if: '"$[[ inputs.call ]]" == "deploy"' }], script: ["true"] }
deploy: { rules: [{ if: '"$[[ inputs.call ]]" == "deploy"', when: manual }], script: ["true"], needs: [start] }
"""
READS = (*PORT_CLIENT, READ_TOKEN)
ALL = (*READS, MARKS_TOKEN, TRIGGER_TOKEN, SERVICENOW_SECRET)


@dataclass
class Deployment:
    """A developer's run and the one that has started the pipeline. Each job has a folder of its own."""

    sandbox: Sandbox
    folder: pathlib.Path
    run: str
    own: str
    trigger: str
    log: list[str] = field(default_factory=list)

    def job(self, question: Question, kind: Kind, root: str, *credentials: str, pipeline: int = 0) -> int:
        known = {**variables(self.sandbox), TRIGGER_TOKEN: self.trigger}
        is_deploy = kind is Kind.DEPLOY
        call = Call(
            kind=kind,
            deploy_run=self.run,
            run="" if is_deploy else self.own,
            environment="Staging" if is_deploy else "",
            pipeline=pipeline,
            pipeline_url=f"https://gitlab.example/p/{pipeline}",
            job_url=f"https://gitlab.example/j/{root}",
        )
        (self.folder / root).mkdir(exist_ok=True)
        rim = Rim(
            environ={"PATH": os.environ["PATH"], **{name: known[name] for name in credentials}},
            say=self.log.append,
            sleep=self.sandbox.world.clock.advance,
        )
        urls = self.sandbox.urls
        chosen = settings(
            self.folder,
            port=urls["port"],
            gitlab=urls["gitlab"],
            pipelines=PIPELINES,
            marks=MARKS,
            servicenow={**document()["servicenow"], "url": urls["servicenow"]},
        )
        now = self.sandbox.world.clock.seconds()
        return run_gate(question, Gate(settings=chosen, call=call, now=now, rim=rim, root=self.folder / root))


@pytest.fixture
def deployment(sandbox: Sandbox, tmp_path: pathlib.Path) -> Iterator[Deployment]:
    with listening() as backend, port_client(sandbox) as port:
        asks = action("deploy_service_to_cluster", backend.url, environment="Environment")
        checks = action("pre_deployment_check", backend.url, deploy_run_id="Run", requested_by="Address")
        for each in (asks, checks):
            port.post("/v1/actions", json=each).raise_for_status()
        sandbox.world.clock.advance(1)

        def started(name: str, **inputs: str) -> str:
            body = {"entity": SERVICE, "properties": inputs}
            run: str = port.post(f"/v1/actions/{name}/runs", json=body).raise_for_status().json()["run"]["id"]
            return run

        run = started("deploy_service_to_cluster", environment="Staging")
        own = started("pre_deployment_check", deploy_run_id=run, requested_by="dora@example.com")
        with gitlab_client(sandbox) as gitlab:
            actions = [{"action": "create", "file_path": ".gitlab-ci.yml", "content": FILE}]
            body = {"branch": "main", "commit_message": "Try", "actions": actions}
            gitlab.post(f"{PROJECT}/repository/commits", json=body).raise_for_status()
            token = gitlab.post(f"{PROJECT}/triggers", json={"description": "gate"}).json()["token"]
        yield Deployment(sandbox, tmp_path, run, own, token)
        sandbox.settle()


def head(sandbox: Sandbox) -> str:
    with gitlab_client(sandbox) as client:
        sha: str = client.get("/projects/shop%2Fcheckout/repository/branches/main").json()["commit"]["id"]
    return sha


def test_a_deployment_from_request_to_start(deployment: Deployment, sandbox: Sandbox) -> None:
    sha = head(sandbox)
    assert deployment.job(Question.ACCEPT, Kind.REQUEST, "request", *READS, pipeline=70) == 0
    gate = deployment.folder / "request" / "gate"
    assert sorted(path.name for path in gate.iterdir()) == [
        "build.sh", "report", "service.json", "source.tar.gz", "test.sh",
    ]  # fmt: skip
    assert (gate / "test.sh").read_text("utf-8") == "make test\n"
    assert json.loads((gate / "service.json").read_text("utf-8")) == {
        "project": SERVICE,
        "sha": sha,
        "deploy": 'sh deploy.sh "$ENVIRONMENT"',
        "report": "coverage.xml",
    }
    with port_client(sandbox) as port:
        for run in (deployment.run, deployment.own):
            shown = port.get(f"/v1/actions/runs/{run}", params={"version": "v2"}).json()["run"]
            assert shown["link"] == ["https://gitlab.example/p/70"]

    with gitlab_client(sandbox) as gitlab:
        body = {"token": deployment.trigger, "ref": "main", "inputs": {"call": "request"}}
        tested = gitlab.post(f"{PROJECT}/trigger/pipeline", json=body).raise_for_status().json()["id"]
    sandbox.settle()
    credentials = (*READS, MARKS_TOKEN, TRIGGER_TOKEN)
    assert deployment.job(Question.OPEN, Kind.REQUEST, "request", *credentials, pipeline=tested) == 0
    with gitlab_client(sandbox) as gitlab:
        (pipeline,) = (row for row in gitlab.get(f"{PROJECT}/pipelines").json() if row["id"] != tested)
        jobs = gitlab.get(f"{PROJECT}/pipelines/{pipeline['id']}/jobs").json()
    (deploy,) = (job["id"] for job in jobs if job["name"] == "deploy")

    assert deployment.job(Question.START, Kind.DEPLOY, "start", *ALL, pipeline=pipeline["id"]) == 0
    left = deployment.folder / "start" / "gate"
    assert {path.name: path.read_text("utf-8") for path in left.iterdir() if path.name != "source.tar.gz"} == {
        "deploy.sh": 'ENVIRONMENT=Staging\nexport ENVIRONMENT\nsh deploy.sh "$ENVIRONMENT"\n',
        "job": f"{deploy}\n",
        "what": f"{SERVICE} at {sha} to Staging\n",
    }
    with tarfile.open(left / "source.tar.gz") as archive:
        assert "source/deploy.sh" in archive.getnames()

    again = deployment.job(Question.START, Kind.DEPLOY, "again", *ALL, pipeline=pipeline["id"])
    assert (again, (deployment.folder / "again" / "gate").exists()) == (1, False)
    assert deployment.job(Question.FINISH, Kind.DEPLOY, "finish", *ALL, pipeline=pipeline["id"]) == 1
    assert [line for line in deployment.log if line.startswith("Refused: ")] == [
        f"Refused: The deployment was started, or given up, before: https://gitlab.example/p/{pipeline['id']}",
        f"Refused: The deploy job has not ended: https://gitlab.example/p/{pipeline['id']}",
    ]


def test_a_request_for_another_run_is_refused(deployment: Deployment) -> None:
    """A run that is about another deployment, or none of the right action, opens nothing."""
    swapped = replace(deployment, run=deployment.own, own=deployment.run)
    assert swapped.job(Question.ACCEPT, Kind.REQUEST, "request", *READS) == 1
    assert swapped.log[0] == f"Refused: {deployment.own} is no run of deploy_service_to_cluster"
    assert list((deployment.folder / "request").iterdir()) == []
