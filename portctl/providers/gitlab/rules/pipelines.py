"""Rules about CI/CD files: what GitLab's own check would refuse, said before anything is sent.

Source: GitLab docs, "CI/CD YAML syntax reference".
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.model.value import Value
from portctl.providers.gitlab.ci import DEFAULT_FILE, CiFile, NotYaml, parse
from portctl.providers.gitlab.rules.includes import local_includes
from portctl.providers.gitlab.rules.jobs import problems
from portctl.providers.gitlab.rules.problem import Problem
from portctl.providers.gitlab.rules.shapes import Instance, shown
from portctl.source import Path

_FILES = "files"
_CONTENT = "content"


def broken_pipelines(instance: Instance) -> Iterator[Finding]:
    """Every way in which the CI/CD file of a gitlab/Files is wrong, at its line."""
    for resource in instance.of("Files"):
        texts = _texts(resource)
        if DEFAULT_FILE not in texts:
            continue
        files: dict[str, CiFile] = {}
        broken = False
        waiting, seen = [DEFAULT_FILE], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in texts:
                continue
            seen.add(name)
            try:
                files[name] = parse(texts[name])
            except NotYaml as error:
                broken = True
                yield _finding(resource, name, error.line, f"it is no YAML: {error}")
            else:
                waiting.extend(local_includes(files[name].body))
        if not broken:
            for problem in problems(files, DEFAULT_FILE):
                yield _at(resource, problem, files)


def overwritten_keys(instance: Instance) -> Iterator[Finding]:
    """Keys that stand twice in one mapping."""
    for resource in instance.of("Files"):
        text = _texts(resource).get(DEFAULT_FILE)
        try:
            file = parse(text) if text else None
        except NotYaml:
            continue
        for path in file.twice if file else ():
            detail = f"`{path[-1]}` stands twice; the first one is lost"
            yield _finding(resource, DEFAULT_FILE, file.line(path) if file else 1, detail)


def readable(instance: Instance) -> Iterator[tuple[Resource, str, CiFile]]:
    """Every CI/CD file that can be read: the entry of each gitlab/Files, and what it includes from there."""
    for resource in instance.of("Files"):
        texts = _texts(resource)
        waiting, seen = [DEFAULT_FILE], set[str]()
        while waiting:
            name = waiting.pop()
            if name in seen or name not in texts:
                continue
            seen.add(name)
            with contextlib.suppress(NotYaml):
                file = parse(texts[name])
                yield resource, name, file
                waiting.extend(local_includes(file.body))


def place_in(name: str, line: int) -> Path:
    """Where a line of a file stands in its resource."""
    return (_FILES, name, _CONTENT, line)


def _texts(resource: Resource) -> Mapping[str, str]:
    files: Value = resource.attributes.get(_FILES)
    if not isinstance(files, Mapping):
        return {}
    texts = {name: shown(file.get(_CONTENT)) for name, file in files.items() if isinstance(file, Mapping)}
    return {name: text for name, text in texts.items() if text is not None}


def _at(resource: Resource, problem: Problem, files: Mapping[str, CiFile]) -> Finding:
    return _finding(resource, problem.file, files[problem.file].line(problem.path), problem.text)


def _finding(resource: Resource, name: str, line: int, detail: str) -> Finding:
    return Finding(
        resource=resource,
        path=place_in(name, line),
        summary="Not a valid pipeline",
        detail=f"{name}, line {line}: {detail}",
    )
