"""What is not understood is refused by name; what is accepted, GitLab's own schema accepts, too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from portctl.sandbox.gitlab.ci.document import BadDocument, parse
from portctl.sandbox.gitlab.ci.keywords import DEFAULT_SHAPES, GLOBAL_SHAPES, JOB_SHAPES
from portctl.sandbox.gitlab.ci.lint import lint
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from tests.sandbox.gitlab_ci.test_ci_compiler import WHOLE

SCHEMA = Path(__file__).resolve().parents[4] / "shared" / "contracts" / "gitlab-ci.schema.json"
needs_schema = pytest.mark.skipif(not SCHEMA.exists(), reason="GitLab's schema of pipeline files is not here")

REFUSED_IN_JOBS = (
    "artifacts: {reports: {sast: a.json}}", "artifacts: {untracked: true}", "artifacts: {expose_as: x, paths: [a]}",
    "artifacts: {public: false}", "cache: {paths: [a]}", "environment: {name: a, action: stop}",
    "environment: {name: a, on_stop: b}", "environment: {name: a, auto_stop_in: 1 day}", "hooks: {}", "id_tokens: {}",
    "identity: google_cloud", "image: {name: a, pull_policy: always}", "inherit: {default: false}",
    "needs: [{pipeline: $P, job: b}]", "needs: [{project: p, job: b, ref: c}]", "only: {changes: [a]}",
    "only: {kubernetes: active}", "only: [merge_requests]", "only: [main@group/project]", "pages: true", "parallel: 2",
    "release: {tag_name: a, description: b}", "rules: [{changes: [a]}]", "rules: [{needs: [b]}]",
    "rules: [{when: delayed, start_in: 1 hour}]", "rules: [{exists: {paths: [a]}}]", "run: []", "secrets: {}",
    "services: [redis]", "start_in: 1 hour, when: delayed", "trigger: group/project",
    "variables: {GIT_SUBMODULE_STRATEGY: recursive}", "variables: {RUNNER_SCRIPT_TIMEOUT: 5m}",
    "rules: [{if: '$A =~ /[[:alpha:]]/'}]", "before_script: [[[c]]]",
)  # fmt: skip
REFUSED_ABOVE = (
    "include: a.yml", "default: {cache: {paths: [a]}}", "services: [redis]",
    "workflow: {auto_cancel: {on_new_commit: interruptible}}", "workflow: {rules: [{changes: [a]}]}",
    "workflow: {auto_cancel: {on_job_failure: all}}", "cache: {}", "pages: {script: [x]}",
)  # fmt: skip


@pytest.mark.fact("ci-27")
@pytest.mark.parametrize("keyword", REFUSED_IN_JOBS)
def test_a_keyword_of_a_job_that_is_not_emulated_is_refused_by_name(keyword: str) -> None:
    with pytest.raises(NotEmulated, match=r"^(the CI keyword|the CI variable|the value|needs of|only and|the regular)"):
        lint(f"a: {{after_script: b, script: c, {keyword}}}\nb: {{script: c}}")


@pytest.mark.fact("ci-27")
@pytest.mark.parametrize("keyword", REFUSED_ABOVE)
def test_a_global_keyword_that_is_not_emulated_is_refused_by_name(keyword: str) -> None:
    with pytest.raises(NotEmulated, match=r"^the (CI keyword|value)"):
        lint(f"{keyword}\na: {{script: b}}")


@pytest.mark.fact("ci-28")
@pytest.mark.parametrize(
    ("job", "error"),
    [
        ("artifacts: {when: x}", "jobs:a:artifacts config when should be one of: on_success, on_failure, always"),
        ("artifacts: {reports: {dotnet: a}}", "jobs:a:artifacts config reports contains unknown keys: dotnet"),
        ("environment: {url: a}", "jobs:a:environment config missing required keys: name"),
        ("retry: {max: 1, when: [rain]}", "jobs:a:retry config when is not a known reason"),
        ("rules: [{if: '$A =='}]", "jobs:a:rules config if invalid expression syntax"),
        ("rules: [{when: maybe}]",
         "jobs:a:rules config when should be one of: on_success, on_failure, always, never, manual, delayed"),
        ("timeout: soon", "jobs:a:timeout config should be a duration"),
        ("coverage: 65", "jobs:a:coverage config should be a regular expression"),
        ("allow_failure: {exit_codes: [a]}", "jobs:a:allow_failure config exit_codes should be an array of integers"),
        ("needs: [{artifacts: true}]", "jobs:a:needs config missing required keys: job"),
        ("tags: docker", "jobs:a:tags config should be an array of strings"),
        (f"tags: [{', '.join('x' * 50)}]", "jobs:a:tags config must be less than the limit of 50 tags"),
        ("resource_group: 7", "jobs:a:resource_group config should be a string"),
        ("variables: {A: [b]}", "jobs:a:variables config should be a hash of key value pairs, value can be a hash"),
        ("extends: {b: c}", "jobs:a:extends config should be an array of strings or a string"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named(job: str, error: str) -> None:
    assert lint(f"a: {{script: b, {job}}}").errors == (error,)


@pytest.mark.fact("ci-29")
def test_references_are_followed_and_circles_found() -> None:
    assert parse("a: [x]\nb: {c: [!reference [a], y]}")["b"] == {"c": ["x", "y"]}
    for text in ("a: !reference [a]", "a: !reference x", "a: {b: !reference [a, z]}"):
        with pytest.raises(BadDocument):
            parse(text)


def validator() -> Draft7Validator:
    return Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))


@needs_schema
@pytest.mark.fact("ci-30")
def test_gitlabs_schema_accepts_what_we_do() -> None:
    assert list(validator().iter_errors(parse(WHOLE))) == []


@needs_schema
@pytest.mark.fact("ci-31")
def test_every_keyword_of_gitlabs_schema_is_known_here() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    in_jobs = set(schema["definitions"]["job_template"]["properties"]) - {"extends", "!reference"}
    assert in_jobs - set(JOB_SHAPES) == set()
    assert set(schema["properties"]["default"]["properties"]) - set(DEFAULT_SHAPES) == {"!reference"}
    assert set(schema["properties"]) - set(GLOBAL_SHAPES) == {"$schema", "!reference"}
    reports = schema["definitions"]["artifacts"]["properties"]["reports"]["properties"]
    for name in set(reports) - {"dotenv", "junit", "coverage_report"}:
        with pytest.raises(NotEmulated):
            lint(f"a: {{script: b, artifacts: {{reports: {{{name}: x}}}}}}")


WORDS = st.sampled_from(["a", "b.env", "$X", "", "/x/", "1 hour", "always", "manual", "never", "production"])
SCALARS = st.one_of(WORDS, st.integers(-1, 3), st.booleans(), st.none())
KEYS = st.sampled_from([
    "if", "when", "variables", "exists", "allow_failure", "max", "exit_codes", "name", "url", "paths", "reports",
    "dotenv", "junit", "coverage_report", "coverage_format", "path", "job", "artifacts", "optional", "refs", "value",
    "expand", "expire_in", "access", "deployment_tier", "entrypoint", "interruptible", "rules", "A",
])  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)
JOBS = st.dictionaries(st.sampled_from(sorted(JOB_SHAPES)), VALUES, max_size=2)
ABOVE = st.dictionaries(st.sampled_from(["stages", "variables", "workflow", "default", "image"]), VALUES, max_size=1)
GOOD = parse(WHOLE) if SCHEMA.exists() else {}


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where something can be put into a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [*([path] if path else []), *(place for key, inner in pairs for place in places(inner, (*path, key)))]


def altered(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = altered(document[path[0]], path[1:], value)
    return copy


def check_against_schema(document: dict[str, Any]) -> None:
    try:
        linted = lint(yaml.safe_dump(document))
    except NotEmulated:
        return
    if linted.valid:
        assert [error.message for error in CHECK.iter_errors(document)] == [], document


@needs_schema
@pytest.mark.fact("ci-30")
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(job=JOBS, above=ABOVE)
def test_whatever_is_accepted_here_is_accepted_by_gitlabs_schema(job: dict[str, Any], above: dict[str, Any]) -> None:
    check_against_schema({"z": {"script": ["z"]}, **above, "a": {"script": ["b"], **job}})


@needs_schema
@pytest.mark.fact("ci-30")
@settings(max_examples=1_500, deadline=None, suppress_health_check=list(HealthCheck))
@given(place=st.sampled_from(places(GOOD) or [()]), value=VALUES)
def test_a_good_file_with_one_change_is_accepted_here_only_if_the_schema_does(place: Any, value: Any) -> None:
    check_against_schema(altered(GOOD, place, value))


CHECK = validator() if SCHEMA.exists() else Draft7Validator({})
