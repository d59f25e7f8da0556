"""The same pipelines here and under gitlab-ci-local, which none of us wrote: jobs end alike and print the same."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.sandbox.gitlab_ci.workshop import Workshop
from tests.waiting import PATIENCE_SECONDS

VERSION = "4.73.0"
TOOL = shutil.which("gitlab-ci-local")
ENDED = re.compile(r"^(?P<job>\S+) +finished in [\d.]+ m?s(?:\s+(?P<how>FAIL|WARN)\s+(?P<code>\d+))?", re.MULTILINE)

pytestmark = [
    pytest.mark.skipif(TOOL is None, reason=f"gitlab-ci-local {VERSION} is not installed"),
    pytest.mark.skipif(shutil.which("rsync") is None, reason="rsync, which gitlab-ci-local needs, is not installed"),
]

PIPELINES = {
    "stages": """
stages: [one, two, three]
a: {stage: one, script: [echo one]}
b: {stage: two, script: [exit 3]}
c: {stage: three, script: [echo never]}
sorry: {stage: three, when: on_failure, script: [echo sorry]}
always: {stage: three, when: always, script: [echo always]}
""",
    "hand-over": """
stages: [one, two]
a:
  stage: one
  script: [mkdir out, echo made > out/file, echo COVERAGE_MET=true > gate.env, echo not-kept > other]
  artifacts: {paths: [out], reports: {dotenv: gate.env}}
b: {stage: two, script: [cat out/file, 'echo "$COVERAGE_MET"', test ! -e other]}
c: {stage: two, dependencies: [], script: [test ! -e out]}
""",
    "needs": """
stages: [one, two]
fails: {stage: one, script: ["false"], allow_failure: true}
makes: {stage: one, script: [echo K=v > e], artifacts: {reports: {dotenv: e}}}
takes: {stage: two, needs: [makes], script: ['echo "<$K>"']}
early: {stage: two, needs: [], script: [echo early]}
""",
    "rules": """
stages: [one]
variables: {LEVEL: "70"}
fits:
  stage: one
  script: ['echo "$LEVEL $EXTRA"']
  rules: [{if: '$CI_PIPELINE_SOURCE == "trigger"', variables: {EXTRA: more}}]
misses: {stage: one, script: [echo no], rules: [{if: '$CI_PIPELINE_SOURCE == "push"'}]}
pattern: {stage: one, script: [echo p], rules: [{if: '$LEVEL =~ /^7\\d$/ && $MISSING == null'}]}
never: {stage: one, script: [echo n], rules: [{if: $LEVEL, when: never}, {when: always}]}
""",
    "allowed": """
stages: [one, two]
codes: {stage: one, script: [exit 91], allow_failure: {exit_codes: [90, 91]}}
any: {stage: one, script: ["exit 1"], allow_failure: true}
next: {stage: two, script: [echo next]}
""",
    "shell": """
default: {before_script: [BEFORE=kept]}
.base: {variables: {FROM: base}}
.before: {before_script: [BEFORE=referenced]}
a:
  extends: .base
  script:
    - echo "$BEFORE $FROM"
    - |
      for each in 1 2; do
        echo "n$each"
      done
b: {script: ["false | true", echo never]}
c: {script: [!reference [.before, before_script], 'echo "$BEFORE"', "false || echo caught"], before_script: []}
manual: {script: [echo hand], when: manual}
""",
}


@dataclass(frozen=True, slots=True)
class Ended:
    """By job: how it ended, and what it printed."""

    states: dict[str, str]
    output: dict[str, list[str]]


def under_gitlab_ci_local(folder: Path, pipeline: str) -> Ended:
    assert TOOL is not None
    project, home = folder / "project", folder / "home"
    home.mkdir(parents=True)
    environment = {"HOME": str(home), "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "NO_COLOR": "1"}

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS
        )

    project.mkdir()
    (project / ".gitlab-ci.yml").write_text(pipeline, encoding="utf-8")
    for arguments in (
        "init -q -b main", "config user.name n", "config user.email n@example.com", "add -A", "commit -q -m x",
        "remote add origin http://gitlab.example.com/platform/pipelines.git",
    ):  # fmt: skip
        assert run("git", *arguments.split()).returncode == 0
    ended = run(
        TOOL, "--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-json-schema-validation",
        "--state-dir", ".gcl/p1", "--ignore-predefined-vars", "CI_PIPELINE_SOURCE",
        "--variable", "CI_PIPELINE_SOURCE=trigger",
    )  # fmt: skip
    logs = {log.stem: log for log in (project / ".gcl/p1/output").glob("*.log")}
    every = ENDED.finditer(ended.stdout + ended.stderr)
    states = {match["job"]: "failed" if match["how"] else "success" for match in every if match["job"] in logs}
    return Ended(states, {name: printed(log.read_text(encoding="utf-8").splitlines()) for name, log in logs.items()})


def printed(lines: list[str]) -> list[str]:
    """Without the commands, each of which is repeated before it runs."""
    return [line for line in lines if not line.startswith("$ ") and line.strip()]


@pytest.mark.fact("ci-90")
@pytest.mark.parametrize("name", PIPELINES)
def test_jobs_end_as_under_gitlab_ci_local(workshop: Workshop, tmp_path: Path, name: str) -> None:
    theirs = under_gitlab_ci_local(tmp_path, PIPELINES[name])
    assert theirs.states
    states = workshop.run(PIPELINES[name])
    ran = {job: state for job, state in states.items() if state not in ("skipped", "manual")}
    assert (ran, set(theirs.states)) == (theirs.states, set(ran))
    for job in ran:
        own = [line for line in workshop.output(job) if line not in commands(PIPELINES[name])]
        assert own == [line for line in theirs.output[job] if line not in commands(PIPELINES[name])]


def commands(pipeline: str) -> set[str]:
    """Later lines of commands with several lines: gitlab-ci-local repeats those, too."""
    text = pipeline.replace("!reference", "")
    scripts = [job.get("script", []) for job in yaml.safe_load(text).values() if isinstance(job, dict)]
    every = [
        line for script in scripts for command in script if isinstance(command, str) for line in command.split("\n")
    ]
    return {line for line in every if line}
