"""A new pipeline: who may start it, on what, with which variables, how often, and what its jobs are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.compiler import Compiled, Filtered, InvalidFile, compile_pipeline
from portctl.sandbox.gitlab.ci.patterns import path_pattern
from portctl.sandbox.gitlab.ci.rules import Occasion
from portctl.sandbox.gitlab.ci.scope import scope_of
from portctl.sandbox.gitlab.ci.shapes import NotEmulated
from portctl.sandbox.gitlab.errors import GitLabError, not_emulated
from portctl.sandbox.gitlab.git.repository import Repository
from portctl.sandbox.gitlab.store import access, jobs, pipelines, protection, rates
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance
from portctl.sandbox.gitlab.store.projects import refused_base
from portctl.sandbox.gitlab.store.settings import OVERRIDE_ROLE

_FILE = ".gitlab-ci.yml"
_MOST_PER_MINUTE = 25
_ROLES = {"developer": Level.DEVELOPER, "maintainer": Level.MAINTAINER, "owner": Level.OWNER}
_TOO_MANY = "Too many pipelines created in the last minute. Try again later."
_LIMITED = {"message": {"error": "This endpoint has been requested too many times. Try again later."}}
_PROTECTED = (
    "You do not have sufficient permission to run a pipeline on '{}'. Please select a different branch or contact "
    "your administrator for assistance."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `variables`: key, value and variable_type each; `payload`: the trigger's own one."""

    ref: str
    source: str
    variables: Sequence[Row] = ()
    payload: Sequence[Row] = ()
    trigger: Row | None = None


def create_pipeline(instance: Instance, project: Row, user: Row, wish: Wish) -> Row:
    """The new pipeline's row. A file that is wrong makes a failed pipeline. Errors: 400, 429, 501."""
    repository = instance.repository(project)
    sha, is_tag = _checked(instance, project, user, wish, repository)
    content = _content(project, repository, sha)
    token = None if wish.trigger is None else wish.trigger["token"][:4]
    draft: Row = {
        "sha": sha,
        "ref": wish.ref,
        "tag": is_tag,
        "source": wish.source,
        "variables": [*wish.payload, *wish.variables],
        "trigger_id": None if wish.trigger is None else wish.trigger["id"],
        "trigger_short_token": token,
    }
    provisional = {**pipelines.BLANK, **draft, "iid": pipelines.next_iid(instance, project), "user_id": user["id"]}
    occasion = Occasion(ref=wish.ref, source=wish.source, is_tag=is_tag, exists=_exists(repository, sha))
    errors: str | None = None
    try:
        compiled = compile_pipeline(content, occasion, scope_of(instance, project, provisional))
    except Filtered as error:
        raise refused_base(str(error)) from error
    except NotEmulated as error:
        raise not_emulated(str(error)) from error
    except InvalidFile as error:
        compiled, errors = Compiled((), None), "\n".join(error.errors)
    _count(instance, f"{project['id']}:{sha}:{user['id']}")
    row = pipelines.create(instance, project, user, {**draft, "name": compiled.name})
    if errors is not None:
        return pipelines.change(
            instance,
            row,
            status="failed",
            yaml_errors=errors,
            failure_reason="config_error",
            finished_at=instance.now(),
        )
    made = [jobs.create(instance, row, spec, user["id"]) for spec in compiled.jobs]
    row = pipelines.store(instance, {**row, "jobs": [job["id"] for job in made]})
    instance.wake(row["id"])
    return row


def _checked(instance: Instance, project: Row, user: Row, wish: Wish, repository: Repository) -> tuple[str, bool]:
    """The commit, and whether the reference is a tag."""
    level = access.project_level(instance, user, project)
    if project["builds_access_level"] == "disabled" or project["archived"]:
        raise refused_base("Pipelines are disabled!")
    if level < Level.DEVELOPER:
        raise refused_base("Insufficient permissions to create a new pipeline")
    sha = repository.resolve(wish.ref)
    if sha is None:
        raise refused_base("Reference not found")
    is_tag = repository.head_of(wish.ref) is None and not sha.startswith(wish.ref)
    covered = not is_tag and protection.covering(instance, project, wish.ref)
    may = [check(instance, user, project, wish.ref) for check in (protection.may_push, protection.may_merge)]
    if covered and not any(may):
        raise refused_base(_PROTECTED.format(wish.ref))
    role = _ROLES.get(project[OVERRIDE_ROLE])
    counted = [*wish.variables, *(wish.payload if instance.strict("payload-is-variable") else ())]
    if counted and (role is None or level < role):
        raise refused_base("Insufficient permissions to set pipeline variables")
    return sha, is_tag


def _content(project: Row, repository: Repository, sha: str) -> str:
    path = project["ci_config_path"] or _FILE
    if "@" in path or "://" in path:
        raise not_emulated("pipeline files of other projects or addresses")
    entry = repository.entry(sha, path)
    content = "" if entry is None else repository.blob(entry.sha).decode("utf-8", "replace")
    if not content.strip():
        raise refused_base("Missing CI config file")
    return content


def _exists(repository: Repository, sha: str) -> Any:
    def exists(patterns: Sequence[str]) -> bool:
        wanted = [path_pattern(pattern) for pattern in patterns]
        return any(each.fullmatch(path) for path in repository.files(sha) for each in wanted)

    return exists


def _count(instance: Instance, key: str) -> None:
    """25 pipelines a minute for one project, commit and user. Errors: 429, or 400 (switch)."""
    if rates.exceeded(instance, f"pipeline:{key}", _MOST_PER_MINUTE):
        raise GitLabError(429, _LIMITED) if instance.strict("pipeline-limit-status") else refused_base(_TOO_MANY)
