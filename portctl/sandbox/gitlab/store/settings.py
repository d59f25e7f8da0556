"""Project settings: which there are, their types and defaults, and the deprecated twins that move together.

Source: GitLab docs, "Projects API", create and edit a project.
"""

from __future__ import annotations

from typing import Any

from portctl.sandbox.core.state import Row
from portctl.sandbox.gitlab import undone
from portctl.sandbox.gitlab.parameters import BOOLEAN, INTEGER, TEXT, TEXTS, Field, Type, one_of
from portctl.sandbox.gitlab.store.access import VISIBILITIES

_FEATURE = one_of("disabled", "private", "enabled")
_PUBLIC_FEATURE = one_of("disabled", "private", "enabled", "public")
_FEATURES = (
    "issues",
    "repository",
    "merge_requests",
    "forking",
    "wiki",
    "builds",
    "snippets",
    "analytics",
    "container_registry",
    "security_and_compliance",
    "releases",
    "environments",
    "feature_flags",
    "infrastructure",
    "monitor",
    "model_experiments",
    "model_registry",
)
_SWITCHES = {
    "emails_enabled": True,
    "shared_runners_enabled": True,
    "group_runners_enabled": True,
    "remove_source_branch_after_merge": True,
    "packages_enabled": True,
    "service_desk_enabled": False,
    "lfs_enabled": True,
    "public_jobs": True,
    "request_access_enabled": True,
    "only_allow_merge_if_pipeline_succeeds": False,
    "allow_merge_on_skipped_pipeline": None,
    "only_allow_merge_if_all_discussions_are_resolved": False,
    "resolve_outdated_diff_discussions": False,
    "printing_merge_request_link_enabled": True,
    "auto_devops_enabled": False,
    "autoclose_referenced_issues": True,
    "enforce_auth_checks_on_uploads": True,
    "warn_about_potentially_unwanted_characters": True,
    "show_diff_preview_in_email": True,
}
_CHOICES = {
    "build_git_strategy": (("fetch", "clone"), "fetch"),
    "auto_cancel_pending_pipelines": (("enabled", "disabled"), "enabled"),
    "merge_method": (("merge", "rebase_merge", "ff"), "merge"),
    "squash_option": (("never", "always", "default_on", "default_off"), "default_off"),
    "auto_devops_deploy_strategy": (("continuous", "manual", "timed_incremental"), "continuous"),
    "resource_group_default_process_mode": (
        ("unordered", "oldest_first", "newest_first", "newest_ready_first"),
        "unordered",
    ),
}
_TEXTS = {
    "description": None,
    "ci_config_path": None,
    "suggestion_commit_message": None,
    "merge_commit_template": None,
    "squash_commit_template": None,
    "issue_branch_template": None,
    "merge_requests_template": None,
}

OVERRIDE_ROLES = ("no_one_allowed", "developer", "maintainer", "owner")
OVERRIDE_ROLE = "ci_pipeline_variables_minimum_override_role"

