"""Merge requests: their life from open to merged or closed. Source: GitLab docs, "Merge requests API"."""

from __future__ import annotations

from portctl.sandbox.core.state import Reader, Row
from portctl.sandbox.gitlab.errors import GitLabError, invalid, not_found, refused
from portctl.sandbox.gitlab.store.instance import Instance

_SAME = "You can't use same project/branch for source and target"
_LISTS = ("assignee_ids", "reviewer_ids")
_SETTABLE = ("title", "description", "squash", "target_branch", "remove_source_branch", *_LISTS)


def rows(tables: Reader, project_id: int) -> list[Row]:
    return [row for row in tables.rows("merge_requests").values() if row["project_id"] == project_id]


def find(tables: Reader, project_id: int, iid: str) -> Row:
    row = tables.get("merge_requests", f"{project_id}:{iid}")
    if row is None:
        raise not_found()
    return row


def create(instance: Instance, author: Row, project: Row, values: Row) -> Row:
    """Errors: 400 missing branch, 409 an open one exists, 422 source is target."""
    if values["source_branch"] == values["target_branch"]:
        raise GitLabError(422, {"message": [_SAME]})
    heads = instance.repository(project).heads()
    for side in ("source_branch", "target_branch"):
        if values[side] not in heads:
            raise invalid(**{side: [f'"{values[side]}" does not exist']})
    _refuse_second(instance, project, values["source_branch"], values["target_branch"])
    row: Row = {
        "id": instance.next_id("merge_request"),
        "iid": instance.next_iid("merge_request", project["id"]),
        "project_id": project["id"],
        "state": "opened",
        "description": None,
        "squash": False,
        "remove_source_branch": None,
        "assignee_ids": [],
        "reviewer_ids": [],
        **{name: values[name] for name in _SETTABLE if values.get(name) is not None},
        "source_branch": values["source_branch"],
        "labels": sorted(set(values.get("labels") or [])),
        "author_id": author["id"],
        "created_at": instance.now(),
        "updated_at": instance.now(),
        "merged_at": None,
        "merge_user_id": None,
        "closed_at": None,
        "closed_by_id": None,
        "sha": heads[values["source_branch"]],
        "base_sha": None,
        "merge_commit_sha": None,
    }
    return _put(instance, row)


def change(instance: Instance, user: Row, project: Row, row: Row, values: Row) -> Row:
    changed = {**row, **{name: values[name] for name in _SETTABLE if name in values}, "updated_at": instance.now()}
    target = changed["target_branch"]
    if target != row["target_branch"]:
        if instance.repository(project).head_of(target) is None:
            raise invalid(target_branch=[f'"{target}" does not exist'])
        _refuse_second(instance, project, row["source_branch"], target)
    labels = set(values["labels"] or []) if "labels" in values else set(row["labels"])
    labels |= set(values.get("add_labels") or [])
    changed["labels"] = sorted(labels - set(values.get("remove_labels") or []))
    if values.get("state_event") == "close" and row["state"] == "opened":
        changed |= {"state": "closed", "closed_at": instance.now(), "closed_by_id": user["id"]}
    if values.get("state_event") == "reopen" and row["state"] == "closed":
        _refuse_second(instance, project, row["source_branch"], target)
        changed |= {"state": "opened", "closed_at": None, "closed_by_id": None}
    return _put(instance, changed)


def settle_merged(instance: Instance, user: Row, row: Row, *, head: str, base: str, merge_commit: str | None) -> Row:
    """Write down that it was merged, and from what to what."""
    now = instance.now()
    merged = {
        **row,
        "state": "merged",
        "merged_at": now,
        "updated_at": now,
        "merge_user_id": user["id"],
        "sha": head,
        "base_sha": base,
        "merge_commit_sha": merge_commit,
    }
    return _put(instance, merged)


def delete(instance: Instance, row: Row) -> None:
    instance.state.drop("merge_requests", f"{row['project_id']}:{row['iid']}")


def head(instance: Instance, project: Row, row: Row) -> str:
    """The commit that would be (or was) merged."""
    present = instance.repository(project).head_of(row["source_branch"]) if row["state"] == "opened" else None
    found: str = present or row["sha"]
    return found


def base(instance: Instance, project: Row, row: Row, head_sha: str) -> str | None:
    """The commit from which the changes are counted."""
    if row["base_sha"] is not None:
        return str(row["base_sha"])
    repository = instance.repository(project)
    target = repository.head_of(row["target_branch"])
    return repository.merge_base(target, head_sha) if target else None


def is_draft(row: Row) -> bool:
    return str(row["title"]).lower().startswith(("draft:", "[draft]", "(draft)"))


def _refuse_second(instance: Instance, project: Row, source: str, target: str) -> None:
    for row in rows(instance.state, project["id"]):
        if (row["source_branch"], row["target_branch"], row["state"]) == (source, target, "opened"):
            text = f"Another open merge request already exists for this source branch: !{row['iid']}"
            raise GitLabError(409, {"message": [text]})


def _put(instance: Instance, row: Row) -> Row:
    if not row["title"]:
        raise invalid(title=["can't be blank"])
    if len(row["title"]) > 255:
        raise refused("title is too long (maximum is 255 characters)")
    instance.state.put("merge_requests", f"{row['project_id']}:{row['iid']}", row)
    return row
