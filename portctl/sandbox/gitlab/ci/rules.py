"""Whether a job, or the whole pipeline, is wanted: `rules`, `only`, `except` and `workflow:rules`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.gitlab.ci.expression import parse_expression
from portctl.sandbox.gitlab.ci.patterns import is_pattern, parse_pattern

Values = Mapping[str, str]

_SOURCES = {
    "push": "pushes",
    "pipeline": "pipelines",
    "schedule": "schedules",
    "trigger": "triggers",
}
_EVERYTHING = ("branches", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a pipeline is made for. `exists`: whether a file of the commit fits one of the path patterns."""

    ref: str
    source: str
    is_tag: bool = False
    exists: Callable[[Sequence[str]], bool] = lambda _patterns: False


@dataclass(frozen=True, slots=True)
class Verdict:
    """`when` None: the job is not part of the pipeline. The rest is None or empty where the rule does not say."""

    when: str | None
    allow_failure: bool | None = None
    interruptible: bool | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


NEVER = Verdict(None)


def judge_rules(rules: Sequence[Mapping[str, Any]], default_when: str, values: Values, occasion: Occasion) -> Verdict:
    """The first rule that fits decides; without one that fits, the job is left out."""
    for rule in rules:
        if _fits(rule, values, occasion):
            when = rule.get("when", default_when)
            return (
                NEVER
                if when == "never"
                else Verdict(when, rule.get("allow_failure"), rule.get("interruptible"), rule.get("variables", {}))
            )
    return NEVER


def judge_policies(job: Mapping[str, Any], values: Values, occasion: Occasion) -> bool:
    """`only` (without it: branches and tags) and `except`."""
    only, excluded = job.get("only", _EVERYTHING), job.get("except")
    if not all(_satisfied(only, values, occasion)):
        return False
    return excluded is None or not any(_satisfied(excluded, values, occasion))


def _fits(rule: Mapping[str, Any], values: Values, occasion: Occasion) -> bool:
    if "if" in rule and not parse_expression(rule["if"]).holds(values):
        return False
    return "exists" not in rule or occasion.exists(rule["exists"])


def _satisfied(policy: Any, values: Values, occasion: Occasion) -> list[bool]:
    """One answer per condition of the policy."""
    if not isinstance(policy, Mapping):
        return [_refers(policy, occasion)]
    answers = []
    if "refs" in policy:
        answers.append(_refers(policy["refs"], occasion))
    if "variables" in policy:
        answers.append(any(parse_expression(text).holds(values) for text in policy["variables"]))
    return answers


def _refers(refs: Sequence[str], occasion: Occasion) -> bool:
    return any(_is_meant(ref, occasion) for ref in refs)


def _is_meant(ref: str, occasion: Occasion) -> bool:
    if ref in _EVERYTHING:
        return (ref == "tags") == occasion.is_tag
    if ref == _SOURCES.get(occasion.source, occasion.source):
        return True
    if is_pattern(ref):
        return parse_pattern(ref).search(occasion.ref) is not None
    return ref == occasion.ref
