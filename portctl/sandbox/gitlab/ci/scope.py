"""Which variables a pipeline and its jobs see, and how strong each is.

From the weakest: predefined, deployment, the file, dotenv reports, groups, project, pipeline. Source: GitLab docs,
"CI/CD variable precedence".
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci import predefined
from portctl.sandbox.gitlab.ci.compiler import Scope, yaml_variables
from portctl.sandbox.gitlab.ci.model import JobSpec
from portctl.sandbox.gitlab.ci.variables import Variable, layered
from portctl.sandbox.gitlab.store import access, jobs, protection, variables
from portctl.sandbox.gitlab.store.instance import Instance


def scope_of(instance: Instance, project: Row, pipeline: Row) -> Scope:
    """For the compiler: all that is known before there are jobs."""
    base = predefined.given(_common(instance, project, pipeline))

    def of(environment: str | None) -> tuple[tuple[Variable, ...], tuple[Variable, ...]]:
        own = (*stored(instance, project, pipeline, environment), *given_to(pipeline))
        return base, own

    return Scope(of)


def of_job(
    instance: Instance, project: Row, pipeline: Row, job: Row, received: Iterable[Row], timeout_seconds: float
) -> dict[str, Variable]:
    """For a job that is about to run. `received`: the jobs whose dotenv reports it gets, in order."""
    spec = jobs.spec_of(job)
    environment = spec.environment.name if spec.environment else None
    facts = {
        **_common(instance, project, pipeline),
        **predefined.for_job(instance, project, pipeline, job, timeout_seconds),
        **predefined.for_environment(spec.environment),
    }
    reported = [(key, value) for each in received for key, value in each["dotenv"].items()]
    played = [(each["key"], each["value"]) for each in job["played"]]
    return layered(
        predefined.given(facts),
        predefined.credentials_of_job(instance, project, job),
        predefined.environment_address(spec),
        yaml_variables(spec.variables),
        _of_users(reported),
        stored(instance, project, pipeline, environment),
        given_to(pipeline, expand_files=instance.strict("payload-expansion")),
        _of_users(played),
    )


def senders(spec: JobSpec, others: Iterable[Row]) -> list[Row]:
    """The jobs whose artifacts and variables a job gets, in the order of their stages."""
    ended = [row for row in others if row["status"] in ("success", "failed", "canceled")]
    if spec.needs is not None:
        wanted = {need.job for need in spec.needs if need.artifacts}
        found = [row for row in ended if row["name"] in wanted]
    else:
        found = [row for row in ended if row["spec"]["stage_index"] < spec.stage_index]
    if spec.dependencies is not None:
        found = [row for row in found if row["name"] in spec.dependencies]
    return sorted(found, key=lambda row: (row["spec"]["stage_index"], row["id"]))


def stored(instance: Instance, project: Row, pipeline: Row, environment: str | None) -> tuple[Variable, ...]:
    """Variables of the groups, the outermost first, and of the project, which is stronger."""
    protected = not pipeline["tag"] and bool(protection.covering(instance, project, pipeline["ref"]))
    groups = reversed(access.chain(instance.state, project["namespace_id"]))
    sources = [*(f"namespace:{row['id']}" for row in groups), f"project:{project['id']}"]
    return tuple(
        Variable(
            key=row["key"],
            value=row["value"],
            raw=row["raw"],
            file=row["variable_type"] == "file",
            masked=row["masked"],
            public=False,
        )
        for source in sources
        for row in sorted(variables.rows(instance.state, source), key=lambda row: _nearness(row["environment_scope"]))
        if (protected or not row["protected"]) and _covers(row["environment_scope"], environment)
    )


def given_to(pipeline: Row, *, expand_files: bool = True) -> tuple[Variable, ...]:
    """Variables of the pipeline itself."""
    return tuple(
        Variable(
            key=each["key"],
            value=each["value"],
            file=each["variable_type"] == "file",
            raw=each["variable_type"] == "file" and not expand_files,
            public=False,
        )
        for each in pipeline["variables"]
    )


def _of_users(pairs: Iterable[tuple[str, str]]) -> tuple[Variable, ...]:
    return tuple(Variable(key=key, value=value, public=False) for key, value in pairs)


def _common(instance: Instance, project: Row, pipeline: Row) -> dict[str, object]:
    return {
        **predefined.for_server(instance),
        **predefined.for_project(instance, project),
        **predefined.for_commit(instance, project, pipeline),
        **predefined.for_pipeline(instance, pipeline),
    }


def _covers(scope: str, environment: str | None) -> bool:
    if environment is None:
        return scope == "*"
    return fnmatch.fnmatchcase(environment, scope.replace("[", "[[]").replace("?", "[?]"))


def _nearness(scope: str) -> tuple[bool, int]:
    """Exact scopes are nearest, then the ones with the most letters."""
    return "*" not in scope, len(scope.replace("*", ""))
