"""Routes of commits and comparisons. Source: GitLab docs, "Commits API", "Repositories API"."""

from __future__ import annotations

from portctl.sandbox.core.exchange import Answer
from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import pagination, undone
from portctl.sandbox.gitlab.context import Call
from portctl.sandbox.gitlab.errors import bad_parameters, forbidden, not_found
from portctl.sandbox.gitlab.git.diff import differences
from portctl.sandbox.gitlab.handlers.code import code, commit_of
from portctl.sandbox.gitlab.parameters import BOOLEAN, LATER, NEEDED, TEXT, Field, Type, one_of
from portctl.sandbox.gitlab.store import commits, protection
from portctl.sandbox.gitlab.store.access import Level

_ACTION = {
    "action": one_of("create", "update", "move", "delete", "chmod", required=True),
    "file_path": NEEDED,
    "previous_path": TEXT,
    "content": TEXT,
    "encoding": one_of("text", "base64"),
    "last_commit_id": TEXT,
    "execute_filemode": BOOLEAN,
}
CREATE = {
    "branch": NEEDED,
    "commit_message": NEEDED,
    "actions": Field(Type.OBJECTS, required=True, fields=_ACTION),
    "start_branch": TEXT,
    "start_sha": TEXT,
    "start_project": LATER,
    "author_email": TEXT,
    "author_name": TEXT,
    "stats": BOOLEAN,
    "force": BOOLEAN,
}
LIST = {
    "ref_name": TEXT,
    "path": TEXT,
    "since": TEXT,
    "until": TEXT,
    "all": BOOLEAN,
    **undone.COMMIT_LIST,
}
COMPARE = {"from": NEEDED, "to": NEEDED, "straight": BOOLEAN, **undone.COMPARE}
_NEEDS_CONTENT = ("create", "update")


def list_all(call: Call) -> Answer:
    project, repository = code(call)
    values = call.values(LIST)
    options = [f"--{name}={values[name]}" for name in ("since", "until") if values.get(name)]
    if values.get("all"):
        start = "--branches"
    else:
        start = repository.resolve(values.get("ref_name") or project["default_branch"]) or ""
    found = repository.log(start, *options, path=values.get("path") or "") if start and repository.heads() else []
    url = call.instance.address.url
    return pagination.offset(
        call.request, url, found, lambda each: commits.shown(call.instance, project, each), counted=False
    )


def read(call: Call) -> Answer:
    project, repository = code(call)
    values = call.values({"stats": BOOLEAN})
    sha = repository.resolve(call.params["sha"])
    if sha is None:
        raise not_found("Commit")
    return Answer(200, commits.detailed(call.instance, project, sha, stats=values.get("stats") is not False))


def diff(call: Call) -> Answer:
    _, repository = code(call)
    sha = repository.resolve(call.params["sha"])
    if sha is None:
        raise not_found("Commit")
    parent = next(iter(repository.commit(sha).parents), None)
    return call.page([each.shown() for each in differences(repository, parent, sha)])


def create(call: Call) -> Answer:
    project = call.writable_project(Level.DEVELOPER)
    values = call.values(CREATE)
    _check_content(values["actions"])
    if not protection.may_push(call.instance, call.me, project, values["branch"]):
        raise forbidden(commits.NOT_ALLOWED)
    sha = commits.commit(call.instance, call.me, project, values)
    stats = values.get("stats") is not False
    return Answer(201, commits.detailed(call.instance, project, sha, stats=stats))


def compare(call: Call) -> Answer:
    project, repository = code(call)
    values = call.values(COMPARE)
    start, end = commit_of(repository, values["from"]), commit_of(repository, values["to"])
    base = start if values.get("straight") else repository.merge_base(start, end)
    found = repository.log(f"{start}..{end}")[::-1]
    changed = differences(repository, base, end)
    return Answer(
        200,
        {
            "commit": commits.shown(call.instance, project, found[-1]) if found else None,
            "commits": [commits.shown(call.instance, project, each) for each in found],
            "diffs": [each.shown() for each in changed],
            "compare_timeout": False,
            "compare_same_ref": values["from"] == values["to"],
            "web_url": call.instance.web_url(f"{project['full_path']}/-/compare/{start}...{end}"),
        },
    )


def _check_content(actions: list[Row]) -> None:
    missing = [
        f"actions[{number}][content] is missing"
        for number, each in enumerate(actions)
        if each["action"] in _NEEDS_CONTENT and each.get("content") is None
    ]
    if missing:
        raise bad_parameters(", ".join(missing))
