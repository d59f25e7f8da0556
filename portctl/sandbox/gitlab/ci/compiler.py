"""From the text of a pipeline file to the jobs of one pipeline. Pure: what it must know is given to it.

Source: GitLab docs, "CI/CD YAML syntax reference" and "CI/CD variable precedence".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from portctl.sandbox.gitlab.ci.durations import parse_duration
from portctl.sandbox.gitlab.ci.inputs import Given
from portctl.sandbox.gitlab.ci.keywords import DEFAULT_SHAPES, GLOBAL_SHAPES
from portctl.sandbox.gitlab.ci.lint import STAGES, lint
from portctl.sandbox.gitlab.ci.model import Artifacts, Environment, JobSpec, Need, Retry, YamlVariable
from portctl.sandbox.gitlab.ci.rules import NEVER, Occasion, Verdict, judge_policies, judge_rules
from portctl.sandbox.gitlab.ci.shapes import flat
from portctl.sandbox.gitlab.ci.variables import (
    CircularReference,
    Variable,
    Variables,
    expand_on_server,
    expand_text,
    layered,
    plain,
)

FILTERED = "Pipeline filtered out by workflow rules."
NO_JOBS = (
    "Pipeline will not run for the selected trigger. The rules configuration prevented any jobs from being added to "
    "the pipeline."
)
DEFAULT_FILE = ".gitlab-ci.yml"
NO_INPUTS: Mapping[str, Any] = MappingProxyType({})
_EDGES = (".pre", ".post")
_DEFAULTABLE = tuple(name for name in DEFAULT_SHAPES if name in GLOBAL_SHAPES)


class InvalidFile(ValueError):
    """The file is wrong: the pipeline fails at once, with these errors."""

    def __init__(self, errors: Iterable[str]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(self.errors))


class Filtered(ValueError):
    """The file is right, and there is nothing to do on this occasion: no pipeline is made."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables around the file. `of` is asked with the name of a job's environment, or None.

    It answers with two layers: what is weaker than the file's variables, and what is stronger.
    """

    of: Callable[[str | None], tuple[tuple[Variable, ...], tuple[Variable, ...]]]

    def around(self, environment: str | None, own: Iterable[YamlVariable]) -> dict[str, Variable]:
        below, above = self.of(environment)
        return layered(below, yaml_variables(own), above)


@dataclass(frozen=True, slots=True)
class Compiled:
    """The jobs in the order of their stages, and the pipeline's name."""

    jobs: tuple[JobSpec, ...]
    name: str | None


def compile_pipeline(
    content: str, occasion: Occasion, scope: Scope, inputs: Mapping[str, Any] = NO_INPUTS, file: str = DEFAULT_FILE
) -> Compiled:
    """Errors: InvalidFile, Filtered, NotEmulated."""
    linted = lint(content, Given(inputs, scope.around(None, ()), file))
    if linted.merged is None:
        raise InvalidFile(linted.errors)
    document = linted.merged
    workflow = document.get("workflow", {})
    shared = _variables(document.get("variables", {}))
    if "rules" in workflow:
        verdict = judge_rules(workflow["rules"], "always", plain(scope.around(None, shared)), occasion)
        if verdict.when is None:
            raise Filtered(FILTERED)
        shared = _overlaid(shared, _variables(verdict.variables))
    stages = [_EDGES[0], *document.get("stages", STAGES), _EDGES[1]]
    compiler = _Compiler(document, stages, shared, occasion, scope)
    visible = {name: job for name, job in document.items() if name not in GLOBAL_SHAPES and not name.startswith(".")}
    specs = [spec for name, job in visible.items() if (spec := compiler.job(name, job)) is not None]
    if all(spec.stage in _EDGES for spec in specs):
        raise Filtered(NO_JOBS)
    _check_needs(specs)
    name = expand_text(workflow["name"], scope.around(None, shared)).strip() if "name" in workflow else None
    return Compiled(tuple(sorted(specs, key=lambda spec: spec.stage_index)), name or None)


def yaml_variables(variables: Iterable[YamlVariable]) -> tuple[Variable, ...]:
    return tuple(Variable(key=each.key, value=each.value, raw=not each.expand) for each in variables)