BOTH: dict[str, Field] = {
    **undone.PROJECT,
    "name": TEXT,
    "path": TEXT,
    "default_branch": TEXT,
    "visibility": one_of(*VISIBILITIES),
    "build_timeout": INTEGER,
    "topics": TEXTS,
    "tag_list": TEXTS,
    "issues_enabled": BOOLEAN,
    "merge_requests_enabled": BOOLEAN,
    "wiki_enabled": BOOLEAN,
    "jobs_enabled": BOOLEAN,
    "snippets_enabled": BOOLEAN,
    "container_registry_enabled": BOOLEAN,
    "emails_disabled": BOOLEAN,
    "public_builds": BOOLEAN,
    **dict.fromkeys(_TEXTS, TEXT),
    **dict.fromkeys(_SWITCHES, BOOLEAN),
    **{name: one_of(*values) for name, (values, _) in _CHOICES.items()},
    **{f"{feature}_access_level": _FEATURE for feature in _FEATURES},
    "package_registry_access_level": _PUBLIC_FEATURE,
    "pages_access_level": _PUBLIC_FEATURE,
}
CREATE: dict[str, Field] = {
    **BOTH,
    "namespace_id": INTEGER,
    "initialize_with_readme": BOOLEAN,
    "repository_object_format": one_of("sha1", "sha256"),
}
EDIT: dict[str, Field] = {
    **BOTH,
    "ci_default_git_depth": INTEGER,
    "keep_latest_artifact": BOOLEAN,
    "ci_forward_deployment_enabled": BOOLEAN,
    "ci_forward_deployment_rollback_allowed": BOOLEAN,
    "ci_allow_fork_pipelines_to_run_in_parent_project": BOOLEAN,
    "ci_separated_caches": BOOLEAN,
    "restrict_user_defined_variables": BOOLEAN,
    OVERRIDE_ROLE: one_of(*OVERRIDE_ROLES),
    "ci_push_repository_for_job_token_allowed": BOOLEAN,
    "ci_id_token_sub_claim_components": Field(Type.TEXTS),
    "ci_delete_pipelines_in_seconds": INTEGER,
    "allow_pipeline_trigger_approve_deployment": BOOLEAN,
}
"""The last ones are not parameters of the creation: sent there, they are ignored like any unknown one."""

DEFAULTS: dict[str, Any] = {
    **_TEXTS,
    **_SWITCHES,
    **{name: default for name, (_, default) in _CHOICES.items()},
    **{f"{feature}_access_level": "enabled" for feature in _FEATURES},
    "package_registry_access_level": "enabled",
    "pages_access_level": "private",
    "security_and_compliance_access_level": "private",
    "topics": [],
    "build_timeout": 3600,
    "ci_default_git_depth": 20,
    "keep_latest_artifact": True,
    "ci_forward_deployment_enabled": True,
    "ci_forward_deployment_rollback_allowed": True,
    "ci_allow_fork_pipelines_to_run_in_parent_project": True,
    "ci_separated_caches": True,
    OVERRIDE_ROLE: "no_one_allowed",
    "ci_push_repository_for_job_token_allowed": False,
    "ci_id_token_sub_claim_components": ["project_path", "ref_type", "ref"],
    "ci_delete_pipelines_in_seconds": None,
    "allow_pipeline_trigger_approve_deployment": False,
}

_FEATURE_TWINS = {
    "issues_enabled": "issues_access_level",
    "merge_requests_enabled": "merge_requests_access_level",
    "wiki_enabled": "wiki_access_level",
    "jobs_enabled": "builds_access_level",
    "snippets_enabled": "snippets_access_level",
    "container_registry_enabled": "container_registry_access_level",
}


def untwinned(values: Row) -> Row:
    """The values with deprecated names replaced by what they stand for; a current name wins over its twin."""
    result = {name: value for name, value in values.items() if name not in _DEPRECATED}
    for old, new in _FEATURE_TWINS.items():
        if values.get(old) is not None:
            result.setdefault(new, "enabled" if values[old] else "disabled")
    if values.get("emails_disabled") is not None:
        result.setdefault("emails_enabled", not values["emails_disabled"])
    if values.get("public_builds") is not None:
        result.setdefault("public_jobs", values["public_builds"])
    if "tag_list" in values:
        result.setdefault("topics", values["tag_list"])
    if values.get("restrict_user_defined_variables") is not None:
        role = "maintainer" if values["restrict_user_defined_variables"] else "developer"
        result.setdefault(OVERRIDE_ROLE, role)
    return result


def twins(project: Row) -> Row:
    """The deprecated names with the values that follow from the current ones."""
    return {
        **{old: project[new] != "disabled" for old, new in _FEATURE_TWINS.items()},
        "emails_disabled": not project["emails_enabled"],
        "public_builds": project["public_jobs"],
        "tag_list": project["topics"],
        "restrict_user_defined_variables": project[OVERRIDE_ROLE] != "developer",
    }


_DEPRECATED = (*_FEATURE_TWINS, "emails_disabled", "public_builds", "tag_list", "restrict_user_defined_variables")
