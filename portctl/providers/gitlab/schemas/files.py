"""Files of a repository. The shapes are ours: GitLab takes files as actions of a commit.

Source: GitLab docs, "Commits API", create a commit with multiple files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portctl.providers.gitlab.schemas.common import FLAG, TEXT, closed, text

_PATH = {
    "pattern": r"^(?!/)(?!(.*/)?\.\.?(/|$))(?!(.*/)?\.git(/|$))[^\\]+(?<!/)$",
    "description": "a path inside the repository, without `..` and `.git`",
}
_BRANCH = text(255, r"^(?!-)(?!.*(\.\.|//|@\{))[^\s~^:?*\[\\]+(?<![/.])$", "the name of a branch")
_NAME = {**TEXT, "minLength": 1}
_TITLE = {**text(255), "minLength": 1}


def files() -> Mapping[str, Any]:
    """The schema of gitlab/Files. That every file has one content is checked where files are read."""
    return closed(
        ["branch", "files"],
        branch=_BRANCH,
        files={
            "type": "object",
            "minProperties": 1,
            "propertyNames": _PATH,
            "additionalProperties": closed(
                content=TEXT,
                template={**_NAME, "title": "a text template beside this manifest"},
                source={**_NAME, "title": "a file beside this manifest, taken as it is"},
                execute_filemode=FLAG,
            ),
        },
        commit_message=_TITLE,
        merge_request=closed(
            ["source_branch"], source_branch=_BRANCH, title=_TITLE, description=TEXT, remove_source_branch=FLAG
        ),
    )
