"""What some keywords of a job take: `extends`, `rules`, `tags`, `timeout` and `parallel`.

Source: GitLab docs, "CI/CD YAML syntax reference"; for values of other types GitLab's code, `Gitlab::Ci::Config::Entry`
(`Rules`, `Tags`, `Timeout`, `Product::Parallel`). Lists in lists of rules become one, as `!reference` needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from portctl.providers.gitlab.ci import Reference
from portctl.providers.gitlab.inputs import holds_input
from portctl.source import Path

MOST_PARALLEL = 200
_Found = Iterator[tuple[Path, str]]


def keyword_problems(job: Mapping[str, Any]) -> _Found:
    """What GitLab refuses in the values of a job, of `default` or of `workflow`, with the path in it."""
    for key, check in _CHECKS.items():
        value = job.get(key)
        if value is not None and not _comes_later(value):
            yield from ((((key, *path)), text) for path, text in check(value))


def noun(value: Any) -> str:
    """What `value` is, in a sentence."""
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list) else f"`{str(value).lower()}`"


def _extends(value: Any) -> _Found:
    if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
        yield (), f"extends is the name of a template, or a list of such names, not {noun(value)}"


def _rules(value: Any, path: Path = ()) -> _Found:
    if not isinstance(value, list):
        yield path, f"rules is a list of rules, not {noun(value)}"
        return
    for index, rule in enumerate(value):
        if isinstance(rule, list):
            yield from _rules(rule, (*path, index))
        elif not isinstance(rule, Mapping) and not _comes_later(rule):
            yield (*path, index), f"a rule is a mapping, not {noun(rule)}"


def _tags(value: Any) -> _Found:
    if not isinstance(value, list):
        yield (), f"tags is a list of names, not {noun(value)}"
        return
    for index, tag in enumerate(value):
        if not isinstance(tag, str | list | Reference):
            yield (index,), f"a tag is text, not {noun(tag)}"


def _timeout(value: Any) -> _Found:
    if not isinstance(value, str):
        yield (), f"timeout is a text like `1h 30m`, not {noun(value)}"


def _parallel(value: Any) -> _Found:
    if isinstance(value, Mapping):
        if _jobs(value.get("matrix")) > MOST_PARALLEL:
            yield ("matrix",), f"the matrix makes more than {MOST_PARALLEL} jobs, and GitLab makes no more of one"
    elif type(value) is not int:
        yield (), f"parallel is a number, or a mapping with `matrix`, not {noun(value)}"
    elif not 1 <= value <= MOST_PARALLEL:
        yield (), f"parallel is a number from 1 to {MOST_PARALLEL}"


def _jobs(matrix: Any) -> int:
    """How many jobs a matrix makes at least: what comes later counts for one."""
    total = 0
    for variables in matrix if isinstance(matrix, list) else ():
        product = 1
        for values in variables.values() if isinstance(variables, Mapping) else ():
            product = min(product * max(1, len(values) if isinstance(values, list) else 1), MOST_PARALLEL + 1)
        total += product
    return total


def _comes_later(value: Any) -> bool:
    return isinstance(value, Reference) or holds_input(value)


_CHECKS: Mapping[str, Callable[[Any], _Found]] = {
    "extends": _extends,
    "rules": _rules,
    "tags": _tags,
    "timeout": _timeout,
    "parallel": _parallel,
}
