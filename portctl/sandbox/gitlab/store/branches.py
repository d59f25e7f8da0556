"""Branches. Source: GitLab docs, "Branches API"."""

from __future__ import annotations

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import forbidden, not_found, refused
from portctl.sandbox.gitlab.store import access, commits, protection
from portctl.sandbox.gitlab.store.access import Level
from portctl.sandbox.gitlab.store.instance import Instance


def find(instance: Instance, project: Row, name: str) -> str:
    """The branch's commit. Errors: 404."""
    sha = instance.repository(project).head_of(name)
    if sha is None:
        raise not_found("Branch")
    return sha


def create(instance: Instance, user: Row, project: Row, name: str, ref: str) -> str:
    repository = instance.repository(project)
    if repository.head_of(name) is not None:
        raise refused("Branch already exists")
    if not repository.valid_branch_name(name):
        raise refused("Branch name is invalid")
    sha = repository.resolve(ref)
    if sha is None:
        raise refused(f"Invalid reference name: {ref}")
    if not protection.may_push(instance, user, project, name):
        raise refused("You are not allowed to create protected branches on this project.")
    repository.set_branch(name, sha)
    instance.world.changed()
    return sha


def delete(instance: Instance, project: Row, name: str) -> None:
    find(instance, project, name)
    if name == project["default_branch"] or protection.covering(instance, project, name):
        raise forbidden("The protected branch cannot be removed")
    instance.repository(project).delete_branch(name)
    instance.world.changed()


def shown(instance: Instance, user: Row | None, project: Row, name: str, sha: str) -> Row:
    repository = instance.repository(project)
    rules = protection.covering(instance, project, name)
    default = repository.head_of(project["default_branch"])
    open_to_developers = {
        which: not rules or any(rule["access_level"] == Level.DEVELOPER for row in rules for rule in row[which])
        for which in ("push_access_levels", "merge_access_levels")
    }
    return {
        "name": name,
        "commit": commits.shown(instance, project, repository.commit(sha)),
        "merged": name != project["default_branch"] and default is not None and repository.is_ancestor(sha, default),
        "protected": bool(rules),
        "developers_can_push": bool(rules) and open_to_developers["push_access_levels"],
        "developers_can_merge": bool(rules) and open_to_developers["merge_access_levels"],
        "can_push": user is not None
        and access.project_level(instance, user, project) >= Level.DEVELOPER
        and protection.may_push(instance, user, project, name),
        "default": name == project["default_branch"],
        "web_url": instance.web_url(f"{project['full_path']}/-/tree/{name}"),
    }
