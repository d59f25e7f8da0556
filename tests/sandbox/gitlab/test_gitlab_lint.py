"""CI lint: what is wrong with a pipeline file, and what the sandbox does not understand."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.gitlab.conftest import Ask

PROJECT = "/projects/platform%2Fpipelines"
LINT = f"{PROJECT}/ci/lint"
GOOD = """
stages: [gate, deploy]
.base:
  variables: {A: "1"}
  retry: {max: 2, when: [runner_system_failure]}
gate:
  stage: gate
  extends: .base
  script: [echo gate]
  artifacts: {reports: {dotenv: gate.env}}
  rules:
    - if: $CI_PIPELINE_SOURCE == "trigger"
deploy:
  stage: deploy
  needs: [{job: gate, artifacts: true}]
  script:
    - !reference [gate, script]
    - echo deploy
  environment: {name: production, deployment_tier: production}
  resource_group: production
"""


def lint(client: httpx.Client, content: str) -> httpx.Response:
    return client.post(LINT, json={"content": content})


@pytest.mark.fact("gitlab-101")
def test_a_good_file_is_valid_and_comes_back_merged(owner: httpx.Client) -> None:
    answer = lint(owner, GOOD)
    assert answer.status_code == 200
    body = answer.json()
    merged = body.pop("merged_yaml")
    assert body == {"valid": True, "errors": [], "warnings": [], "includes": [], "jobs": None}
    assert "extends" not in merged
    assert "max: 2" in merged.partition("gate:")[2]
    assert "- echo gate\n  - echo deploy" in merged


@pytest.mark.fact("gitlab-101")
def test_a_file_whose_inputs_have_defaults_is_valid_and_comes_back_filled_in(owner: httpx.Client) -> None:
    header = "spec: {inputs: {name: {default: build}, retries: {type: number, default: 2}}}"
    body = lint(
        owner, f'{header}\n---\n"$[[ inputs.name ]]":\n  script: [make]\n  retry: $[[ inputs.retries ]]\n'
    ).json()
    assert (body["valid"], body["errors"]) == (True, [])
    assert body["merged_yaml"] == "build:\n  script:\n  - make\n  retry: 2\n"


@pytest.mark.fact("gitlab-102")
@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "Please provide content of .gitlab-ci.yml"),
        ("- a", "Invalid configuration format"),
        (".hidden: {script: a}", "jobs config should contain at least one visible job"),
        ("a: {stage: test}", "jobs:a config should implement the script:, run:, or trigger: keyword"),
        ("a: {script: b, sript: c}", "jobs:a config contains unknown keys: sript"),
        ("a: text", "jobs:a config should be a hash"),
        (
            "a: {script: b, stage: x}",
            "a job: chosen stage x does not exist; available stages are .pre, build, test, deploy, .post",
        ),
        ("a: {script: b, needs: [c]}", "a job: undefined need: c"),
        ("a: {script: b, dependencies: [c]}", "a job: undefined dependency: c"),
        (
            "a: {script: b, stage: deploy, needs: [c], dependencies: [d]}\nc: {script: x}\nd: {script: y}",
            "a job: dependency d should be part of needs",
        ),
        (
            "a: {script: b, needs: [c]}\nc: {script: b, stage: deploy}",
            "a job: need c is not defined in current or prior stages",
        ),
        (
            "a: {script: b, needs: [c]}\nc: {script: b, needs: [a]}",
            "The pipeline has circular dependencies: topological sort failed",
        ),
        ("a: {script: b, rules: [], only: [main]}", "jobs:a config key may not be used with `rules`: only"),
        ("a: {script: b, extends: .c}", "a: unknown keys in `extends` (.c)"),
        (".a: {extends: .b}\n.b: {extends: .a}\nc: {script: d}", ".a: circular dependency detected in `extends`"),
        ("a: {script: b, retry: 3}", "jobs:a:retry config must be less than or equal to 2"),
        (
            "a: {script: b, when: sometimes}",
            "jobs:a:when config should be one of: on_success, on_failure, always, manual, delayed",
        ),
        ("a: {script: b, variables: [c]}", "jobs:a:variables config should be a hash"),
        ("a: {script: b, artifacts: {report: c}}", "jobs:a:artifacts config contains unknown keys: report"),
        ("a: {script: b, rules: [{iff: c}]}", "jobs:a:rules config contains unknown keys: iff"),
        ("spec: {inputs: {x: }}\n---\na: {script: b}", "`x` input: required value has not been provided"),
        (
            "spec: {inputs: {x: {sort: a}}}\n---\na: {script: b}",
            "header:spec:inputs:x config contains unknown keys: sort",
        ),
        (
            "spec: {inputs: {x: {default: b}}}\n---\na: {script: '$[[ inputs.y ]]'}",
            "unknown interpolation key: `y`",
        ),
        ("stages: test\na: {script: b}", "stages config should be an array of strings"),
        ("a: {script: [!reference [x, y]]}", "!reference ['x', 'y'] could not be found"),
    ],
)
def test_a_bad_file_is_answered_with_200_and_its_errors(owner: httpx.Client, content: str, error: str) -> None:
    answer = lint(owner, content)
    body = answer.json()
    assert (answer.status_code, body["valid"], body["merged_yaml"]) == (200, False, None)
    assert body["errors"] == [error]


@pytest.mark.fact("gitlab-102")
def test_what_is_not_yaml_is_not_valid(owner: httpx.Client) -> None:
    body = lint(owner, "a: [").json()
    assert (body["valid"], body["errors"][0].startswith("Invalid YAML: ")) == (False, True)


@pytest.mark.fact("gitlab-103")
@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("include: {local: a.yml}\na: {script: b}", "include"),
        ("a: {trigger: group/project}", "trigger"),
        ("a: {script: b, parallel: 3}", "parallel"),
        ("a: {script: b, id_tokens: {T: {aud: x}}}", "id_tokens"),
        ("spec: {component: [name]}\n---\na: {script: b}", "spec:component"),
        ("a: {script: b, services: [redis]}", "services"),
    ],
)
def test_keywords_that_are_not_understood_are_refused_by_name(owner: httpx.Client, content: str, name: str) -> None:
    answer = lint(owner, content)
    assert (answer.status_code, answer.json()) == (
        501,
        {"error": f"The sandbox does not emulate the CI keyword {name}"},
    )


@pytest.mark.fact("gitlab-104")
def test_simulation_comes_later(owner: httpx.Client) -> None:
    for name in ("dry_run", "include_jobs"):
        assert owner.post(LINT, json={"content": GOOD, name: True}).status_code == 501


@pytest.mark.fact("gitlab-105")
def test_lint_is_for_developers_and_needs_content(ask: Ask, owner: httpx.Client) -> None:
    assert lint(ask("developer"), GOOD).json()["valid"] is True
    assert lint(ask("reporter"), GOOD).status_code == 403
    assert owner.post(LINT, json={}).json() == {"error": "content is missing"}


@pytest.mark.fact("gitlab-106")
def test_the_committed_file_is_linted(owner: httpx.Client) -> None:
    assert owner.get(LINT).json()["errors"] == ["Please provide content of .gitlab-ci.yml"]
    file = {"branch": "main", "commit_message": "CI", "content": GOOD}
    owner.post(f"{PROJECT}/repository/files/.gitlab-ci.yml", json=file).raise_for_status()
    assert owner.get(LINT).json()["valid"] is True
    assert owner.get(LINT, params={"content_ref": "nowhere"}).json() == {"message": "404 Commit Not Found"}


@pytest.mark.fact("gitlab-107")
def test_lint_in_an_empty_repository(sandbox: Sandbox, owner: httpx.Client) -> None:
    group = owner.get("/groups/platform").json()["id"]
    path = f"/projects/{owner.post('/projects', json={'path': 'empty', 'namespace_id': group}).json()['id']}/ci/lint"
    assert owner.post(path, json={"content": GOOD}).json()["errors"] == ["Reference not found"]
    assert owner.get(path).status_code == 404
    sandbox.switches.set({"lint-empty-repository": "lenient"})
    assert owner.post(path, json={"content": GOOD}).json()["valid"] is True
