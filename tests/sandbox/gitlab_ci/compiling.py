"""Compile a pipeline file without a sandbox."""

from __future__ import annotations

from typing import Any

from portctl.sandbox.gitlab.ci.compiler import Compiled, Scope, compile_pipeline
from portctl.sandbox.gitlab.ci.model import JobSpec
from portctl.sandbox.gitlab.ci.patterns import path_pattern
from portctl.sandbox.gitlab.ci.rules import Occasion
from portctl.sandbox.gitlab.ci.variables import Variable


def compiled(
    text: str,
    *,
    source: str = "trigger",
    ref: str = "main",
    is_tag: bool = False,
    files: tuple[str, ...] = (),
    given: dict[str, str] | None = None,
    inputs: dict[str, Any] | None = None,
) -> Compiled:
    """The pipeline for an occasion; `given`: variables of project and pipeline."""
    base = (Variable(key="CI_PIPELINE_SOURCE", value=source), Variable(key="CI_COMMIT_BRANCH", value=ref))
    own = tuple(Variable(key=key, value=value) for key, value in (given or {}).items())
    occasion = Occasion(
        ref=ref,
        source=source,
        is_tag=is_tag,
        exists=lambda patterns: any(path_pattern(each).fullmatch(file) for each in patterns for file in files),
    )
    return compile_pipeline(text, occasion, Scope(lambda _environment: (base, own)), inputs or {})


def names(text: str, **occasion: object) -> list[str]:
    return [job.name for job in compiled(text, **occasion).jobs]  # type: ignore[arg-type]


def only_job(text: str, **occasion: object) -> JobSpec:
    (job,) = compiled(text, **occasion).jobs  # type: ignore[arg-type]
    return job
