"""Structural checks of a pipeline file, with GitLab's words where they are known.

What is not understood is refused by name (NotEmulated), never passed over. Source: GitLab docs, "CI/CD YAML syntax".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.gitlab.ci.document import NOTHING, BadDocument, parse
from portctl.sandbox.gitlab.ci.inputs import Given
from portctl.sandbox.gitlab.ci.keywords import GLOBAL_SHAPES, JOB_SHAPES
from portctl.sandbox.gitlab.ci.shapes import NotEmulated, Shape, some_texts

Job = Mapping[str, Any]

STAGES = ("build", "test", "deploy")
_EITHER_OR = ("only", "except")
_RUNNABLE = ("script",)


@dataclass(frozen=True, slots=True)
class Linted:
    """`merged`: the document with every `extends` followed; None when it is not valid."""

    errors: tuple[str, ...]
    merged: Mapping[str, Any] | None = None

    @property
    def valid(self) -> bool:
        return not self.errors


def lint(content: str, given: Given = NOTHING) -> Linted:
    """`given`: the inputs that it is made with; none, as by GitLab's CI lint, where a mandatory one is an error.

    Errors: NotEmulated for what the sandbox does not understand.
    """
    if not content.strip():
        return Linted(("Please provide content of .gitlab-ci.yml",))
    try:
        document = parse(content, given)
    except BadDocument as error:
        return Linted((str(error),))
    errors = [text for name, value in document.items() if name in GLOBAL_SHAPES for text in _global(name, value)]
    named = {str(name): value for name, value in document.items() if name not in GLOBAL_SHAPES}
    errors += [f"{name} is defined in top-level and `default:` entry" for name in _defined_twice(document)]
    errors += [f"jobs:{name} config should be a hash" for name, job in named.items() if not _can_be_job(name, job)]
    if errors:
        return Linted(tuple(errors))
    jobs, errors = _extended(named)
    if errors:
        return Linted(tuple(errors))
    visible = {name: job for name, job in jobs.items() if not name.startswith(".")}
    if not visible:
        errors.append("jobs config should contain at least one visible job")
    for name, job in visible.items():
        errors += _job(name, job)
    if not errors:
        errors = _graph(visible, [".pre", *document.get("stages", STAGES), ".post"])
    return Linted(tuple(errors), None if errors else {**document, **jobs})


def _defined_twice(document: Mapping[str, Any]) -> list[str]:
    default = document.get("default")
    return [name for name in document if isinstance(default, Mapping) and name in default]


def _can_be_job(name: str, job: Any) -> bool:
    """What is hidden may hold anything: it is there to be referred to."""
    return isinstance(job, Mapping) or name.startswith(".")


def _global(name: str, value: Any) -> list[str]:
    problem = GLOBAL_SHAPES[name](value)
    return [] if problem is None else [f"{name} config {problem}"]


def _extended(jobs: Mapping[str, Any]) -> tuple[dict[str, Job], list[str]]:
    """Every job with what it extends; later parents and the job itself win."""
    errors: list[str] = []
    done: dict[str, Job] = {}

    def resolve(name: str, trail: tuple[str, ...]) -> Job:
        if name in done:
            return done[name]
        if name in trail:
            errors.append(f"{name}: circular dependency detected in `extends`")
            return {}
        job: Any = jobs[name]
        if not isinstance(job, Mapping):
            return {}
        parents = job.get("extends", [])
        parents = [parents] if isinstance(parents, str) else parents
        if "extends" in job and some_texts(parents) is not None:
            errors.append(f"jobs:{name}:extends config should be an array of strings or a string")
            return {}
        unknown = [parent for parent in parents if not isinstance(jobs.get(parent), Mapping)]
        if unknown:
            errors.append(f"{name}: unknown keys in `extends` ({', '.join(unknown)})")
            return {}
        merged: Job = {}
        for parent in parents:
            merged = _deep(merged, resolve(parent, (*trail, name)))
        done[name] = {key: value for key, value in _deep(merged, job).items() if key != "extends"}
        return done[name]

    for name in jobs:
        resolve(name, ())
    return {name: done.get(name, job) for name, job in jobs.items()}, errors


def _deep(below: Job, above: Job) -> Job:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _deep(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _job(name: str, job: Job) -> list[str]:
    errors = _keys(f"jobs:{name}", job, JOB_SHAPES)
    if not any(key in job for key in _RUNNABLE):
        errors.append(f"jobs:{name} config should implement the script:, run:, or trigger: keyword")
    mixed = [key for key in _EITHER_OR if key in job] if "rules" in job else []
    if mixed:
        errors.append(f"jobs:{name} config key may not be used with `rules`: {', '.join(mixed)}")
    return errors


def _keys(place: str, job: Job, shapes: Mapping[str, Shape]) -> list[str]:
    unknown = [str(key) for key in job if key not in shapes]
    errors = [f"{place} config contains unknown keys: {', '.join(unknown)}"] if unknown else []
    checks: list[tuple[str, Callable[[Any], str | None]]] = [(key, shapes[key]) for key in job if key in shapes]
    for key, shape in checks:
        problem = shape(job[key])
        if problem is not None:
            errors.append(f"{place}:{key} config {problem}")
    return errors


def _graph(jobs: Mapping[str, Job], stages: list[str]) -> list[str]:
    errors = [
        f"{name} job: chosen stage {_stage(job)} does not exist; available stages are {', '.join(stages)}"
        for name, job in jobs.items()
        if _stage(job) not in stages
    ]
    if errors:
        return errors
    rank = {name: stages.index(_stage(job)) for name, job in jobs.items()}
    for name, job in jobs.items():
        needs = _needs(job)
        for need, optional in needs.items():
            if need not in jobs and not optional:
                errors.append(f"{name} job: undefined need: {need}")
            elif need in jobs and rank[need] > rank[name]:
                errors.append(f"{name} job: need {need} is not defined in current or prior stages")
        for dependency in job.get("dependencies", []):
            if dependency not in jobs:
                errors.append(f"{name} job: undefined dependency: {dependency}")
            elif rank[dependency] >= rank[name] and dependency not in needs:
                errors.append(f"{name} job: dependency {dependency} is not defined in current or prior stages")
            elif "needs" in job and dependency not in needs:
                errors.append(f"{name} job: dependency {dependency} should be part of needs")
    return errors or _circles(jobs)


def _circles(jobs: Mapping[str, Job]) -> list[str]:
    left = {name: {need for need in _needs(job) if need in jobs} for name, job in jobs.items()}
    while left:
        free = {name for name, needs in left.items() if not needs}
        if not free:
            return ["The pipeline has circular dependencies: topological sort failed"]
        left = {name: needs - free for name, needs in left.items() if name not in free}
    return []


def _needs(job: Job) -> dict[str, bool]:
    """The jobs that are needed, and whether they may be absent."""
    needs = job.get("needs", [])
    pairs = [(need, False) if isinstance(need, str) else (need["job"], bool(need.get("optional"))) for need in needs]
    return dict(pairs)


def _stage(job: Job) -> str:
    return str(job.get("stage", "test"))


__all__ = ["STAGES", "Linted", "NotEmulated", "lint"]
