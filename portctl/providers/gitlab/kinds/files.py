"""Files in the repository of a project. Source: GitLab docs, "Commits API", "Repository files API"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Kind, Merge, Privilege, Readable, Verb
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.schemas.files import files

KIND = Kind(
    provider="gitlab",
    name="Files",
    source="GitLab docs, Commits API and Repository files API",
    summary="Files on one branch: those that the manifest lists, and no other. All changes are one commit.",
    parent="gitlab/Project",
    identity=("branch",),
    collection=f"{API}/projects/{{parent}}/repository/commits",
    item="{collection}",
    listed=False,
    partial=True,
    texts=("files.*",),
    update=Verb.POST,
    coverage=Coverage.DECLARED,
    merge=Merge.READ_MODIFY_WRITE,
    server_owned=("head", "files.*.blob"),
    defaults={"files.*.execute_filemode": False},
    excluded={
        "commit_message": "it is said with the next commit",
        "merge_request": "it says how files get to the branch, not what is in them",
    },
    text=("files.*.content",),
    checked=True,
    remarks=(
        "Read with one request for the branch and one for each directory that holds a listed file.",
        "Unchanged files are recognised by their blob id, only changed ones are fetched.",
        "`template:` and `source:` name a file beside the manifest: rendered, or taken as it is.",
        "With `merge_request` changes go to its `source_branch`; while it is open, that branch is what is compared.",
        "Commits of others are built upon, never overwritten.",
        "What changed since the plan fails the step.",
        "A file that leaves the manifest is deleted if it was created here.",
        "A `.gitlab-ci.yml` with `spec: inputs` takes GitLab 18.1: `plan` refuses it for an older server.",
        "`.gitlab-ci.yml` is checked by the project's CI lint at plan, where this user may ask for that.",
    ),
    readable=(
        Readable(
            "**",
            "Put it into a gitlab/Variable that is masked, and read that here.",
            published="is committed to a repository",
        ),
    ),
    schema=files,
    privilege=Privilege(read="Reporter in the project", write="Developer, on a protected branch Maintainer"),
)
