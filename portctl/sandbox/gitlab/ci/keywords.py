"""The keywords of a pipeline file: what each may hold, and which are not emulated. docs/sandbox-ci.md explains them.

Source: GitLab docs, "CI/CD YAML syntax reference".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from portctl.sandbox.gitlab.ci.environments import TIERS
from portctl.sandbox.gitlab.ci.shapes import (
    NotEmulated,
    Shape,
    boolean,
    commands,
    condition,
    duration,
    either,
    integer,
    list_of,
    mapping,
    one_of,
    only_emulated,
    pattern,
    refused,
    scalar,
    some_commands,
    some_texts,
    text,
    texts,
    unique_texts,
    when_mapping,
)

_MOST_RETRIES = 2
_MOST_TAGS = 50
_LONGEST_NAME = 255
_REFUSED_VARIABLES = ("GIT_CHECKOUT", "GIT_CLONE_PATH", "GIT_SUBMODULE_STRATEGY", "RUNNER_SCRIPT_TIMEOUT")
_STRATEGIES = ("clone", "fetch", "none", "empty")
_POLICIES = (
    "branches",
    "tags",
    "api",
    "external",
    "pipelines",
    "pushes",
    "schedules",
    "triggers",
    "web",
)
_FOREIGN_POLICIES = ("merge_requests", "external_pull_requests", "chat")
RETRY_REASONS = (
    "always",
    "unknown_failure",
    "script_failure",
    "api_failure",
    "stuck_or_timeout_failure",
    "runner_system_failure",
    "runner_unsupported",
    "stale_schedule",
    "job_execution_timeout",
    "archived_failure",
    "unmet_prerequisites",
    "scheduler_failure",
    "data_integrity_failure",
)


def _variables(**details: Shape) -> Shape:
    detailed = mapping({"value": text_or_empty, "expand": boolean, **details}, required=("value",))
    each = when_mapping(detailed, scalar) if details else scalar

    def shape(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return "should be a hash"
        if any(each(inner) for inner in value.values()):
            return "should be a hash of key value pairs, value can be a hash"
        for name in _REFUSED_VARIABLES:
            if name in value:
                raise NotEmulated(f"the CI variable {name}")
        strategy = value.get("GIT_STRATEGY", "fetch")
        if strategy not in _STRATEGIES:
            raise NotEmulated(f"the CI variable GIT_STRATEGY with {strategy}")
        return None

    return shape


def text_or_empty(value: Any) -> str | None:
    return None if isinstance(value, str) else "should be a string"


def _policy(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "should be a string"
    if value in _FOREIGN_POLICIES or ("@" in value and value not in _POLICIES):
        raise NotEmulated(f"only and except with {value}")
    return pattern(value) if value.startswith("/") and value.endswith("/") else None


_REFS = list_of(_policy, "should be an array of strings or regular expressions")
_ONLY = when_mapping(
    mapping(
        {
            "refs": _REFS,
            "variables": list_of(condition, "invalid expression syntax"),
            "changes": refused("only:changes"),
            "kubernetes": refused("only:kubernetes"),
        }
    ),
    _REFS,
)
_RULE_VARIABLES = _variables()


def _when(*values: str) -> Shape:
    def shape(value: Any) -> str | None:
        if value == "delayed":
            raise NotEmulated("the CI keyword when: delayed")
        return one_of(*values)(value)

    return shape


def _exists(value: Any) -> str | None:
    if isinstance(value, Mapping):
        raise NotEmulated("the CI keyword rules:exists:paths")
    return texts(value)


_RULE = mapping(
    {
        "if": condition,
        "exists": _exists,
        "when": _when("on_success", "on_failure", "always", "never", "manual", "delayed"),
        "variables": _RULE_VARIABLES,
        "allow_failure": boolean,
        "interruptible": boolean,
        "changes": refused("rules:changes"),
        "needs": refused("rules:needs"),
        "start_in": refused("start_in"),
    }
)
_AUTO_CANCEL = mapping(
    {
        "on_new_commit": only_emulated("none", others=("conservative", "interruptible")),
        "on_job_failure": only_emulated("none", others=("all",)),
    }
)
_WORKFLOW_RULE = mapping(
    {
        "if": condition,
        "exists": _exists,
        "when": one_of("always", "never"),
        "variables": _RULE_VARIABLES,
        "auto_cancel": _AUTO_CANCEL,
        "changes": refused("workflow:rules:changes"),
    }
)


def _all(rule: Shape) -> Shape:
    def shape(value: Any) -> str | None:
        if not isinstance(value, list):
            return "should be an array"
        return next((problem for problem in map(rule, value) if problem is not None), None)

    return shape


def _workflow_name(value: Any) -> str | None:
    good = isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME
    return None if good else f"should be a string of at most {_LONGEST_NAME} characters"


_WORKFLOW = mapping({"rules": _all(_WORKFLOW_RULE), "name": _workflow_name, "auto_cancel": _AUTO_CANCEL})


def _needs(value: Any) -> str | None:
    if not isinstance(value, list):
        return "can only be a hash or an array"
    for need in value:
        if isinstance(need, str):
            continue
        if not isinstance(need, Mapping):
            return "has an unsupported type"
        if any(key in need for key in ("project", "pipeline", "parallel")):
            raise NotEmulated("needs of other projects, pipelines or parallel jobs")
        problem = mapping({"job": text, "artifacts": boolean, "optional": boolean}, required=("job",))(need)
        if problem is not None:
            return problem
    return None


def _retry(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return integer(0, _MOST_RETRIES)(value)
    reasons = either(one_of(*RETRY_REASONS), list_of(one_of(*RETRY_REASONS), "is not a known reason"))
    codes = either(integer(), list_of(integer(), "should be an array of integers", least=1, unique=True))
    return mapping({"max": integer(0, _MOST_RETRIES), "when": reasons, "exit_codes": codes})(value)


_EXIT_CODES = either(integer(), list_of(integer(), "should be an array of integers", least=1, unique=True))
_ALLOW_FAILURE = when_mapping(mapping({"exit_codes": _EXIT_CODES}, required=("exit_codes",)), boolean)
_REPORTS = mapping(
    {
        "dotenv": either(text, some_texts),
        "junit": either(text, some_texts),
        "coverage_report": mapping(
            {"coverage_format": one_of("cobertura", "jacoco"), "path": text}, required=("coverage_format", "path")
        ),
        **{
            name: refused(f"artifacts:reports:{name}")
            for name in (
                "accessibility", "annotations", "api_fuzzing", "browser_performance", "cluster_image_scanning",
                "codequality", "container_scanning", "coverage_fuzzing", "cyclonedx", "dast", "dependency_scanning",
                "license_management", "license_scanning", "load_performance", "lsif", "metrics", "performance",
                "repository_xray",
                "requirements", "requirements_v2", "sarif", "sast", "secret_detection", "terraform",
            )
        },
    }
)  # fmt: skip
_ARTIFACTS = mapping(
    {
        "name": text,
        "paths": some_texts,
        "exclude": some_texts,
        "when": one_of("on_success", "on_failure", "always"),
        "expire_in": either(duration, one_of("never")),
        "access": one_of("all", "developer", "maintainer", "none"),
        "reports": _REPORTS,
        "untracked": refused("artifacts:untracked"),
        "expose_as": refused("artifacts:expose_as"),
        "public": refused("artifacts:public"),
    }
)
_IMAGE = when_mapping(
    mapping(
        {
            "name": text,
            "entrypoint": list_of(text_or_empty, "should be an array of strings", least=1),
            "pull_policy": refused("image:pull_policy"),
            "docker": refused("image:docker"),
            "kubernetes": refused("image:kubernetes"),
        },
        required=("name",),
    ),
    text,
)
_ADDRESS = re.compile(r"(https?://.+|\$[A-Za-z]+)", re.DOTALL)


def _address(value: Any) -> str | None:
    """Written with a scheme, or begun with a variable."""
    good = isinstance(value, str) and _ADDRESS.match(value)
    return None if good else "must be a valid url"


_ENVIRONMENT = when_mapping(
    mapping(
        {
            "name": text,
            "url": _address,
            "deployment_tier": one_of(*TIERS),
            "action": only_emulated("start", "prepare", "verify", "access", others=("stop",)),
            "on_stop": refused("environment:on_stop"),
            "auto_stop_in": refused("environment:auto_stop_in"),
            "kubernetes": refused("environment:kubernetes"),
        },
        required=("name",),
    ),
    text,
)
_REFUSED_IN_JOBS = (
    "cache",
    "dast_configuration",
    "hooks",
    "id_tokens",
    "identity",
    "inherit",
    "inputs",
    "pages",
    "parallel",
    "publish",
    "release",
    "run",
    "secrets",
    "services",
    "start_in",
    "trigger",
)


def _tags(value: Any) -> str | None:
    problem = some_texts(value)
    if problem is None and len(value) >= _MOST_TAGS:
        return f"must be less than the limit of {_MOST_TAGS} tags"
    return problem


JOB_SHAPES: Mapping[str, Shape] = {
    "script": some_commands,
    "before_script": commands,
    "after_script": commands,
    "stage": text,
    "image": _IMAGE,
    "variables": _variables(expand=boolean),
    "rules": _all(_RULE),
    "only": _ONLY,
    "except": _ONLY,
    "needs": _needs,
    "dependencies": list_of(text, "should be an array of strings", unique=True),
    "artifacts": _ARTIFACTS,
    "allow_failure": _ALLOW_FAILURE,
    "when": _when("on_success", "on_failure", "always", "manual", "delayed"),
    "timeout": duration,
    "retry": _retry,
    "interruptible": boolean,
    "resource_group": text,
    "tags": _tags,
    "environment": _ENVIRONMENT,
    "coverage": pattern,
    "manual_confirmation": text,
    **{name: refused(name) for name in _REFUSED_IN_JOBS},
}
DEFAULT_SHAPES: Mapping[str, Shape] = {
    name: JOB_SHAPES[name]
    for name in (
        "after_script", "artifacts", "before_script", "image", "interruptible", "retry", "timeout",
        "cache", "hooks", "id_tokens", "identity", "services", "tags",
    )
}  # fmt: skip
GLOBAL_SHAPES: Mapping[str, Shape] = {
    "stages": unique_texts,
    "variables": _variables(description=text_or_empty, options=unique_texts),
    "workflow": _WORKFLOW,
    "default": mapping(DEFAULT_SHAPES),
    "before_script": commands,
    "after_script": commands,
    "image": _IMAGE,
    "spec": lambda _value: "belongs to a header: the document before a line with `---`",
    **{name: refused(name) for name in ("include", "cache", "services", "pages")},
}
