"""How jobs end: in time or not, canceled, run again, one after the other; and nothing stays behind."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import pytest

from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.gitlab.ci.engine import Unsettled
from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop
from tests.servers import gitlab_client
from tests.waiting import wait_until

STRAYS = "sleep 3601 & setsid sleep 3602 & (trap '' TERM; sleep 3603) & echo strays"
CHILDREN = ("sleep\x003601", "sleep\x003602", "sleep\x003603", "sleep\x003604")


def strays() -> list[str]:
    """The commands above that are alive."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_text().rstrip("\0")
        except OSError:
            continue
        found += [command] if command in CHILDREN else []
    return found


def start(workshop: Workshop, pipeline: str, name: str) -> int:
    """Trigger, and wait until the job has said `ready`; its id."""
    workshop.commit(pipeline)
    workshop.last = workshop.trigger()
    wait_until(lambda: name in workshop.states() and "\nready" in workshop.log(name))
    number: int = workshop.job(name)["id"]
    return number


@pytest.mark.fact("ci-46")
def test_a_timeout_takes_all_children_along(workshop: Workshop) -> None:
    states = workshop.run(f"""
a:
  timeout: 1 second
  script: ["{STRAYS}", sleep 3604]
  after_script: [echo after]
  retry: {{max: 1, when: script_failure}}
""")
    assert (states, strays()) == ({"a": "failed"}, [])
    assert workshop.job("a")["failure_reason"] == "job_execution_timeout"
    assert workshop.log("a").splitlines()[-1] == "ERROR: Job failed: execution took longer than 1 seconds"
    assert "after" not in workshop.output("a")


@pytest.mark.fact("ci-46")
def test_the_end_of_a_job_leaves_the_same_job_of_another_sandbox_alone(workshop: Workshop) -> None:
    with Sandbox() as twin, gitlab_client(twin) as client:
        other = Workshop(twin, client)
        job = start(other, "a: {script: [echo ready, sleep 1, echo still there]}", "a")
        states = workshop.run("a: {script: [exit 1]}")
        assert (workshop.job("a")["id"], states) == (job, {"a": "failed"})
        other.settle()
        assert (other.job("a")["status"], other.output("a")) == ("success", ["ready", "still there"])


@pytest.mark.fact("ci-46")
def test_timeouts_count_what_the_clock_is_moved_forward_by(workshop: Workshop) -> None:
    start(workshop, "a: {timeout: 1 hour, script: [echo ready, sleep 3604]}", "a")
    workshop.sandbox.world.clock.advance(3_601)
    workshop.settle()
    assert (workshop.job("a")["failure_reason"], strays()) == ("job_execution_timeout", [])


@pytest.mark.fact("ci-46")
def test_timeouts_count_real_seconds_however_fast_the_clock_runs() -> None:
    with Sandbox(time_scale=1_000) as sandbox, gitlab_client(sandbox) as client:
        workshop = Workshop(sandbox, client)
        assert workshop.run("a: {timeout: 1 minute, script: [sleep 0.2]}") == {"a": "success"}


@pytest.mark.fact("ci-47")
def test_what_a_job_leaves_running_ends_with_it(workshop: Workshop) -> None:
    assert workshop.run(f'a: {{script: ["{STRAYS}"]}}') == {"a": "success"}
    assert strays() == []


