"""What is not established about GitLab, as switches. The strict reading is the one that asks more of a client."""

from __future__ import annotations

from portctl.sandbox.core.switches import Switch

SWITCHES = (
    Switch(
        "top-level-groups",
        strict="a top-level group cannot be created by API (GitLab.com)",
        lenient="any user may create one (self-managed default)",
    ),
    Switch(
        "deleted-path",
        strict="a project that is marked for deletion gets another path and name",
        lenient="it keeps them until it is gone",
    ),
    Switch(
        "masked-value-names",
        strict="a masked value must not equal the key of another variable",
        lenient="it may",
    ),
    Switch(
        "foreign-trigger-delete",
        strict="only the owner of a trigger token deletes it",
        lenient="any maintainer does",
    ),
    Switch(
        "idle-file-update",
        strict="writing a file with the content that it has is refused",
        lenient="it makes a commit without changes",
    ),
    Switch(
        "lint-empty-repository",
        strict="lint in an empty repository finds no reference and is not valid",
        lenient="lint needs no commit",
    ),
    Switch(
        "group-variable-reader",
        strict="variables of a group are listed for owners only",
        lenient="maintainers list them, too",
    ),
    Switch(
        "archive-limit",
        strict="five archives a minute for one project and user (GitLab.com)",
        lenient="as many as one likes (instances that have not switched the limit on)",
    ),
    Switch(
        "archive-missing-path",
        strict="the archive of a folder that does not exist is 200 with nothing in it",
        lenient="404 (newer servers)",
    ),
)
