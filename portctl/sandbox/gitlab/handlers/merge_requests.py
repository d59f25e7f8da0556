"""Routes of merge requests."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import undone
from portctl.sandbox.gitlab.context import Call, done
from portctl.sandbox.gitlab.errors import forbidden
from portctl.sandbox.gitlab.git.diff import FileDiff, differences
from portctl.sandbox.gitlab.handlers.code import code
from portctl.sandbox.gitlab.parameters import (
    BOOLEAN,
    INTEGER,
    NEEDED,
    TEXT,
    TEXTS,
    Field,
    Type,
    at_least_one,
    one_of,
)
from portctl.sandbox.gitlab.store import access, commits, merge, merge_requests, users
from portctl.sandbox.gitlab.store.access import Level

_SETTINGS: dict[str, Field] = {
    "title": TEXT,
    "description": TEXT,
    "labels": TEXTS,
    "assignee_id": INTEGER,
    "assignee_ids": Field(Type.INTEGERS),
    "reviewer_ids": Field(Type.INTEGERS),
    "remove_source_branch": BOOLEAN,
    "squash": BOOLEAN,
    **undone.MERGE_REQUEST,
}
CREATE = {
    **_SETTINGS,
    "title": NEEDED,
    "source_branch": NEEDED,
    "target_branch": NEEDED,
    "target_project_id": INTEGER,
    "add_labels": TEXTS,
    "remove_labels": TEXTS,
}
EDIT = {
    **_SETTINGS,
    "target_branch": TEXT,
    "add_labels": TEXTS,
    "remove_labels": TEXTS,
    "state_event": one_of("close", "reopen"),
}
MERGE = {
    "merge_commit_message": TEXT,
    "should_remove_source_branch": BOOLEAN,
    **undone.MERGE,
    "sha": TEXT,
    "squash": BOOLEAN,
}
LIST = {
    **undone.MERGE_REQUEST_LIST,
    "state": one_of("opened", "closed", "locked", "merged", "all"),
    "source_branch": TEXT,
    "target_branch": TEXT,
    "author_id": INTEGER,
    "author_username": TEXT,
    "search": TEXT,
    "labels": TEXTS,
    "iids": Field(Type.INTEGERS),
    "order_by": one_of("created_at", "updated_at", "title"),
    "sort": one_of("asc", "desc"),
}


def list_all(call: Call) -> Answer:
    project, _ = code(call)
    values = call.values(LIST)
    rows = [row for row in merge_requests.rows(call.tables, project["id"]) if _fits(call, row, values)]
    key = values.get("order_by") or "created_at"
    rows.sort(key=lambda row: (row[key], row["id"]), reverse=values.get("sort") != "asc")
    return call.page(rows, lambda row: _shown(call, project, row))


def read(call: Call) -> Answer:
    project, _ = code(call)
    return Answer(200, _detailed(call, project, _wanted(call, project)))


def create(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    values = _people(call.values(CREATE))
    if values.pop("target_project_id", project["id"]) != project["id"]:
        raise forbidden()
    row = merge_requests.create(call.instance, call.me, project, values)
    return Answer(201, _detailed(call, project, row))


def edit(call: Call) -> Answer:
    values = _people(call.values(EDIT))
    at_least_one(values, tuple(name for name in EDIT if not EDIT[name].later))
    project, _ = code(call)
    row = _wanted(call, project)
    if row["author_id"] != call.me["id"]:
        call.project(Level.DEVELOPER)
    row = merge_requests.change(call.instance, call.me, project, row, values)
    return Answer(200, _detailed(call, project, row))


def delete(call: Call) -> Answer:
    project = call.project(Level.OWNER)
    merge_requests.delete(call.instance, _wanted(call, project))
    return done()


def perform(call: Call) -> Answer:
    project, _ = code(call)
    row = _wanted(call, project)
    row = merge.merge(call.instance, call.me, project, row, call.values(MERGE))
    return Answer(200, _detailed(call, project, row))


def list_commits(call: Call) -> Answer:
    project, repository = code(call)
    row = _wanted(call, project)
    head = merge_requests.head(call.instance, project, row)
    base = merge_requests.base(call.instance, project, row, head)
    found = repository.log(f"{base}..{head}" if base else head)
    return call.page(found, lambda each: commits.shown(call.instance, project, each))


def list_diffs(call: Call) -> Answer:
    project, _ = code(call)
    found = _diffs(call, project, _wanted(call, project))
    return call.page(found, lambda each: each.shown())


def changes(call: Call) -> Answer:
    project, _ = code(call)
    row = _wanted(call, project)
    found = [each.shown() for each in _diffs(call, project, row)]
    return Answer(200, {**_detailed(call, project, row), "changes": found, "overflow": False})


def _wanted(call: Call, project: Row) -> Row:
    return merge_requests.find(call.tables, project["id"], call.params["iid"])


def _people(values: Row) -> Row:
    if values.get("assignee_id") is not None:
        values.setdefault("assignee_ids", [values["assignee_id"]])
    return values


def _diffs(call: Call, project: Row, row: Row) -> list[FileDiff]:
    head = merge_requests.head(call.instance, project, row)
    base = merge_requests.base(call.instance, project, row, head)
    return differences(call.instance.repository(project), base, head)


def _shown(call: Call, project: Row, row: Row) -> Row:
    instance = call.instance
    status = merge.status(instance, project, row)
    known = call.tables.rows("users")

    def person(user_id: int | None) -> Row | None:
        return users.basic(instance, known[str(user_id)]) if user_id is not None else None

    computed = ("assignee_ids", "reviewer_ids", "author_id", "merge_user_id", "closed_by_id", "base_sha")
    return {
        **{name: value for name, value in row.items() if name not in (*computed, "remove_source_branch")},
        "sha": merge_requests.head(instance, project, row),
        "author": person(row["author_id"]),
        "merge_user": person(row["merge_user_id"]),
        "merged_by": person(row["merge_user_id"]),
        "closed_by": person(row["closed_by_id"]),
        "assignees": [person(user_id) for user_id in row["assignee_ids"] if str(user_id) in known],
        "assignee": next((person(user_id) for user_id in row["assignee_ids"] if str(user_id) in known), None),
        "reviewers": [person(user_id) for user_id in row["reviewer_ids"] if str(user_id) in known],
        "source_project_id": project["id"],
        "target_project_id": project["id"],
        "draft": merge_requests.is_draft(row),
        "work_in_progress": merge_requests.is_draft(row),
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged" if status is merge.Status.MERGEABLE else "cannot_be_merged",
        "detailed_merge_status": str(status),
        "has_conflicts": status is merge.Status.CONFLICT,
        "squash_commit_sha": None,
        "user_notes_count": 0,
        "upvotes": 0,
        "downvotes": 0,
        "should_remove_source_branch": None,
        "force_remove_source_branch": row["remove_source_branch"],
        "web_url": instance.web_url(f"{project['full_path']}/-/merge_requests/{row['iid']}"),
        "reference": f"!{row['iid']}",
        "references": {
            "short": f"!{row['iid']}",
            "relative": f"!{row['iid']}",
            "full": f"{project['full_path']}!{row['iid']}",
        },
        "blocking_discussions_resolved": True,
    }


def _detailed(call: Call, project: Row, row: Row) -> Row:
    head = merge_requests.head(call.instance, project, row)
    base = merge_requests.base(call.instance, project, row, head)
    level = access.project_level(call.instance, call.user, project)
    return {
        **_shown(call, project, row),
        "changes_count": str(len(_diffs(call, project, row))),
        "diff_refs": {"base_sha": base, "head_sha": head, "start_sha": base},
        "head_pipeline": None,
        "pipeline": None,
        "first_contribution": False,
        "subscribed": False,
        "merge_error": None,
        "user": {"can_merge": level >= Level.DEVELOPER},
    }


def _fits(call: Call, row: Row, values: Row) -> bool:
    author = users.by_username(call.instance, values.get("author_username") or "")
    exact = {"source_branch": "source_branch", "target_branch": "target_branch", "author_id": "author_id"}
    return (
        values.get("state") in (None, "all", row["state"])
        and all(values.get(name) in (None, row[column]) for name, column in exact.items())
        and (not values.get("author_username") or (author is not None and author["id"] == row["author_id"]))
        and (values.get("search") or "").lower() in f"{row['title']} {row['description'] or ''}".lower()
        and set(values.get("labels") or []) <= set(row["labels"])
        and (not values.get("iids") or row["iid"] in values["iids"])
    )
