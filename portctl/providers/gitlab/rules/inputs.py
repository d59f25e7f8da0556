"""Rules about the inputs of a CI/CD file: a value from outside is declared, bound, and never part of a script.

Source: GitLab docs, "CI/CD inputs".
"""

from __future__ import annotations

from collections.abc import Iterator

from portctl.manifest.lint import Finding
from portctl.model.resource import Resource
from portctl.providers.gitlab.ci import CiFile
from portctl.providers.gitlab.inputs import declared, is_bound, used
from portctl.providers.gitlab.rules.jobs import GLOBAL_KEYWORDS
from portctl.providers.gitlab.rules.pipelines import place_in, readable
from portctl.providers.gitlab.rules.shapes import HOLE, Instance
from portctl.source import Path

_SCRIPTS = ("before_script", "script", "after_script")


def undeclared(instance: Instance) -> Iterator[Finding]:
    """An input that no header declares: GitLab refuses the file, or leaves the block as it is without a header."""
    for resource, name, file in readable(instance):
        known = declared(file)
        for path, wanted in used(file):
            if wanted not in known:
                lost = "GitLab refuses the file" if file.header else "without a header the block stays as it is"
                detail = f"`{wanted}` is used and not declared in `spec: inputs:`: {lost}"
                yield _finding(resource, name, file.line(path), "Input without declaration", detail)


def unused(instance: Instance) -> Iterator[Finding]:
    for resource, name, file in readable(instance):
        wanted = {found for _, found in used(file)}
        for declaration in declared(file):
            if declaration not in wanted:
                detail = f"`{declaration}` is declared, and nothing in the file uses it"
                yield _finding(resource, name, _declaration(file, declaration), "Input without use", detail)


def unbound(instance: Instance) -> Iterator[Finding]:
    """Who holds the token of a trigger chooses the values."""
    triggered = {resource.identity[0] for resource in instance.of("PipelineTrigger")}
    for resource, name, file in readable(instance):
        for declaration, about in declared(file).items():
            hidden = HOLE in f"{about.get('regex')}{about.get('options')}"
            if resource.identity[0] in triggered and not is_bound(about) and not hidden:
                detail = f"whoever starts this pipeline by trigger may give `{declaration}` any value"
                hint = "Give it `options`, or a `regex` from `^` to `$` without a `|` between them outside of brackets."
                line = _declaration(file, declaration)
                yield _finding(resource, name, line, "Input without bounds", detail, hint)


def in_script(instance: Instance) -> Iterator[Finding]:
    """The value becomes part of the commands, before any shell could quote it."""
    for resource, name, file in readable(instance):
        for path, wanted in used(file):
            if _is_script(path):
                detail = f"`{wanted}` becomes part of a command: its value is run"
                value = f'{{value: "$[[ inputs.{wanted} ]]", expand: false}}'
                hint = f"Pass it through a variable, `{value}`, and quote that."
                yield _finding(resource, name, file.line(path), "Input in a script", detail, hint)


def _is_script(path: Path) -> bool:
    """At the top of a file, in `default`, or in a job."""
    if path[0] in _SCRIPTS:
        return True
    within = path[0] == "default" or path[0] not in GLOBAL_KEYWORDS
    return within and len(path) > 1 and path[1] in _SCRIPTS


def _declaration(file: CiFile, name: str) -> int:
    path: Path = ("spec", "inputs", name)
    return file.header_line(path)


def _finding(resource: Resource, name: str, line: int, summary: str, detail: str, hint: str = "") -> Finding:
    where = f"{name}, line {line}: {detail}"
    return Finding(resource=resource, path=place_in(name, line), summary=summary, detail=where, hint=hint)
