"""Settings of a project, with the defaults of GitLab.com. Deprecated twins (`issues_enabled`) are left out.

Source: GitLab docs, "Projects API", edit a project.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portctl.model.value import Value
from portctl.providers.gitlab.schemas.common import FLAG, FULL_PATH, NUMBER, TEXT, TEXTS, Schema, closed, one_of


@dataclass(frozen=True, slots=True)
class Setting:
    """The shape of one setting, and what it goes back to when it is not wanted any more."""

    shape: Schema
    default: Value = None


_FEATURES = (
    *("analytics", "builds", "container_registry", "environments", "feature_flags", "forking", "infrastructure"),
    *("issues", "merge_requests", "model_experiments", "model_registry", "monitor", "releases", "repository"),
    *("requirements", "security_and_compliance", "snippets", "wiki"),
)
_OPEN_FEATURES = ("package_registry", "pages")
_SWITCHES = {
    "allow_merge_on_skipped_pipeline": False,
    "allow_pipeline_trigger_approve_deployment": False,
    "auto_devops_enabled": False,
    "autoclose_referenced_issues": True,
    "ci_allow_fork_pipelines_to_run_in_parent_project": True,
    "ci_forward_deployment_enabled": True,
    "ci_forward_deployment_rollback_allowed": True,
    "ci_push_repository_for_job_token_allowed": False,
    "ci_separated_caches": True,
    "emails_enabled": True,
    "enforce_auth_checks_on_uploads": True,
    "group_runners_enabled": True,
    "keep_latest_artifact": True,
    "lfs_enabled": True,
    "merge_pipelines_enabled": False,
    "merge_trains_enabled": False,
    "only_allow_merge_if_all_discussions_are_resolved": False,
    "only_allow_merge_if_pipeline_succeeds": False,
    "packages_enabled": True,
    "prevent_merge_without_jira_issue": False,
    "printing_merge_request_link_enabled": True,
    "public_jobs": True,
    "remove_source_branch_after_merge": True,
    "request_access_enabled": True,
    "resolve_outdated_diff_discussions": False,
    "service_desk_enabled": False,
    "shared_runners_enabled": True,
    "show_diff_preview_in_email": True,
    "warn_about_potentially_unwanted_characters": True,
}
_CHOICES = {
    "auto_cancel_pending_pipelines": ("enabled", "disabled"),
    "auto_devops_deploy_strategy": ("continuous", "manual", "timed_incremental"),
    "build_git_strategy": ("fetch", "clone"),
    "ci_pipeline_variables_minimum_override_role": ("no_one_allowed", "developer", "maintainer", "owner"),
    "ci_restrict_pipeline_cancellation_role": ("developer", "maintainer", "no_one"),
    "merge_method": ("merge", "rebase_merge", "ff"),
    "resource_group_default_process_mode": ("unordered", "oldest_first", "newest_first", "newest_ready_first"),
    "squash_option": ("default_off", "never", "always", "default_on"),
    "visibility": ("private", "internal", "public"),
}
"""The first of each is the default."""

TEXT_SETTINGS = (
    *("ci_config_path", "description", "issue_branch_template", "issues_template", "merge_commit_template"),
    *("merge_requests_template", "squash_commit_template", "suggestion_commit_message"),
)
_NUMBERS = {"build_timeout": 3600, "ci_default_git_depth": 20, "ci_delete_pipelines_in_seconds": None}

SETTINGS: Mapping[str, Setting] = {
    "name": Setting(TEXT),
    "default_branch": Setting(TEXT),
    "topics": Setting(TEXTS, ()),
    "ci_id_token_sub_claim_components": Setting(TEXTS, ("project_path", "ref_type", "ref")),
    "max_artifacts_size": Setting({"type": ["integer", "null"]}),
    **{name: Setting(FLAG, default) for name, default in _SWITCHES.items()},
    **{name: Setting(one_of(*words), words[0]) for name, words in _CHOICES.items()},
    **{name: Setting({"type": ["string", "null"]}) for name in TEXT_SETTINGS},
    **{name: Setting({**NUMBER, "type": ["integer", "null"]}, default) for name, default in _NUMBERS.items()},
    **{f"{name}_access_level": Setting(one_of("disabled", "private", "enabled"), "enabled") for name in _FEATURES},
    **{
        f"{name}_access_level": Setting(one_of("disabled", "private", "enabled", "public"), "enabled")
        for name in _OPEN_FEATURES
    },
}

NOT_AT_CREATION = frozenset(
    {
        "allow_pipeline_trigger_approve_deployment",
        "ci_allow_fork_pipelines_to_run_in_parent_project",
        "ci_default_git_depth",
        "ci_delete_pipelines_in_seconds",
        "ci_forward_deployment_enabled",
        "ci_forward_deployment_rollback_allowed",
        "ci_id_token_sub_claim_components",
        "ci_pipeline_variables_minimum_override_role",
        "ci_push_repository_for_job_token_allowed",
        "ci_restrict_pipeline_cancellation_role",
        "ci_separated_caches",
        "issues_template",
        "keep_latest_artifact",
        "max_artifacts_size",
        "merge_pipelines_enabled",
        "merge_requests_template",
        "merge_trains_enabled",
    }
)
"""GitLab takes these with an edit only; in the request that creates a project they are ignored."""


def project() -> Mapping[str, Any]:
    """The schema of gitlab/Project."""
    shapes = {name: setting.shape for name, setting in SETTINGS.items()}
    return closed(["path_with_namespace"], path_with_namespace=FULL_PATH, **shapes)
