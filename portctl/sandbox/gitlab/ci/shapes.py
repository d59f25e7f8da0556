"""What the keywords of a pipeline file may hold. A keyword that is not understood is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_DURATION = re.compile(r"\s*(\d+(\.\d+)?\s*[a-z]*\s*(and)?\s*)+", re.IGNORECASE)
_WHEN = ("on_success", "on_failure", "always", "manual", "delayed", "never")
_MOST_RETRIES = 2

Shape = Callable[[Any], str | None]
"""What is wrong with a value, None when nothing is."""


class NotEmulated(Exception):
    """A keyword that the sandbox does not understand."""


def _later(name: str) -> Shape:
    def shape(_value: Any) -> str | None:
        raise NotEmulated(f"the CI keyword {name}")

    return shape


def _text(value: Any) -> str | None:
    return None if isinstance(value, str) else "should be a string"


def _boolean(value: Any) -> str | None:
    return None if isinstance(value, bool) else "should be a boolean value"


def _commands(value: Any) -> str | None:
    lines = [value] if isinstance(value, str) else value
    if not isinstance(lines, list) or not lines or not all(isinstance(line, str) for line in _flat(lines)):
        return "should be a string or a nested array of strings up to 10 levels deep"
    return None


def _flat(lines: list[Any]) -> list[Any]:
    return [each for line in lines for each in (_flat(line) if isinstance(line, list) else [line])]


def _texts(value: Any) -> str | None:
    good = isinstance(value, list) and all(isinstance(item, str) for item in value)
    return None if good else "should be an array of strings"


def _hash(*allowed: str, required: tuple[str, ...] = ()) -> Shape:
    def shape(value: Any) -> str | None:
        if not isinstance(value, Mapping):
            return "should be a hash"
        unknown = [str(key) for key in value if key not in allowed]
        missing = [key for key in required if key not in value]
        if unknown:
            return f"contains unknown keys: {', '.join(unknown)}"
        return f"missing required keys: {', '.join(missing)}" if missing else None

    return shape


def _either(first: Shape, second: Shape) -> Shape:
    return lambda value: None if first(value) is None else second(value)


def _variables(value: Any) -> str | None:
    if not isinstance(value, Mapping):
        return "should be a hash"
    for each in value.values():
        details = isinstance(each, Mapping) and set(each) <= {"value", "description", "options", "expand"}
        if not details and (isinstance(each, bool) or not isinstance(each, (str, int, float))):
            return "should be a hash of key value pairs, value can be a hash"
    return None


def _rules(value: Any) -> str | None:
    known = {"if", "changes", "exists", "when", "allow_failure", "variables", "needs", "start_in", "interruptible"}
    if not isinstance(value, list):
        return "should be an array"
    for rule in value:
        if not isinstance(rule, Mapping):
            return "should be an array of hashes"
        unknown = [str(key) for key in rule if key not in known]
        if unknown:
            return f"contains unknown keys: {', '.join(unknown)}"
        if rule.get("when", "never") not in _WHEN:
            return "when unknown value: " + str(rule["when"])
    return None


def _needs(value: Any) -> str | None:
    if not isinstance(value, list):
        return "can only be a hash or an array"
    for need in value:
        if isinstance(need, str):
            continue
        if not isinstance(need, Mapping) or "job" not in need:
            return "has an unsupported type"
        if any(key in need for key in ("project", "pipeline", "parallel")):
            raise NotEmulated("needs of other projects, pipelines or parallel jobs")
    return None


def _allow_failure(value: Any) -> str | None:
    return None if isinstance(value, bool) else _hash("exit_codes", required=("exit_codes",))(value)


def _retry(value: Any) -> str | None:
    problem = None if not isinstance(value, Mapping) else _hash("max", "when", "exit_codes")(value)
    most = value.get("max", 0) if isinstance(value, Mapping) else value
    if problem is None and (isinstance(most, bool) or not isinstance(most, int) or not 0 <= most <= _MOST_RETRIES):
        return f"must be less than or equal to {_MOST_RETRIES}"
    return problem


def _when(value: Any) -> str | None:
    return None if value in _WHEN[:-1] else "should be one of: " + ", ".join(_WHEN[:-1])


def _duration(value: Any) -> str | None:
    good = isinstance(value, str) and _DURATION.fullmatch(value)
    return None if good else "should be a duration"


def _coverage(value: Any) -> str | None:
    good = isinstance(value, str) and len(value) > 2 and value.startswith("/") and value.endswith("/")
    return None if good else "should be a regular expression"


def _workflow(value: Any) -> str | None:
    problem = _hash("rules", "name", "auto_cancel")(value)
    return problem or _rules(value.get("rules", []))


_ARTIFACTS = _hash(
    "name", "untracked", "paths", "reports", "when", "expire_in", "expose_as", "exclude", "public", "access"
)
_IMAGE = _either(_text, _hash("name", "entrypoint", "docker", "kubernetes", "pull_policy", required=("name",)))
_ENVIRONMENT = _either(
    _text, _hash("name", "url", "action", "on_stop", "deployment_tier", "auto_stop_in", required=("name",))
)
_REFS = _either(_texts, _hash("refs", "variables", "changes"))

JOB_SHAPES: Mapping[str, Shape] = {
    "script": _commands,
    "before_script": _commands,
    "after_script": _commands,
    "stage": _text,
    "image": _IMAGE,
    "variables": _variables,
    "rules": _rules,
    "only": _REFS,
    "except": _REFS,
    "needs": _needs,
    "dependencies": _texts,
    "artifacts": _ARTIFACTS,
    "allow_failure": _allow_failure,
    "when": _when,
    "start_in": _duration,
    "timeout": _duration,
    "retry": _retry,
    "tags": _texts,
    "interruptible": _boolean,
    "resource_group": _text,
    "environment": _ENVIRONMENT,
    "coverage": _coverage,
    "manual_confirmation": _text,
    **{
        name: _later(name)
        for name in (
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
            "trigger",
        )
    },
}
GLOBAL_SHAPES: Mapping[str, Shape] = {
    "stages": _texts,
    "variables": _variables,
    "workflow": _workflow,
    "default": _hash(*JOB_SHAPES),
    "before_script": _commands,
    "after_script": _commands,
    "image": _IMAGE,
    **{name: _later(name) for name in ("include", "spec", "cache", "services", "pages")},
}