@pytest.mark.fact("ci-48")
def test_a_canceled_job_ends_with_its_children_and_after_script_is_told(workshop: Workshop) -> None:
    text = f"""
stages: [one, two]
a: {{stage: one, script: ["{STRAYS}", echo ready, sleep 3604], after_script: ['echo "after: $CI_JOB_STATUS"']}}
b: {{stage: two, script: [echo b]}}
"""
    start(workshop, text, "a")
    answer = workshop.client.post(f"{PROJECT}/pipelines/{workshop.last}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "canceling")
    workshop.settle()
    assert (workshop.states(), strays()) == ({"a": "canceled", "b": "canceled"}, [])
    assert workshop.pipeline()["status"] == "canceled"
    assert "after: canceled" in workshop.log("a")
    assert workshop.client.post(f"{PROJECT}/jobs/{workshop.job('a')['id']}/cancel").json()["status"] == "canceled"


@pytest.mark.fact("ci-49")
def test_a_forced_cancellation_skips_after_script(workshop: Workshop) -> None:
    number = start(workshop, "a: {script: [echo ready, sleep 3604], after_script: [sleep 3603]}", "a")
    workshop.client.post(f"{PROJECT}/jobs/{number}/cancel", json={"force": True})
    workshop.settle()
    assert (workshop.states(), strays()) == ({"a": "canceled"}, [])


@pytest.mark.fact("ci-50")
def test_after_script_has_its_own_time_and_its_failure_does_not_matter(workshop: Workshop) -> None:
    states = workshop.run("""
slow: {script: [echo a], variables: {RUNNER_AFTER_SCRIPT_TIMEOUT: 1s}, after_script: [sleep 3604]}
bad: {script: [exit 7], after_script: ['echo "after: $CI_JOB_STATUS"', exit 1]}
""")
    assert states == {"slow": "success", "bad": "failed"}
    assert "after_script failed, but job will continue unaffected: timed out" in workshop.log("slow")
    assert "after: failed" in workshop.log("bad")
    assert workshop.log("bad").splitlines()[-1] == "ERROR: Job failed: exit code 7"


@pytest.mark.fact("ci-51")
def test_a_job_is_run_again_as_often_as_it_says(workshop: Workshop) -> None:
    states = workshop.run("""
always: {script: [exit 1], retry: 2}
other-reason: {script: [exit 1], retry: {max: 2, when: [runner_system_failure]}}
code: {script: [exit 3], retry: {max: 1, exit_codes: [3]}}
""")
    assert states == {"always": "failed", "other-reason": "failed", "code": "failed"}
    every = [job["name"] for job in workshop.jobs(include_retried=True)]
    assert {name: every.count(name) for name in every} == {"always": 3, "other-reason": 1, "code": 2}


@pytest.mark.fact("ci-52")
def test_failures_may_be_allowed_for_exit_codes(workshop: Workshop) -> None:
    text = """
stages: [one, two]
allowed: {{stage: one, script: [exit {code}], allow_failure: {{exit_codes: [90, 91]}}}}
any: {{stage: one, script: [exit 1], allow_failure: true}}
next: {{stage: two, script: [echo next]}}
"""
    assert workshop.run(text.format(code=91)) == {"allowed": "failed", "any": "failed", "next": "success"}
    assert (workshop.pipeline()["status"], workshop.job("allowed")["allow_failure"]) == ("success", True)
    assert workshop.run(text.format(code=92)) == {"allowed": "failed", "any": "failed", "next": "skipped"}
    assert workshop.pipeline()["status"] == "failed"


@pytest.mark.fact("ci-53")
def test_jobs_of_a_resource_group_run_one_after_the_other(workshop: Workshop) -> None:
    workshop.commit("deploy: {script: [echo ready, sleep 0.2], resource_group: production}\nfree: {script: [echo x]}")
    numbers = [workshop.trigger({"number": number}) for number in range(3)]
    seen: set[str] = set()
    workshop.last = numbers[2]

    def all_ended() -> bool:
        seen.add(workshop.job("deploy")["status"])
        return workshop.states() == {"deploy": "success", "free": "success"}

    wait_until(all_ended)
    assert "waiting_for_resource" in seen
    deploys = []
    for workshop.last in numbers:
        deploys.append(workshop.job("deploy"))
    times = [(job["started_at"], job["finished_at"]) for job in deploys]
    assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(times))


@pytest.mark.fact("ci-54")
@pytest.mark.parametrize(("mode", "last"), [("oldest_first", 2), ("newest_first", 1)])
def test_the_mode_of_resource_groups_decides_who_is_next(workshop: Workshop, mode: str, last: int) -> None:
    workshop.client.put(PROJECT, json={"resource_group_default_process_mode": mode}).raise_for_status()
    workshop.commit("deploy: {script: [sleep 0.3], resource_group: production}")
    numbers = [workshop.trigger({"number": number}) for number in range(3)]
    workshop.settle()
    ended = []
    for workshop.last in numbers:
        ended.append(workshop.job("deploy")["finished_at"])
    assert ended.index(max(ended)) == last


@pytest.mark.fact("ci-55")
def test_needs_go_past_stages_and_bring_files(workshop: Workshop) -> None:
    states = workshop.run("""
stages: [one, two, three]
fails: {stage: one, script: [exit 1]}
makes: {stage: one, script: [echo file > made, echo K=v > e], artifacts: {paths: [made], reports: {dotenv: e}}}
takes: {stage: two, needs: [makes], script: [cat made, echo "<$K>"]}
leaves: {stage: two, needs: [{job: makes, artifacts: false}], script: [test ! -e made, 'echo "<${K:-}>"']}
at-once: {stage: three, needs: [], script: [echo early]}
after: {stage: three, needs: [fails], script: [echo never]}
none: {stage: two, script: [echo never]}
told: {stage: three, when: on_failure, script: [echo told]}
untold: {stage: three, when: on_failure, needs: [fails, none], script: [echo never]}
""")
    assert states == {
        "fails": "failed", "makes": "success", "takes": "success", "leaves": "success", "at-once": "success",
        "after": "skipped", "none": "skipped", "told": "success", "untold": "skipped",
    }  # fmt: skip
    assert (workshop.output("takes"), workshop.output("leaves")) == (["file", "<v>"], ["<>"])


