"""From the text of a pipeline file to jobs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from portctl.sandbox.gitlab.ci.compiler import Filtered, InvalidFile
from portctl.sandbox.gitlab.ci.model import Artifacts, Environment, Need, Retry, YamlVariable, spec_from_json
from tests.sandbox.gitlab_ci.compiling import compiled, names, only_job

WHOLE = """
stages: [gate, deploy]
default:
  image: {name: "alpine:3.20", entrypoint: [""]}
  interruptible: true
  retry: {max: 1, when: [runner_system_failure]}
  before_script: [echo default]
variables: {LEVEL: "70", REGION: {value: eu, description: Where, expand: false}}
.base: &base
  variables: {FROM_BASE: "1"}
  timeout: 15 minutes
gate:
  <<: *base
  stage: gate
  before_script: []
  script: [one, [two, three]]
  after_script: echo after
  coverage: '/TOTAL (\\d+)%/'
  allow_failure: {exit_codes: [90, 91]}
  artifacts:
    name: gate-$LEVEL
    paths: [out/]
    exclude: [out/*.tmp]
    expire_in: 1 day
    when: always
    access: developer
    reports:
      dotenv: gate.env
      junit: [a.xml, b.xml]
      coverage_report: {coverage_format: cobertura, path: coverage.xml}
deploy:
  extends: .base
  stage: deploy
  needs: [{job: gate, artifacts: false}, {job: absent, optional: true}]
  dependencies: []
  script: [!reference [gate, after_script], echo deploy]
  retry: 2
  interruptible: false
  resource_group: deploy-$REGION
  environment: {name: "live/$REGION", url: "https://$REGION.example.com", deployment_tier: production}
  variables: {LEVEL: "80"}
  when: manual
"""


@pytest.mark.fact("ci-16")
def test_every_keyword_that_is_understood_reaches_the_job() -> None:
    gate, deploy = compiled(WHOLE).jobs
    assert (gate.name, gate.stage, gate.stage_index, gate.needs, gate.dependencies) == ("gate", "gate", 1, None, None)
    assert (gate.script, gate.before_script, gate.after_script) == (("one", "two", "three"), (), ("echo after",))
    assert (gate.image, gate.interruptible, gate.timeout_seconds) == ("alpine:3.20", True, 900)
    assert (gate.retry, gate.when, gate.allow_failure) == (Retry(1, ("runner_system_failure",)), "on_success", False)
    assert (gate.allowed_exit_codes, gate.coverage) == ((90, 91), r"/TOTAL (\d+)%/")
    assert gate.variables == (
        YamlVariable("LEVEL", "70"),
        YamlVariable("REGION", "eu", False),
        YamlVariable("FROM_BASE", "1"),
    )
    assert gate.artifacts == Artifacts(
        name="gate-$LEVEL",
        paths=("out/",),
        exclude=("out/*.tmp",),
        when="always",
        expire_in="1 day",
        access="developer",
        dotenv=("gate.env",),
        junit=("a.xml", "b.xml"),
        coverage_format="cobertura",
        coverage_path="coverage.xml",
    )
    assert deploy.needs == (Need("gate", artifacts=False), Need("absent", optional=True))
    assert (deploy.dependencies, deploy.when, deploy.allow_failure) == ((), "manual", True)
    assert (deploy.before_script, deploy.script) == (("echo default",), ("echo after", "echo deploy"))
    assert (deploy.retry, deploy.interruptible, deploy.resource_group) == (Retry(2), False, "deploy-eu")
    assert deploy.environment == Environment("live/eu", "https://$REGION.example.com", "production")
    assert {each.key: each.value for each in deploy.variables}["LEVEL"] == "80"


def test_a_job_survives_being_written_down() -> None:
    jobs = compiled(WHOLE).jobs
    assert [spec_from_json(json.loads(json.dumps(job.as_json()))) for job in jobs] == list(jobs)


@pytest.mark.fact("ci-17")
@pytest.mark.parametrize(
    ("job", "when", "allowed"),
    [
        ("when: manual", "manual", True),
        ("rules: [{when: manual}]", "manual", False),
        ("rules: [{when: manual, allow_failure: true}]", "manual", True),
        ("when: manual, allow_failure: false", "manual", False),
        ("when: always, rules: [{if: $CI_PIPELINE_SOURCE}]", "always", False),
        ("allow_failure: true, rules: [{allow_failure: false}]", "on_success", False),
        ("rules: [{if: $NO}, {if: $CI_PIPELINE_SOURCE, when: on_failure}, {when: never}]", "on_failure", False),
    ],
)
def test_the_first_rule_that_fits_decides(job: str, when: str, allowed: bool) -> None:
    found = only_job(f"a: {{script: b, {job}}}")
    assert (found.when, found.allow_failure) == (when, allowed)


@pytest.mark.fact("ci-18")
@pytest.mark.parametrize(
    "rules", ["[]", "[{if: $NO}]", "[{when: never}]", "[{exists: [nothing]}]", "[{if: $YES, exists: [nothing]}]"]
)
def test_a_job_without_a_rule_that_fits_is_left_out(rules: str) -> None:
    text = f"a: {{script: b, rules: {rules}}}\nc: {{script: d}}"
    assert names(text, given={"YES": "1"}, files=("README.md",)) == ["c"]


@pytest.mark.fact("ci-19")
def test_rules_see_variables_of_every_layer_and_add_their_own() -> None:
    text = """
variables: {LEVEL: "70"}
a:
  script: b
  variables: {LEVEL: "75", KIND: job}
  rules: [{if: '$LEVEL == "80" && $KIND == "job"', exists: ["ci/*.sh"], variables: {KIND: rule, MORE: 1}}]
"""
    job = only_job(text, given={"LEVEL": "80"}, files=("ci/gate.sh",))
    assert {each.key: each.value for each in job.variables} == {"LEVEL": "75", "KIND": "rule", "MORE": "1"}
    with pytest.raises(Filtered):
        compiled(text, files=("ci/gate.sh",))


@pytest.mark.fact("ci-20")
@pytest.mark.parametrize(
    ("policy", "occasions"),
    [
        ("except: [pushes]", {"trigger", "api", "tag"}),
        ("only: [triggers]", {"trigger", "tag"}),
        ("only: [main]", {"trigger", "api", "push"}),
        ("only: [/^ma/]", {"trigger", "api", "push"}),
        ("only: [tags]", {"tag"}),
        ("only: {refs: [api, pushes], variables: [$DEPLOY]}", {"api", "push"}),
        ("only: {variables: ['$DEPLOY == \"no\"']}", set()),
        ("except: {refs: [api], variables: ['$DEPLOY == \"no\"']}", {"trigger", "push", "tag"}),
        ("only: [branches], except: [triggers]", {"api", "push"}),
    ],
)
def test_only_and_except(policy: str, occasions: set[str]) -> None:
    text = f"a: {{script: b, {policy}}}\nz: {{script: y}}"
    kinds: dict[str, dict[str, Any]] = {
        "trigger": {"source": "trigger"},
        "api": {"source": "api"},
        "push": {"source": "push"},
        "tag": {"source": "trigger", "ref": "v1", "is_tag": True},
    }
    given = {"DEPLOY": "yes"}
    assert {kind for kind, occasion in kinds.items() if "a" in names(text, given=given, **occasion)} == occasions


@pytest.mark.fact("ci-21")
def test_workflow_rules_decide_about_the_pipeline_and_name_it() -> None:
    text = """
workflow:
  name: 'deploy $SERVICE'
  auto_cancel: {on_new_commit: none}
  rules: [{if: '$CI_PIPELINE_SOURCE == "trigger"', variables: {SERVICE: checkout}}, {when: never}]
variables: {SERVICE: none}
a: {script: b, variables: {OWN: 1}}
"""
    found = compiled(text)
    assert found.name == "deploy checkout"
    assert [(each.key, each.value) for each in found.jobs[0].variables] == [("SERVICE", "checkout"), ("OWN", "1")]
    with pytest.raises(Filtered, match=r"Pipeline filtered out by workflow rules\."):
        compiled(text, source="push")


@pytest.mark.fact("ci-22")
def test_a_pipeline_without_jobs_is_none() -> None:
    for text in ("a: {script: b, only: [pushes]}", "a: {script: b, stage: .pre}", "a: {script: b, rules: []}"):
        with pytest.raises(Filtered, match="Pipeline will not run for the selected trigger"):
            compiled(text)


@pytest.mark.fact("ci-23")
def test_needs_of_a_job_that_is_left_out_fail_unless_optional() -> None:
    text = "a: {{script: b, rules: [{{if: $NO}}]}}\nc: {{script: d, needs: [{need}]}}"
    with pytest.raises(InvalidFile, match="'c' job needs 'a' job, but 'a' does not exist in the pipeline"):
        compiled(text.format(need="a"))
    assert names(text.format(need="{job: a, optional: true}")) == ["c"]


@pytest.mark.fact("ci-12")
def test_circular_variables_fail_the_pipeline() -> None:
    with pytest.raises(InvalidFile, match="a: circular variable reference detected"):
        compiled("variables: {A: $B}\na: {script: b, variables: {B: $A}}")


@pytest.mark.fact("ci-24")
def test_global_keywords_stand_in_for_defaults() -> None:
    job = only_job("image: alpine\nbefore_script: [x]\nafter_script: [y]\na: {script: b}")
    assert (job.image, job.before_script, job.after_script) == ("alpine", ("x",), ("y",))
    with pytest.raises(InvalidFile, match="image is defined in top-level and `default:` entry"):
        compiled("image: alpine\ndefault: {image: debian}\na: {script: b}")


@pytest.mark.fact("ci-25")
def test_exit_codes_of_retry_stand_for_themselves() -> None:
    assert only_job("a: {script: b, retry: {max: 1, exit_codes: [3]}}").retry == Retry(1, (), (3,))
    assert only_job("a: {script: b, retry: {max: 2}}").retry == Retry(2, ("always",))
    assert Retry(1, (), (3,)).applies("script_failure", 3)
    assert not Retry(1, (), (3,)).applies("script_failure", 4)
    assert Retry(1, ("script_failure",)).applies("script_failure", 4)


@pytest.mark.fact("ci-26")
def test_hidden_entries_may_hold_anything_and_jobs_come_in_the_order_of_their_stages() -> None:
    text = ".lines: &lines [one]\nlast: {stage: deploy, script: *lines}\nfirst: {stage: build, script: *lines}"
    assert names(text) == ["first", "last"]
