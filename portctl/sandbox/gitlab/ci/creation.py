"""A new pipeline: who may start it, on what, with which variables, how often, and what its jobs are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.ci.compiler import (
    DEFAULT_FILE,
    Compiled,
    Filtered,
    InvalidFile,
    compile_pipeline,
)
from portctl.sandbox.gitlab.ci.inputs import MOST_GIVEN
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
from portctl.sandbox.gitlab.version import is_current

_HEADS, _TAGS = "refs/heads/", "refs/tags/"
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
    """What is asked for. `variables`: key, value and variable_type each; `payload`: the trigger's own one.

    `keep_failed`: a pipeline whose file or inputs are wrong is made all the same, and has failed.
    """

    ref: str
    source: str
    keep_failed: bool
    variables: Sequence[Row] = ()
    inputs: Mapping[str, Any] = field(default_factory=dict)
    payload: Sequence[Row] = ()
    trigger: Row | None = None


def create_pipeline(instance: Instance, project: Row, user: Row, wish: Wish) -> Row:
    """The new pipeline's row. Errors: 400, 429, 501."""
    repository = instance.repository(project)
    ref, sha, is_tag = _checked(instance, project, user, wish, repository)
    content = _content(project, repository, sha)
    token = None if wish.trigger is None else wish.trigger["token"][:4]
    draft: Row = {
        "sha": sha,
        "ref": ref,
        "tag": is_tag,
        "source": wish.source,
        "variables": [*wish.payload, *wish.variables],
        "trigger_id": None if wish.trigger is None else wish.trigger["id"],
        "trigger_short_token": token,
    }
    provisional = {**pipelines.BLANK, **draft, "iid": pipelines.next_iid(instance, project), "user_id": user["id"]}
    occasion = Occasion(ref=ref, source=wish.source, is_tag=is_tag, exists=_exists(repository, sha))
    errors: str | None = None
    scope, path = scope_of(instance, project, provisional), _path(project)
    try:
        compiled = compile_pipeline(content, occasion, scope, wish.inputs, path)
    except Filtered as error:
        raise refused_base(str(error)) from error
    except NotEmulated as error:
        raise not_emulated(str(error)) from error
    except InvalidFile as error:
        compiled, errors = Compiled((), None), "\n".join(error.errors)
        if not wish.keep_failed:
            raise refused_base(errors) from error
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


def _checked(instance: Instance, project: Row, user: Row, wish: Wish, repository: Repository) -> tuple[str, str, bool]:
    """The reference's short name, its commit, and whether it is a tag."""
    level = access.project_level(instance, user, project)
    if project["builds_access_level"] == "disabled" or project["archived"]:
        raise refused_base("Pipelines are disabled!")
    if level < Level.DEVELOPER:
        raise refused_base("Insufficient permissions to create a new pipeline")
    ref, sha, is_tag = _found(repository, wish.ref)
    covered = not is_tag and protection.covering(instance, project, ref)
    may = [check(instance, user, project, ref) for check in (protection.may_push, protection.may_merge)]
    if covered and not any(may):
        raise refused_base(_PROTECTED.format(ref))
    role = _ROLES.get(project[OVERRIDE_ROLE])
    counted = [*wish.variables, *(() if is_current(instance) else wish.payload)]
    if counted and (role is None or level < role):
        raise refused_base("Insufficient permissions to set pipeline variables")
    if len(wish.inputs) > MOST_GIVEN:
        raise refused_base(f"A pipeline takes at most {MOST_GIVEN} inputs")
    return ref, sha, is_tag


def _found(repository: Repository, wanted: str) -> tuple[str, str, bool]:
    """A branch or a tag, also by its full name; a commit is no reference."""
    name = wanted.removeprefix(_HEADS).removeprefix(_TAGS)
    head = None if wanted.startswith(_TAGS) else repository.head_of(name)
    tag = None if wanted.startswith(_HEADS) else repository.tag_of(name)
    if head is not None and tag is not None:
        raise refused_base("Ref is ambiguous")
    sha = head or tag
    if sha is None:
        raise refused_base("Reference not found")
    return name, sha, head is None


def _path(project: Row) -> str:
    path: str = project["ci_config_path"] or DEFAULT_FILE
    return path


def _content(project: Row, repository: Repository, sha: str) -> str:
    path = _path(project)
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