@pytest.mark.fact("ci-56")
def test_dependencies_narrow_what_is_handed_over(workshop: Workshop) -> None:
    workshop.run("""
stages: [one, two]
a: {stage: one, script: [echo a > a, echo A=1 > e], artifacts: {paths: [a], reports: {dotenv: e}}}
b: {stage: one, script: [echo b > b, echo B=1 > e], artifacts: {paths: [b], reports: {dotenv: e}}}
all: {stage: two, script: ['echo $(ls ?) $A$B']}
one: {stage: two, dependencies: [a], script: ['echo $(ls ?) $A${B:-}']}
nothing: {stage: two, dependencies: [], script: ['echo $(ls ? 2>/dev/null) ${A:-}${B:-} nothing']}
""")
    assert [workshop.output(name) for name in ("all", "one", "nothing")] == [["a b 11"], ["a 1"], ["nothing"]]


@pytest.mark.fact("ci-57")
def test_so_many_jobs_run_at_once_and_settling_has_a_bound(workshop: Workshop) -> None:
    engine = workshop.sandbox.gitlab.pipelines
    engine.concurrent, engine.settle_seconds = 1, 0.3
    try:
        workshop.commit("a: {script: [sleep 0.4]}\nb: {script: [sleep 0.1]}")
        workshop.last = workshop.trigger()
        with pytest.raises(Unsettled, match=r"after 0\.3 seconds these jobs still run: a \(\d+\), b \(\d+\)"):
            workshop.settle()
        engine.settle_seconds = 10
        workshop.settle()
    finally:
        engine.concurrent, engine.settle_seconds = 4, 300
    a, b = workshop.job("a"), workshop.job("b")
    assert a["finished_at"] <= b["started_at"]


@pytest.mark.fact("ci-58")
def test_a_reset_ends_all_jobs(workshop: Workshop) -> None:
    start(workshop, f'a: {{script: ["{STRAYS}", echo ready, sleep 3604]}}', "a")
    workshop.sandbox.reset()
    assert strays() == []
    assert workshop.client.get(f"{PROJECT}/jobs").json() == []


@pytest.mark.fact("ci-59")
def test_a_stop_ends_all_jobs_and_the_next_start_goes_on(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, gitlab_client(sandbox) as client:
        workshop = Workshop(sandbox, client)
        text = f'a: {{script: ["{STRAYS}", echo ready, sleep 3604], retry: {{max: 1, when: runner_system_failure}}}}'
        start(workshop, text, "a")
        last = workshop.last
    assert strays() == []
    with Sandbox(tmp_path) as sandbox, gitlab_client(sandbox) as client:
        jobs = client.get(f"{PROJECT}/pipelines/{last}/jobs", params={"include_retried": True}).json()
        assert [(job["status"], job["failure_reason"]) for job in jobs][1] == ("failed", "runner_system_failure")
        wait_until(lambda: client.get(f"{PROJECT}/jobs/{jobs[0]['id']}").json()["status"] == "running")
        wait_until(lambda: len(strays()) > 0)
    assert strays() == []


def test_whoever_waits_for_jobs_is_let_go_when_the_sandbox_ends(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, gitlab_client(sandbox) as client:
        workshop = Workshop(sandbox, client)
        more_than_run_at_once = "".join(f"{name}: {{script: [echo ready, sleep 3604]}}\n" for name in "abcdef")
        start(workshop, more_than_run_at_once, "a")
        waiting = threading.Thread(target=sandbox.settle, daemon=True)
        waiting.start()
        wait_until(waiting.is_alive)
    waiting.join(10)
    assert not waiting.is_alive()


@pytest.mark.fact("ci-60")
def test_what_was_running_when_the_process_died_has_failed(tmp_path: Path) -> None:
    with Sandbox(tmp_path) as sandbox, gitlab_client(sandbox) as client:
        workshop = Workshop(sandbox, client)
        workshop.run("a: {script: [echo a]}\nb: {script: [echo b], needs: [a]}")
        rows = sandbox.gitlab.instance.state
        row = rows.get("jobs", str(workshop.job("a")["id"]))
        assert row is not None
        rows.put("jobs", str(row["id"]), {**row, "status": "running", "finished_at": None})
        last = workshop.last
    with Sandbox(tmp_path) as sandbox, gitlab_client(sandbox) as client:
        sandbox.settle()
        jobs = client.get(f"{PROJECT}/pipelines/{last}/jobs").json()
        assert [(job["name"], job["status"], job["failure_reason"]) for job in jobs] == [
            ("b", "success", None),
            ("a", "failed", "runner_system_failure"),
        ]


@pytest.mark.fact("ci-61")
def test_a_job_may_call_the_sandbox_while_faults_hit_it(workshop: Workshop) -> None:
    workshop.sandbox.faults.add(Fault(FaultKind.STATUS, service="gitlab", path="/version", status=500))
    states = workshop.run("""
a:
  script:
    - curl -sS -o /dev/null -w '%{http_code}\\n' "$CI_API_V4_URL/version"
    - curl -s --fail-with-body "$CI_API_V4_URL/version" || echo "exit $?"
""")
    assert states == {"a": "success"}
    assert workshop.output("a") == ["500", '{"message":"401 Unauthorized"}exit 22']
