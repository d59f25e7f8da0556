"""Merging a merge request into its target. Source: GitLab docs, "Merge requests API", merge a merge request."""

from __future__ import annotations

from enum import StrEnum

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab.errors import GitLabError, not_emulated, refused, unauthorized
from portctl.sandbox.gitlab.git.merging import Conflict, merged
from portctl.sandbox.gitlab.git.writing import NewCommit, Signature, write_commit
from portctl.sandbox.gitlab.store import merge_requests, protection
from portctl.sandbox.gitlab.store.instance import Instance


class Status(StrEnum):
    """`detailed_merge_status`."""

    MERGEABLE = "mergeable"
    NOT_OPEN = "not_open"
    DRAFT = "draft_status"
    CONFLICT = "conflict"
    NEED_REBASE = "need_rebase"
    BRANCH_MISSING = "broken_status"


def status(instance: Instance, project: Row, row: Row) -> Status:
    repository = instance.repository(project)
    if row["state"] != "opened":
        return Status.NOT_OPEN
    source, target = repository.head_of(row["source_branch"]), repository.head_of(row["target_branch"])
    if source is None or target is None:
        return Status.BRANCH_MISSING
    if merge_requests.is_draft(row):
        return Status.DRAFT
    if project["merge_method"] != "merge" and not repository.is_ancestor(target, source):
        return Status.NEED_REBASE
    try:
        merged(repository, target, source)
    except Conflict:
        return Status.CONFLICT
    return Status.MERGEABLE


def merge(instance: Instance, user: Row, project: Row, row: Row, values: Row) -> Row:
    """Errors: 401 no right, 405 closed or draft, 409 another head, 422 conflict."""
    if not protection.may_merge(instance, user, project, row["target_branch"]):
        raise unauthorized()
    found = status(instance, project, row)
    if found in (Status.NOT_OPEN, Status.DRAFT, Status.BRANCH_MISSING):
        raise GitLabError(405, {"message": "405 Method Not Allowed"})
    head = merge_requests.head(instance, project, row)
    if values.get("sha") and values["sha"] != head:
        raise refused(f"SHA does not match HEAD of source branch: {head}", 409)
    if found is not Status.MERGEABLE:
        raise refused("Branch cannot be merged", 422)
    if values.get("squash", row["squash"]) or project["squash_option"] == "always":
        raise not_emulated("squashing")
    base = merge_requests.base(instance, project, row, head)
    commit = _performed(instance, user, project, row, head, values.get("merge_commit_message"))
    merged_row = merge_requests.settle_merged(instance, user, row, head=head, base=base or head, merge_commit=commit)
    if values.get("should_remove_source_branch", row["remove_source_branch"]):
        instance.repository(project).delete_branch(row["source_branch"])
    instance.world.changed()
    return merged_row


def _performed(instance: Instance, user: Row, project: Row, row: Row, head: str, message: str | None) -> str | None:
    """The merge commit; None where the target was moved forward without one."""
    repository = instance.repository(project)
    target = repository.heads()[row["target_branch"]]
    if project["merge_method"] == "ff":
        repository.set_branch(row["target_branch"], head)
        return None
    lines = [f"Merge branch '{row['source_branch']}' into '{row['target_branch']}'", row["title"]]
    reference = f"See merge request {project['full_path']}!{row['iid']}"
    signature = Signature(user["name"], user["email"], int(instance.world.clock.seconds()))
    new = NewCommit(
        branch=row["target_branch"],
        parents=(target, head),
        author=signature,
        committer=signature,
        message=message or "\n\n".join([*lines, reference]),
        changes=merged(repository, target, head),
    )
    return write_commit(repository, new)