@dataclass(frozen=True, slots=True)
class _Compiler:
    document: Mapping[str, Any]
    stages: list[str]
    shared: tuple[YamlVariable, ...]
    occasion: Occasion
    scope: Scope

    def job(self, name: str, own: Mapping[str, Any]) -> JobSpec | None:
        """The job, or None where it is not part of the pipeline."""
        job = {**self._defaults(), **own}
        variables = _overlaid(self.shared, _variables(job.get("variables", {})))
        around = self.scope.around(None, variables)
        environment = _environment(job.get("environment"), around)
        around = self.scope.around(environment.name if environment else None, variables)
        verdict = self._judged(job, plain(around))
        if verdict.when is None:
            return None
        variables = _overlaid(variables, _variables(verdict.variables))
        around = self.scope.around(environment.name if environment else None, variables)
        try:
            expand_on_server(around)
        except CircularReference as error:
            raise InvalidFile([f"{name}: {error}"]) from error
        spec = _spec(name, job, self.stages, verdict)
        group = job.get("resource_group")
        return replace(
            spec,
            variables=variables,
            environment=environment,
            resource_group=expand_text(group, around) if group else None,
            tags=tuple(expand_text(tag, around) for tag in job.get("tags", ())),
        )

    def _defaults(self) -> dict[str, Any]:
        top = {name: self.document[name] for name in _DEFAULTABLE if name in self.document}
        return {**top, **self.document.get("default", {})}

    def _judged(self, job: Mapping[str, Any], values: Mapping[str, str]) -> Verdict:
        when = job.get("when", "on_success")
        if "rules" in job:
            return judge_rules(job["rules"], when, values, self.occasion)
        return Verdict(when) if judge_policies(job, values, self.occasion) else NEVER


def _spec(name: str, job: Mapping[str, Any], stages: list[str], verdict: Verdict) -> JobSpec:
    stage = job.get("stage", "test")
    allowed = job.get("allow_failure")
    codes = allowed["exit_codes"] if isinstance(allowed, Mapping) else []
    manual = verdict.when == "manual" and "rules" not in job
    allow = verdict.allow_failure if verdict.allow_failure is not None else allowed
    image = job.get("image")
    interruptible = verdict.interruptible
    return JobSpec(
        name=name,
        stage=stage,
        stage_index=stages.index(stage),
        script=flat(job["script"]),
        before_script=flat(job.get("before_script")),
        after_script=flat(job.get("after_script")),
        image=image["name"] if isinstance(image, Mapping) else image,
        needs=_needs(job.get("needs")),
        dependencies=None if job.get("dependencies") is None else tuple(job["dependencies"]),
        when=verdict.when or "on_success",
        allow_failure=manual if not isinstance(allow, bool) else allow,
        allowed_exit_codes=tuple(_listed(codes)) if verdict.allow_failure is None else (),
        timeout_seconds=parse_duration(job["timeout"]) if "timeout" in job else None,
        retry=_retry(job.get("retry", 0)),
        artifacts=_artifacts(job.get("artifacts", {})),
        coverage=job.get("coverage"),
        interruptible=job.get("interruptible", False) if interruptible is None else interruptible,
    )


def _variables(written: Mapping[str, Any]) -> tuple[YamlVariable, ...]:
    return tuple(
        YamlVariable(key, str(value["value"]), value.get("expand", True))
        if isinstance(value, Mapping)
        else YamlVariable(key, str(value))
        for key, value in written.items()
    )


def _overlaid(below: tuple[YamlVariable, ...], above: tuple[YamlVariable, ...]) -> tuple[YamlVariable, ...]:
    return tuple({variable.key: variable for variable in (*below, *above)}.values())


def _environment(written: Any, around: Variables) -> Environment | None:
    if written is None:
        return None
    details = written if isinstance(written, Mapping) else {"name": written}
    return Environment(
        name=expand_text(details["name"], around),
        url=details.get("url"),
        tier=details.get("deployment_tier"),
        action=details.get("action", "start"),
    )


def _needs(written: list[Any] | None) -> tuple[Need, ...] | None:
    if written is None:
        return None
    details: list[Mapping[str, Any]] = [{"job": need} if isinstance(need, str) else need for need in written]
    return tuple(Need(each["job"], each.get("artifacts", True), each.get("optional", False)) for each in details)


def _retry(written: Any) -> Retry:
    if not isinstance(written, Mapping):
        return Retry(written)
    codes = tuple(_listed(written.get("exit_codes", [])))
    default = [] if codes else ["always"]
    return Retry(written.get("max", 0), tuple(_listed(written.get("when", default))), codes)


def _artifacts(written: Mapping[str, Any]) -> Artifacts:
    reports = written.get("reports", {})
    coverage = reports.get("coverage_report") or {}
    return Artifacts(
        name=written.get("name", "artifacts"),
        paths=tuple(written.get("paths", ())),
        exclude=tuple(written.get("exclude", ())),
        when=written.get("when", "on_success"),
        expire_in=written.get("expire_in"),
        access=written.get("access", "all"),
        dotenv=tuple(_listed(reports.get("dotenv", []))),
        junit=tuple(_listed(reports.get("junit", []))),
        coverage_format=coverage.get("coverage_format"),
        coverage_path=coverage.get("path"),
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _check_needs(specs: list[JobSpec]) -> None:
    present = {spec.name for spec in specs}
    errors = [
        f"'{spec.name}' job needs '{need.job}' job, but '{need.job}' does not exist in the pipeline. This might be "
        "because of the only, except, or rules keywords. To need a job that sometimes does not exist in the "
        "pipeline, use needs:optional."
        for spec in specs
        for need in spec.needs or ()
        if need.job not in present and not need.optional
    ]
    if errors:
        raise InvalidFile(errors)
