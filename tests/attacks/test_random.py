"""A random attacker: anything, sent to every door that the workflow has."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from portctl.story.scenarios.common import ask_with_low_coverage
from tests.attacks import shapes
from tests.attacks.ground import PROJECT, Ground
from tests.attacks.runner import Spy, Taken
from tests.attacks.test_credentials import DECIDES, READS, stored

ATTEMPTS = int(os.environ.get("PORTCTL_ATTEMPTS", "60"))
SEED = int(os.environ.get("PORTCTL_ATTACKS_SEED", "0"))
OPTIONS = {
    "GATE_CALL": "request|decision|look|deploy",
    "GATE_DEPLOY_RUN": "[A-Za-z0-9_-]{0,64}",
    "GATE_RUN": "[A-Za-z0-9_-]{0,64}",
    "GATE_ENVIRONMENT": "none|Development|Staging|Production",
}
FIRST = {"accept": READS, "decide": DECIDES, "look": DECIDES, "start": DECIDES}
RANDOMLY = settings(
    max_examples=ATTEMPTS, deadline=None, database=None, suppress_health_check=list(HealthCheck), print_blob=False
)


class Attacker:
    """Sends, and looks at what comes of it while no job runs."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.spy = Spy(ground)
        self.run, self.change = ask_with_low_coverage(ground.story())
        self.answers: Counter[str] = Counter()
        self.pipelines = ground.newest()
        ground.pause(paused=True)

    def trigger(self, inputs: Any, more: dict[str, Any], ref: str, way: str) -> None:
        url, token = self.ground.url, self.ground.token
        if way == "path":
            url = url.replace("/trigger/pipeline", f"/ref/{ref or 'main'}/trigger/pipeline")
        sent = {**more, "inputs": inputs, "ref": ref, "token": token}
        if way in ("json", "path"):
            answer = self.ground.http.post(url, json=sent)
        else:
            flat = dict(_flat(sent))
            given = {"params": flat} if way == "query" else {"data": flat}
            answer = self.ground.http.post(url, **given)  # type: ignore[arg-type]
        self.note(f"trigger by {way}", answer.status_code)

    def request(self, properties: dict[str, Any]) -> None:
        sent = {"environment": "Staging", **properties}
        said = self.ground.services.start("deploy_service_to_cluster", sent, "shop/catalog", person="developer")
        self.note("request", said.status)

    def deliver(self, body: dict[str, Any], *, stolen: bool) -> None:
        headers = {"x-servicenow-secret": "sandbox-webhook-secret" if stolen else "guessed"}
        sent = {"sys_id": self.change["sys_id"], "external_tags": self.run, "approval": "approved", **body}
        said = self.ground.services.anybody("POST", self.ground.services.webhook(), sent, headers)
        self.note("delivery", said.status)

    def write(self, columns: dict[str, Any], person: str) -> None:
        place = f"/api/now/table/change_request/{self.change['sys_id']}"
        self.note(f"columns by {person}", self.ground.services.snow("PATCH", place, columns, person=person).status)

    def note(self, door: str, status: int) -> None:
        assert status < 500 or status == 501, (door, status)
        self.answers[f"{door}: {status}"] += 1
        self.look()

    def look(self) -> None:
        """What was started: only pipelines of the file's own making, with inputs that it takes."""
        self.ground.settle()
        if self.ground.newest() == self.pipelines:
            return
        while (job := self.spy.take()) is not None:
            self.check(job)
            self.answers[f"pipeline: {job.variables['GATE_CALL']}"] += 1
            self.spy.end(job, "failed")
            self.ground.cancel(int(job.variables["CI_PIPELINE_ID"]))
            self.ground.settle()
        self.pipelines = self.ground.newest()
        self.ground.minute()
        for row in self.ground.open_runs():
            if row["id"] != self.run:
                self.ground.services.port("PATCH", f"/actions/runs/{row['id']}", {"status": "FAILURE"})

    def check(self, job: Taken) -> None:
        assert job.ref == "main"
        assert stored(job) == FIRST[job.name]
        for name, pattern in OPTIONS.items():
            assert re.fullmatch(pattern, job.variables[name]), (name, job.variables[name])
        rows = self.ground.services.gitlab("GET", f"{PROJECT}/pipelines/{job.variables['CI_PIPELINE_ID']}/variables")
        assert {row["key"] for row in rows.body} == {"TRIGGER_PAYLOAD"}


def _flat(node: Any, name: str = "") -> list[tuple[str, str]]:
    """As a form has it."""
    if isinstance(node, dict):
        return [pair for key, each in node.items() for pair in _flat(each, f"{name}[{key}]" if name else str(key))]
    if isinstance(node, list):
        return [pair for each in node for pair in _flat(each, f"{name}[]")]
    return [(name, "" if node is None else str(node))]


def attempts() -> st.SearchStrategy[Callable[[Attacker], None]]:
    refs = st.sampled_from(("main", "main", "main", "refs/heads/main", "refs/tags/main", "other", "", "main~0"))
    ways = st.sampled_from(("json", "path", "form", "query"))
    trigger = st.tuples(shapes.inputs(), shapes.objects(), refs, ways)
    people = st.sampled_from(("developer", "cab", "admin"))
    return st.one_of(
        trigger.map(lambda sent: lambda attacker: attacker.trigger(*sent)),
        trigger.map(lambda sent: lambda attacker: attacker.trigger(*sent)),
        shapes.objects().map(lambda sent: lambda attacker: attacker.request(sent)),
        st.tuples(shapes.objects(), st.booleans()).map(lambda sent: lambda a: a.deliver(sent[0], stolen=sent[1])),
        st.tuples(shapes.columns(), people).map(lambda sent: lambda attacker: attacker.write(*sent)),
    )


def test_nothing_that_is_sent_at_random_deploys_or_tells_a_secret(ground: Ground, covered: list[str]) -> None:
    attacker = Attacker(ground)

    @seed(SEED)
    @RANDOMLY
    @given(attempt=attempts())
    def attack(attempt: Callable[[Attacker], None]) -> None:
        attacker.answers["attempts"] += 1
        attempt(attacker)

    attack()
    ground.pause(paused=False)
    ground.settle()
    covered.append(", ".join(f"{what} {count}" for what, count in sorted(attacker.answers.items())))
    assert ground.unapproved() == []
    assert ground.unexplained() == []
    end(ground)


def end(ground: Ground) -> None:
    for row in ground.open_runs():
        ground.services.port("PATCH", f"/actions/runs/{row['id']}", {"status": "FAILURE"})
    ground.settle()
