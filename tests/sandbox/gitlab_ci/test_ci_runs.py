"""Jobs that really run: order, hand-over, variables, ends. Under bash, and under BusyBox as a small image has it."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import shutil
from functools import partial

import pytest

from portctl.sandbox.gitlab.ci.runner.shells import bash, busybox
from tests.sandbox.gitlab_ci.workshop import PROJECT, Workshop

LEGS = [
    pytest.param("bash", id="bash"),
    pytest.param(
        "busybox",
        id="busybox",
        marks=pytest.mark.skipif(shutil.which("busybox") is None, reason="BusyBox is not installed"),
    ),
]


@pytest.fixture(params=LEGS)
def shop(workshop: Workshop, request: pytest.FixtureRequest) -> Workshop:
    """The workshop, once per shell."""
    workshop.sandbox.gitlab.pipelines.shell = bash if request.param == "bash" else busybox
    return workshop


@pytest.mark.fact("ci-32", "ci-33", "ci-34", "ci-36", "ci-37")
def test_a_pipeline_hands_files_and_variables_from_stage_to_stage(shop: Workshop) -> None:
    states = shop.run(
        """
stages: [build, test]
build:
  stage: build
  before_script: [KEPT=in-one-shell]
  script:
    - echo "$KEPT"
    - mkdir out && printf 'made\\n' > out/file.txt && chmod +x out/file.txt && touch out/not.tmp
    - printf 'COVERAGE_MET=true\\nQUOTED="a b"\\n' > gate.env
  after_script: ['echo "after: [${KEPT:-}] $CI_JOB_STATUS"']
  artifacts: {paths: [out], exclude: ["**/*.tmp"], reports: {dotenv: gate.env}}
test:
  stage: test
  script:
    - cat out/file.txt; test -x out/file.txt; ls out; test ! -e gate.env
    - echo "$COVERAGE_MET $QUOTED"
    - pwd | grep -c platform/pipelines$
    - git log --oneline 2>/dev/null | wc -l || true
"""
    )
    assert states == {"build": "success", "test": "success"}
    assert shop.output("build")[:1] == ["in-one-shell"]
    assert "after: [] success" in shop.log("build")
    assert shop.output("test")[:4] == ["made", "file.txt", 'true "a b"', "1"]
    assert shop.pipeline()["status"] == "success"
    files = {each["file_type"]: each["filename"] for each in shop.job("build")["artifacts"]}
    assert files == {"archive": "artifacts.zip", "dotenv": ".env.gz", "trace": "job.log"}


@pytest.mark.fact("ci-35", "ci-38")
def test_a_job_stops_at_the_first_command_that_fails(shop: Workshop) -> None:
    states = shop.run(
        """
stages: [one, two]
fails: {stage: one, script: [echo before, (exit 3), echo never]}
piped: {stage: one, script: ["false | cat", echo never]}
caught: {stage: one, script: ["false || echo caught", "if false; then echo no; fi"]}
block:
  stage: one
  script:
    - |
      value=$(exit 4)
      echo never
later: {stage: two, script: [echo later]}
on-failure: {stage: two, when: on_failure, script: [echo sorry]}
always: {stage: two, when: always, script: [echo always]}
"""
    )
    assert states == {
        "fails": "failed", "piped": "failed", "caught": "success", "block": "failed",
        "later": "skipped", "on-failure": "success", "always": "success",
    }  # fmt: skip
    assert shop.output("fails") == ["before"]
    assert shop.output("caught") == ["caught"]
    ends = {name: shop.log(name).splitlines()[-1] for name in ("fails", "piped", "block")}
    assert ends == {
        name: f"ERROR: Job failed: exit code {code}" for name, code in (("fails", 3), ("piped", 1), ("block", 4))
    }
    assert shop.job("fails")["failure_reason"] == "script_failure"
    assert shop.pipeline()["status"] == "failed"


@pytest.mark.fact("ci-39", "ci-8", "ci-10")
def test_the_payload_of_a_trigger_is_a_file(shop: Workshop) -> None:
    payload = {"port_context": {"runId": "r2"}, "deploy_run_id": "r1", "list": [1, None, True], "text": "ä 'q' \"d\""}
    shop.run(
        """show: {script: ['cat "$TRIGGER_PAYLOAD"; echo', 'jq -r .port_context.runId "$TRIGGER_PAYLOAD"']}""", payload
    )
    first, second = shop.output("show")
    assert second == "r2"
    assert json.loads(first) == {**payload, "id": "platform/pipelines", "ref": "main", "variables": {}}


@pytest.mark.fact("ci-40", "ci-41")
def test_a_job_has_a_clean_environment_and_the_predefined_variables(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOST_SECRET", "leaks")
    shop.run(
        """
