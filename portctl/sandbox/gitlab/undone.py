"""Parameters that GitLab knows and the sandbox does not: sent, they are answered with 501 instead of being ignored.

Source: GitLab's OpenAPI description.
"""

from __future__ import annotations

from portctl.sandbox.gitlab.parameters import LATER, Field


def _later(names: str) -> dict[str, Field]:
    return dict.fromkeys(names.split(), LATER)


_CUSTOM = "custom_attributes with_custom_attributes"

PROJECT = _later("""
    approvals_before_merge auto_duo_code_review_enabled avatar ci_restrict_pipeline_cancellation_role
    container_expiration_policy_attributes duo_remote_flows_enabled duo_sast_fp_detection_enabled
    duo_sast_vr_workflow_enabled external_authorization_classification_label fallback_approvals_required
    group_with_project_templates_id import_url issues_template max_artifacts_size merge_pipelines_enabled
    merge_request_title_regex merge_request_title_regex_description merge_trains_enabled
    merge_trains_skip_train_allowed mirror mirror_branch_regex mirror_overwrites_diverged_branches
    mirror_trigger_builds mirror_user_id mr_default_target_self only_allow_merge_if_all_status_checks_passed
    only_mirror_protected_branches prevent_merge_without_jira_issue repository_storage requirements_access_level
    show_default_award_emojis spp_repository_pipeline_access template_name template_project_id use_custom_template
    web_based_commit_signing_enabled
""")
PROJECT_LIST = _later(f"""
    active imported include_hidden last_activity_after last_activity_before marked_for_deletion_on
    repository_checksum_failed repository_storage starred statistics topic_id updated_after updated_before
    wiki_checksum_failed with_issues_enabled with_merge_requests_enabled with_programming_language
    include_ancestor_groups with_security_reports with_shared {_CUSTOM}
""")
GROUP = _later("""
    ai_settings_attributes allow_merge_on_skipped_pipeline allow_personal_snippets allowed_email_domains_list
    amazon_q_auto_review_enabled auto_ban_user_on_excessive_projects_download auto_devops_enabled
    auto_duo_code_review_enabled avatar default_branch_protection default_branch_protection_defaults duo_availability
    duo_core_features_enabled duo_features_enabled duo_foundational_flows_availability duo_namespace_access_rules
    duo_remote_flows_availability duo_sast_fp_detection_availability emails_disabled enabled_foundational_flows
    enabled_git_access_protocol experiment_features_enabled extra_shared_runners_minutes_limit
    file_template_project_id foundational_agents_statuses ip_restriction_ranges ldap_access ldap_cn
    lock_duo_features_enabled lock_math_rendering_limits_enabled math_rendering_limits_enabled max_artifacts_size
    model_prompt_cache_enabled only_allow_merge_if_all_discussions_are_resolved
    only_allow_merge_if_pipeline_succeeds organization_id prevent_forking_outside_group
    prevent_sharing_groups_outside_hierarchy service_access_tokens_expiration_enforced shared_runners_minutes_limit
    show_diff_preview_in_email step_up_auth_required_oauth_provider unique_project_download_limit
    unique_project_download_limit_alertlist unique_project_download_limit_allowlist
    unique_project_download_limit_interval_in_seconds web_based_commit_signing_enabled wiki_access_level
""")
GROUP_LIST = _later(f"""
    active all_available archived marked_for_deletion_on repository_storage skip_groups statistics visibility {_CUSTOM}
""")
GROUP_READ = _later(_CUSTOM)
USER_LIST = _later(f"""
    active admins auditors blocked created_after created_before exclude_active exclude_external exclude_humans
    exclude_internal extern_uid external humans order_by provider public_email skip_ldap sort two_factor
    without_project_bots without_projects {_CUSTOM}
""")
MEMBER = _later("invite_source member_role_id")
COMMIT_LIST = _later("author first_parent order trailers with_stats")
COMPARE = _later("from_project_id unidiff")
MERGE_REQUEST = _later("""
    allow_collaboration allow_maintainer_to_push approval_rules_attributes approvals_before_merge discussion_locked
    milestone_id merge_after
""")
MERGE = _later("auto_merge merge_when_pipeline_succeeds skip_merge_train squash_commit_message")
MERGE_REQUEST_LIST = _later("""
    approved approved_by_ids approved_by_usernames approver_ids assignee_id assignee_username created_after
    created_before deployed_after deployed_before environment in merge_user_id merge_user_username milestone
    my_reaction_emoji not reviewer_id reviewer_username scope source_project_id updated_after updated_before view wip
    with_labels_details with_merge_status_recheck
""")
