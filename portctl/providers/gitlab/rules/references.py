"""What GitLab refuses in `!reference`: cycles, and scripts in which such tags are nested too deeply.

Source: GitLab docs, "Optimize GitLab CI/CD configuration files", `!reference` tags: up to 10 levels in scripts; for
cycles, GitLab's code, `Gitlab::Ci::Config::Yaml::Tags::Base`. Only tags in lists make a script deeper: lists in lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from portctl.providers.gitlab.ci import CiFile, Reference
from portctl.providers.gitlab.rules.graph import by_way_of, walk
from portctl.providers.gitlab.rules.problem import Problem

MOST_NESTED = 10
_Target = tuple[str, ...]


class References:
    """The references of all files that take part, later ones before earlier ones, as in GitLab."""

    def __init__(self, files: Mapping[str, CiFile], names: Iterable[str]) -> None:
        self._whole: Mapping[Any, Any] = {}
        self._files: dict[str, str] = {}
        for name in names:
            body = files[name].body
            if isinstance(body, Mapping):
                self._whole = _deep(self._whole, body)
                self._files.update(dict.fromkeys(map(str, body), name))
        self._inside: dict[_Target, tuple[tuple[_Target, bool], ...]] = {}
        everything: _Target = ()
        targets, self._cycle = walk(everything, lambda target: (other for other, _ in self._below(target)))
        self._depths: dict[_Target, int] = {}
        for target in targets:
            self._depths[target] = 0 if self._cycle else self._deepest(self._below(target))

    def cycles(self) -> Iterator[Problem]:
        """The first one, where it begins."""
        if self._cycle:
            first, *others = self._cycle
            text = f"`{_spelled(first)}` leads back to itself{by_way_of(map(_spelled, others))}"
            yield Problem(self._files[first[0]], first, text)

    def too_deep(self, script: Any) -> bool:
        """Whether GitLab would refuse a script for the depth of the references in it."""
        return not self._cycle and self._deepest(_references(script)) > MOST_NESTED

    def _below(self, target: _Target) -> tuple[tuple[_Target, bool], ...]:
        if target not in self._inside:
            found: Any = self._whole
            for key in target:
                found = found.get(key) if isinstance(found, Mapping) else None
            self._inside[target] = tuple(dict.fromkeys(_references(found)))
        return self._inside[target]

    def _deepest(self, references: Iterable[tuple[_Target, bool]]) -> int:
        return max((self._depths.get(target, 0) + listed for target, listed in references), default=0)


def _references(value: Any, listed: bool = False) -> Iterator[tuple[_Target, bool]]:
    """The targets of all references in `value`, and whether each stands in a list."""
    if isinstance(value, Reference):
        if value.path:
            yield value.path, listed
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner, True)


def _deep(below: Mapping[Any, Any], above: Mapping[Any, Any]) -> Mapping[Any, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _deep(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _spelled(target: _Target) -> str:
    return f"!reference [{', '.join(target)}]"
