"""Two hundred requests in waves, and the decisions about them: who does what is drawn once, from a fixed seed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, TypeVar

from portctl.story.services import Row, Said, Services
from tests.storm.books import Books, run_of
from tests.storm.weather import WHILE_ASKING, WHILE_DECIDING

ACTION = "deploy_service_to_cluster"
DECISION = "approve_and_deploy_service"
LOW, ENOUGH, SHAKY = "shop/checkout", "shop/catalog", "shop/payments"
WAVES = (67, 67, 66)
_INTERFERED_WITH, _CROWDED_OUT = 1, 2
"""The wave in which somebody cancels pipelines, and the one in which somebody else uses up a limit."""
FATES = ("approved", "approved", "approved", "rejected", "contested", "forgotten")
"""What people do about a change request: agree on it in both places, contradict each other, or nothing."""
PORT, SERVICENOW = "Port", "ServiceNow"
_SEED = 5
_HANDS = 16
_MINUTE, _MOMENT, _SIGN_IN_WINDOW, _LONGER_THAN_ANY_TIMER = 61, 20, 301, 3661
_SIGN_INS, _LEFT = 100, 6
"""Port's limit per window, and how many of them somebody else leaves."""
_MANY = 20
"""So many pipelines are under way when somebody cancels two."""
_MOST_ROUNDS = 8
_FLOW_SECONDS = 2
_POLL_SECONDS = 0.05
_TICK_SECONDS = 5.0
_PATIENCE_SECONDS = 120.0
_DEPLOY_FAILS: dict[str, str | None] = {"deploy.sh": "exit 7\n"}
_TESTS_FAIL: dict[str, str | None] = {
    "deploy.sh": None,
    "test_broken.py": "import unittest\n\n\nclass Broken(unittest.TestCase):\n"
    "    def test_it(self) -> None:\n        self.fail()\n",
}
_BEFORE: tuple[dict[str, str | None], ...] = ({"NEWS.md": "None yet.\n"}, _DEPLOY_FAILS, _TESTS_FAIL)
"""What is committed to the shaky service before each wave."""
In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True, slots=True)
class Asked:
    """A deployment that somebody asked for. `run`: the run that was begun for it."""

    run: str
    service: str
    wave: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody says about the change request of a run, and where."""

    run: str
    change: str
    place: str
    word: str


@dataclass(slots=True)
class Told:
    """What the crowd did, for those who look at what came of it."""

    asked: list[Asked] = field(default_factory=list)
    canceled: dict[str, str] = field(default_factory=dict)
    """Runs of which somebody has cancelled a pipeline, and what that was called for."""
    fates: dict[str, str] = field(default_factory=dict)
    """By run: what people did about its change request."""
    answers: dict[str, list[str]] = field(default_factory=dict)
    """By run: the words of the decisions that ServiceNow has taken."""
    at_once: list[int] = field(default_factory=list)
    """How many pipelines GitLab had started when it had answered all of a wave."""
    refused_sign_ins: int = 0
    """How often Port has refused to sign a job in."""
    missed: list[str] = field(default_factory=list)
    """Faults that have hit nothing."""


class Crowd:
    """Everybody who wants something. `play` is the whole storm."""

    def __init__(self, services: Services, document: Mapping[str, Any]) -> None:
        self._services = services
        self._port = document["services"]["port"]
        self._books = Books(services)
        self._dice = random.Random(_SEED)
        self.told = Told()

    def play(self) -> Told:
        for person in ("developer", "engineer"):
            self._services.port("GET", "/blueprints", person=person)
        self._steer("POST", "/faults", list(WHILE_ASKING))
        for number, size in enumerate(WAVES):
            self._pass(_SIGN_IN_WINDOW)
            self._wave(number, size)
        self._run_jobs_again()
        self._pass(_SIGN_IN_WINDOW)
        self._clear_up()
        self._steer("POST", "/faults", list(WHILE_DECIDING))
        self._decide()
        self._clear_up()
        self._calm(lambda: len(self._undecided_apart()))
        self._give_up_the_forgotten()
        self._calm(lambda: len(self._services.open_runs()))
        return self.told

    def _wave(self, number: int, size: int) -> None:
        """So many people ask at the same moment."""
        self._services.commit(SHAKY, f"Wave {number}", _BEFORE[number])
        wishes = [LOW] * (size * 6 // 10) + [ENOUGH] * (size * 2 // 10)
        wishes += [SHAKY] * (size - len(wishes))
        self._dice.shuffle(wishes)
        before = {row["id"] for row in self._books.pipelines()}
        if number == _CROWDED_OUT:
            self._leave_few_sign_ins()
        said = self._all_at_once(self._ask, wishes, hands=size)
        self.told.asked += [Asked(run, service, number) for run, service in zip(said, wishes, strict=True)]
        if number == _INTERFERED_WITH:
            self._cancel_the_newest(before)
        self._wait_until_gitlab_has_answered(said)
        self.told.at_once.append(sum(row["id"] not in before for row in self._books.pipelines()))
        self._pass(_MINUTE)
        if number == _INTERFERED_WITH:
            self._cancel_a_deployment(before)
        self._settle()
        self.told.refused_sign_ins = self._refused_sign_ins()

    def _ask(self, service: str) -> str:
        said = self._services.start(ACTION, {"environment": "Staging"}, service, person="developer")
        assert said.status == 202, said.body
        return str(said.body["run"]["id"])

    def _leave_few_sign_ins(self) -> None:
        """Somebody else at the same address signs in to Port over and over; there are new ones in a moment only."""
        self._pass(_SIGN_IN_WINDOW)
        known = self._port["others"]["member"]
        body = {name: known[name] for name in ("clientId", "clientSecret")}
        for _ in range(_SIGN_INS - _LEFT):
            assert self._services.anybody("POST", f"{self._port['url']}/v1/auth/access_token", body).is_good
        self._pass(_SIGN_IN_WINDOW - _MOMENT)

    def _refused_sign_ins(self) -> int:
        rows = self._steer("GET", "/journal")["exchanges"]
        return sum(row["status"] == 429 and row["path"] == "/v1/auth/access_token" for row in rows)

    def _wait_until_gitlab_has_answered(self, runs: list[str]) -> None:
        """For each of them it has started a pipeline, or refused."""
        left = set(runs)

        def answered() -> bool:
            left.difference_update({run_of(row) for row in self._books.called("request")})
            left.difference_update({run for run in left if self._services.run(run)["status"] == "FAILURE"})
            return not left

        self._wait(answered)

    def _cancel_the_newest(self, before: set[int]) -> None:
        """Of which nothing has begun."""

        def new() -> list[Row]:
            rows = [row for row in self._books.called("request") if row["id"] not in before]
            return rows if len(rows) >= _MANY else []

        self._cancel(self._wait(new)[-1], "request")

    def _cancel_a_deployment(self, before: set[int]) -> None:
        """That is about to begin."""

        def about_to_deploy() -> list[Row]:
            rows = [row for row in self._books.called("deploy") if row["id"] not in before]
            return [row for row in rows if self._is_starting(row["id"])]

        self._cancel(self._wait(about_to_deploy)[0], "deploy")

    def _is_starting(self, pipeline: int) -> bool:
        return any(job["name"] == "start" and job["status"] == "running" for job in self._services.jobs(pipeline))

    def _cancel(self, pipeline: Row, kind: str) -> None:
        said = self._books.gitlab("POST", f"pipelines/{pipeline['id']}/cancel")
        assert said.is_good, said.reason
        self.told.canceled[run_of(pipeline)] = kind

    def _run_jobs_again(self) -> None:
        """Somebody retries jobs that have ended well: one that opened a change request, one that deployed."""
        services = {each.run: each.service for each in self.told.asked}
        for kind, name, service in (("request", "open", LOW), ("deploy", "deploy", ENOUGH)):
            row = next(
                row
                for row in self._books.called(kind)
                if row["status"] == "success" and services[run_of(row)] == service
            )
            (job,) = (each for each in self._services.jobs(row["id"]) if each["name"] == name)
            assert self._services.retry(job["id"]).status == 201
        self._settle()

    def _decide(self) -> None:
        """Everybody decides twice, in both places: about some in Port first, about some in ServiceNow, or at once."""
        waiting = self._books.changes("requested")
        self.told.fates = {run: FATES[number % len(FATES)] for number, run in enumerate(sorted(waiting))}
        first: list[Decision] = []
        later: list[Decision] = []
        for run, fate in sorted(self.told.fates.items()):
            words = [Decision(run, waiting[run], place, word) for place, word in _words(fate)]
            begun = words and self._dice.choice((words, words[:1], words[1:]))
            first += begun
            later += [*(each for each in words if each not in begun), *words]
        for decisions in (first, later):
            self._dice.shuffle(decisions)
            self._note(decisions, self._all_at_once(self._say, decisions))
        self._pass(_FLOW_SECONDS)
        self._settle()

    def _note(self, decisions: list[Decision], answers: list[str]) -> None:
        """Which decisions were taken; in Port a run tells."""
        for each, answer in zip(decisions, answers, strict=True):
            if self._was_taken(each, answer):
                self.told.answers.setdefault(each.run, []).append(each.word)

    def _was_taken(self, decision: Decision, answer: str) -> bool:
        if decision.place == SERVICENOW:
            return bool(answer)
        self._wait(lambda: self._services.run(answer)["status"] != "IN_PROGRESS")
        return bool(self._services.run(answer)["status"] == "SUCCESS")

    def _say(self, each: Decision) -> str:
        """One decision: in Port the run that carries it to ServiceNow; there a word where it was taken."""
        if each.place == PORT:
            inputs = {"approval_status": each.word, "reason": "one of many"}
            said: Said = self._services.start(DECISION, inputs, each.change, person="engineer")
            assert said.status == 202, said.body
            return str(said.body["run"]["id"])
        return each.word if self._services.decide(each.change, each.word, "one of many").is_good else ""

    def _give_up_the_forgotten(self) -> None:
        """Nobody has decided about them: whoever opened them cancels them."""
        changes = self._books.changes("requested")
        forgotten = [changes[run] for run in self._forgotten() if run in changes]
        for change in forgotten:
            body = {"state": "4", "work_notes": "nobody wants it any more"}
            said = self._services.snow("PATCH", f"/api/now/table/change_request/{change}", body)
            assert said.status == 200, said.body
        self._settle()

    def _clear_up(self) -> None:
        rows = self._steer("GET", "/faults")["faults"]
        self.told.missed += [f"{row['kind']} {row['path']} {row['nth']}" for row in rows if row["seen"] < row["nth"]]
        self._steer("DELETE", "/faults")

    def _forgotten(self) -> list[str]:
        return [run for run, fate in self.told.fates.items() if fate == "forgotten"]

    def _undecided_apart(self) -> list[str]:
        forgotten = set(self._forgotten())
        return [row["id"] for row in self._services.open_runs() if row["id"] not in forgotten]

    def _calm(self, count: Callable[[], int]) -> None:
        """Time passes until nothing is open: a minute for the limits, then longer than any timer."""
        for number in range(_MOST_ROUNDS):
            if not count():
                return
            self._pass(_LONGER_THAN_ANY_TIMER if number % 2 else _MINUTE)
            self._settle()

    def _settle(self) -> None:
        """Let everything end; minutes pass meanwhile, since jobs wait for limits that count by the minute."""
        with ThreadPoolExecutor(1) as other:
            settled = other.submit(self._steer, "POST", "/settle")
            while not wait([settled], _TICK_SECONDS).done:
                self._pass(_MINUTE)
        assert "error" not in settled.result(), settled.result()

    def _pass(self, seconds: float) -> None:
        self._steer("POST", "/advance", {"seconds": seconds})

    def _steer(self, method: str, path: str, body: Any = None) -> Any:
        return self._services.steer(method, path, body)

    def _all_at_once(self, what: Callable[[In], Out], wanted: Iterable[In], hands: int = _HANDS) -> list[Out]:
        with ThreadPoolExecutor(hands) as crowd:
            return list(crowd.map(what, wanted))

    def _wait(self, look: Callable[[], Out]) -> Out:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not (found := look()):
            assert time.monotonic() < deadline, "it does not come"
            time.sleep(_POLL_SECONDS)
        return found


def _words(fate: str) -> tuple[tuple[str, str], ...]:
    """Where somebody decides what."""
    if fate == "forgotten":
        return ()
    if fate == "contested":
        return (PORT, "approved"), (SERVICENOW, "rejected")
    return (PORT, fate), (SERVICENOW, fate)
