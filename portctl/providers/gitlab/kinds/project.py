"""GitLab project: one that exists, or one that is created in a group. Source: GitLab docs, "Projects API"."""

from __future__ import annotations

from portctl.model.kind import Coverage, Kind, Merge, OnDelete, Output, Privilege, Readable, Verb
from portctl.model.value import Attributes
from portctl.providers.gitlab.account import API
from portctl.providers.gitlab.schemas.project import NOT_AT_CREATION, SETTINGS, TEXT_SETTINGS, project

IDENTITY = "path_with_namespace"
WITH_README = "initializeWithReadme"
_CREDENTIALS = ("runners_token", "import_url")


def _decode(item: Attributes) -> Attributes:
    """Credentials that nobody asked for are not kept, not even in memory."""
    return {key: value for key, value in item.items() if key not in _CREDENTIALS}


def _encode(attributes: Attributes) -> Attributes:
    """The path stands in the address."""
    return {key: value for key, value in attributes.items() if key != IDENTITY}


KIND = Kind(
    provider="gitlab",
    name="Project",
    source="GitLab docs, Projects API",
    summary="A project: what the manifest names of its settings. It is created where it does not exist.",
    identity=(IDENTITY,),
    collection=f"{API}/projects",
    item=f"{{collection}}/{{{IDENTITY}}}",
    listed=False,
    update=Verb.PUT,
    coverage=Coverage.DECLARED,
    merge=Merge.PARTIAL_PUT,
    clear={name: setting.default for name, setting in SETTINGS.items()},
    server_owned=("id", "creator_id", "created_at", "updated_at", "last_activity_at", "_links"),
    empty=(*TEXT_SETTINGS, "topics"),
    sets=("topics",),
    text=("description", "merge_commit_template", "squash_commit_template"),
    outputs=(
        Output("id", "id"),
        Output("path", IDENTITY),
        Output("web_url", "web_url"),
        Output("ssh_url_to_repo", "ssh_url_to_repo"),
        Output("http_url_to_repo", "http_url_to_repo"),
        Output("default_branch", "default_branch"),
    ),
    server_id="id",
    maker="creator_id",
    parts=tuple(sorted(NOT_AT_CREATION)),
    deletion_hazard="its repository and pipelines go with it, after the time that GitLab keeps deleted projects",
    on_delete=OnDelete.KEEP,
    options={WITH_README: "true: the new repository gets a first commit with a README (default: false, it is empty)"},
    encode=_encode,
    decode=_decode,
    remarks=(
        "Read one by one: GitLab's list of projects holds all that the user may see.",
        "Where GitLab answers 404 and this user would not see the project if it existed, the plan stops.",
        "A setting that leaves the manifest goes back to GitLab's default, or stays as it is where it was found.",
        "`ci_pipeline_variables_minimum_override_role` is `no_one_allowed` in new projects: no variables.",
        "Before GitLab 18.5 that refuses every trigger: `plan` does not set it in a project that is triggered then.",
        "Deletion is delayed. A project that waits for it counts as absent, and is restored where its path is wanted.",
        "Settings of a higher tier than the instance has are dropped by GitLab: the apply fails and names them.",
    ),
    readable=(Readable("**", "Leave it out. Secrets of jobs belong in a gitlab/Variable with `hidden: true`."),),
    schema=project,
    privilege=Privilege(
        read="Guest in its group", write="Maintainer; to create: as the group allows; to delete: Owner"
    ),
)