show:
  environment: {name: Production/EU, url: "https://$SLUG.example.com"}
  variables: {SLUG: eu, URL_THERE: "$CI_API_V4_URL/x"}
  script:
    - echo "[${HOST_SECRET:-}] $CI $GITLAB_CI $CI_PIPELINE_SOURCE $CI_PIPELINE_TRIGGERED $CI_JOB_NAME $CI_JOB_STAGE"
    - echo "$CI_PROJECT_PATH $CI_COMMIT_REF_NAME $CI_COMMIT_BRANCH $CI_DEFAULT_BRANCH $CI_COMMIT_REF_PROTECTED"
    - echo "$CI_ENVIRONMENT_NAME $CI_ENVIRONMENT_SLUG $CI_ENVIRONMENT_TIER $CI_ENVIRONMENT_URL"
    - echo "$CI_PIPELINE_URL $CI_JOB_URL $URL_THERE"
    - echo "$GITLAB_USER_LOGIN $CI_TRIGGER_SHORT_TOKEN"
    - ls -A "$HOME" | wc -l
    - test "$PWD" = "$CI_PROJECT_DIR"
"""
    )
    url = shop.sandbox.urls["gitlab"]
    page, job = f"{url}/platform/pipelines/-", shop.job("show")
    assert shop.output("show") == [
        "[] true true trigger true show test",
        "platform/pipelines main main main true",
        "Production/EU production-eu-yzhddv production https://eu.example.com",
        f"{page}/pipelines/{shop.last} {page}/jobs/{job['id']} {url}/api/v4/x",
        f"sa-portctl {shop.token[:4]}",
        "0",
    ]
    assert (job["status"], job["web_url"]) == ("success", f"{page}/jobs/{job['id']}")


@pytest.mark.fact("ci-42")
def test_masked_values_do_not_reach_the_log(shop: Workshop) -> None:
    shop.variable("TOKEN", "s3cret-value", masked=True, raw=True)
    slowly = "for part in s3cret -va lue; do printf %s $part; sleep 0.02; done; echo"
    shop.run(f"show: {{script: ['echo \"<$TOKEN>\"', '{slowly}', 'echo $CI_JOB_TOKEN']}}")
    assert shop.output("show") == ["<[MASKED]>", "[MASKED]", "[MASKED]"]


@pytest.mark.fact("ci-43")
def test_packages_are_not_installed_but_asked_for(shop: Workshop) -> None:
    states = shop.run(
        """
there: {script: [apk update, apk add --upgrade curl jq -q, apk add --no-cache --virtual deps 'jq=~1.6']}
missing: {script: [apk add no-such-program]}
"""
    )
    assert states == {"there": "success", "missing": "failed"}
    assert 'apk: the sandbox installs nothing, and has no command "no-such-program"' in shop.log("missing")


@pytest.mark.fact("ci-44")
def test_a_branch_that_is_never_taken_is_parsed_all_the_same(shop: Workshop) -> None:
    states = shop.run(
        """
portable: {script: ['if false; then echo never; else echo taken; fi']}
arrays:
  script:
    - |
      if false; then list=(1 2); fi
      echo reached
"""
    )
    runs_bash = shop.sandbox.gitlab.pipelines.shell is bash
    assert states == {"portable": "success", "arrays": "success" if runs_bash else "failed"}
    assert ("reached" in shop.output("arrays")) is runs_bash


@pytest.mark.skipif(shutil.which("busybox") is None, reason="BusyBox is not installed")
@pytest.mark.fact("ci-45")
def test_busybox_has_its_applets_curl_and_jq_and_nothing_else(workshop: Workshop) -> None:
    workshop.sandbox.gitlab.pipelines.shell = busybox
    script = (
        "for each in curl jq wget sed python3 git bash perl; do command -v $each >/dev/null && echo $each; done; true"
    )
    workshop.run(f"show: {{script: ['{script}']}}")
    assert workshop.output("show") == ["curl", "jq", "wget", "sed"]
    workshop.sandbox.gitlab.pipelines.shell = partial(busybox, more=("git", "python3"))
    workshop.run(f"show: {{script: ['{script}']}}")
    assert workshop.output("show") == ["curl", "jq", "wget", "sed", "python3", "git"]
    assert (
        workshop.client.get(f"{PROJECT}/jobs/{workshop.job('show')['id']}").json()["runner"]["description"] == "sandbox"
    )


@pytest.mark.fact("ci-110")
def test_jobs_have_portctl_as_an_image_would(shop: Workshop) -> None:
    version = f"portctl {importlib.metadata.version('portctl-cli')} (Python {platform.python_version()})"
    states = shop.run("use: {script: [portctl version, portctl no-such-command]}", portctl_py="raise SystemExit(9)\n")
    assert states == {"use": "failed"}
    assert shop.output("use")[0] == version
    assert shop.log("use").splitlines()[-1] == "ERROR: Job failed: exit code 64"
