"""The tables and columns of the emulated instance, as data.

A column is `element type[(table)] [length] [=default] [words]`, with `~` for a blank in the default. The words:
`display`, `readonly`, `unique`, `choice`.
Its label is the element with blanks. Columns are separated by semicolons.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TableSeed:
    name: str
    label: str
    parent: str
    columns: str


STAMPS = """
sys_id GUID 32 readonly; sys_created_on glide_date_time readonly; sys_created_by string 40 readonly;
sys_updated_on glide_date_time readonly; sys_updated_by string 40 readonly; sys_mod_count integer readonly;
sys_tags string 40 readonly"""
"""On every table that extends none."""

_CONFIGURATION = """
sys_class_name sys_class_name 80 readonly; sys_name string 255 readonly; sys_scope reference(sys_scope) =global;
sys_package reference(sys_scope) readonly; sys_policy string 40; sys_update_name string 250 readonly"""

_TASK = """
number string 40 display readonly; short_description string 160; description string 4000;
state integer =1 choice; approval string 40 =not~requested choice; active boolean =true;
priority integer =4 choice; impact integer =3 choice; urgency integer =3 choice;
assignment_group reference(sys_user_group); assigned_to reference(sys_user); opened_by reference(sys_user) readonly;
opened_at glide_date_time readonly; closed_at glide_date_time readonly; closed_by reference(sys_user) readonly;
business_service reference(cmdb_ci_service); cmdb_ci reference(cmdb_ci); service_offering reference(service_offering);
parent reference(task); correlation_id string 100; correlation_display string 100;
work_notes journal_input 4000; comments journal_input 4000; close_notes string 4000;
work_start glide_date_time; work_end glide_date_time; upon_approval string 40 =proceed; upon_reject string 40 =cancel;
work_notes_list glide_list(sys_user); watch_list glide_list(sys_user); sys_class_name sys_class_name 80 readonly"""

_CHANGE = """
type string 40 =normal choice; chg_model reference(chg_model); category string 40 =Other choice;
risk integer =3 choice; scope integer =3 choice;
start_date glide_date_time; end_date glide_date_time; requested_by reference(sys_user);
requested_by_date glide_date_time; justification string 4000; implementation_plan string 4000;
risk_impact_analysis string 4000; backout_plan string 4000; test_plan string 4000;
on_hold boolean =false; on_hold_reason string 4000; on_hold_task glide_list(change_task);
conflict_status string 40 =Not~Run choice readonly; conflict_last_run glide_date_time readonly;
cab_required boolean =false; cab_date glide_date_time; cab_recommendation string 4000;
close_code string 40 choice; std_change_producer_version reference(std_change_producer_version);
outside_maintenance_schedule boolean =false readonly; unauthorized boolean =false; production_system boolean =false;
phase string 40 =requested; phase_state string 40 =open; review_status string 40"""

TABLES = (
    TableSeed("sys_metadata", "Application File", "", _CONFIGURATION),
    TableSeed(
        "sys_db_object",
        "Table",
        "sys_metadata",
        "name string 80 display unique; label string 80; super_class reference(sys_db_object); is_extendable boolean",
    ),
    TableSeed(
        "sys_dictionary",
        "Dictionary Entry",
        "sys_metadata",
        "name string 80; element string 80 display; column_label string 80; internal_type string 40 =string; "
        "max_length integer; reference string 80; choice integer; mandatory boolean =false; read_only boolean =false; "
        "default_value string 512; unique boolean =false; active boolean =true; display boolean =false; "
        "comments string 4000; attributes string 1000",
    ),
    TableSeed(
        "sys_documentation",
        "Field Label",
        "sys_metadata",
        "name string 80; element string 80; language string 3 =en; label string 80 display; plural string 80; "
        "hint string 255; help string 4000; url string 255",
    ),
    TableSeed(
        "sys_choice",
        "Choice",
        "sys_metadata",
        "name string 80; element string 80; value string 100; label string 255 display; language string 40 =en; "
        "sequence integer; inactive boolean =false; dependent_value string 100; hint string 255",
    ),
    TableSeed(
        "sys_script",
        "Business Rule",
        "sys_metadata",
        "name string 80 display; collection string 80; active boolean =true; when string 40 =after choice; "
        "order integer =100; priority integer =100; action_insert boolean =false; action_update boolean =false; "
        "action_delete boolean =false; action_query boolean =false; filter_condition conditions 4000; "
        "advanced boolean =false; condition string 1000; script script 65000; description string 4000; "
        "role_conditions glide_list(sys_user_role); abort_action boolean =false; add_message boolean =false; "
        "message string 4000; template string 4000",
    ),
    TableSeed(
        "sys_rest_message",
        "REST Message",
        "sys_metadata",
        "name string 100 display; rest_endpoint string 1024; description string 4000; "
        "authentication_type string 40 =noAuth; access string 40 =package_private; "
        "basic_auth_user string 255; basic_auth_password password2 255",
    ),
    TableSeed(
        "sys_rest_message_fn",
        "REST Message Function",
        "sys_metadata",
        "rest_message reference(sys_rest_message); function_name string 100 display; http_method string 40 =get; "
        "rest_endpoint string 1024; authentication_type string 40 =inherit_from_parent; content string 65000; "
        "use_mutual_auth boolean =false",
    ),
    TableSeed(
        "sys_rest_message_headers",
        "HTTP Header",
        "sys_metadata",
        "rest_message reference(sys_rest_message); name string 255 display; value string 4000",
    ),
    TableSeed(
        "sys_rest_message_fn_headers",
        "HTTP Header of a function",
        "sys_metadata",
        "rest_message_function reference(sys_rest_message_fn); name string 255 display; value string 4000",
    ),
    TableSeed(
        "sys_properties",
        "System Property",
        "sys_metadata",
        "name string 100 display unique; value string 4000; type string 40 =string; description string 4000; "
        "choices string 4000; is_private boolean =false; ignore_cache boolean =false; read_roles string 4000; "
        "write_roles string 4000; suffix string 100",
    ),
    TableSeed("sys_scope", "Application", "", "name string 100 display; scope string 40 unique"),
    TableSeed(
        "sys_user",
        "User",
        "",
        "user_name string 40 unique; first_name string 40; last_name string 40; name string 151 display readonly; "
        "email email 100; active boolean =true; locked_out boolean =false; user_password password 255; "
        "password_needs_reset boolean =false; web_service_access_only boolean =false; "
        "internal_integration_user boolean =false; identity_type string 40 =human; time_zone string 40; "
        "date_format string 40; time_format string 40; title string 60; department string 60; "
        "manager reference(sys_user); "
        "last_login_time glide_date_time readonly; roles string 255 readonly",
    ),
    TableSeed(
        "sys_user_group",
        "Group",
        "",
        "name string 80 display; description string 4000; active boolean =true; manager reference(sys_user); "
        "email email 100; parent reference(sys_user_group); type glide_list(sys_user_group_type)",
    ),
    TableSeed("sys_user_grmember", "Group Member", "", "user reference(sys_user); group reference(sys_user_group)"),
    TableSeed(
        "sys_user_role",
        "Role",
        "sys_metadata",
        "name string 100 display unique; description string 4000; elevated_privilege boolean =false; "
        "assignable_by reference(sys_user_role)",
    ),
    TableSeed(
        "sys_user_role_contains",
        "Contained Role",
        "sys_metadata",
        "role reference(sys_user_role); contains reference(sys_user_role)",
    ),
    TableSeed(
        "sys_user_has_role",
        "User Role",
        "",
        "user reference(sys_user); role reference(sys_user_role); granted_by reference(sys_user_group); "
        "inherited boolean =false readonly; state string 40 =active readonly",
    ),
    TableSeed(
        "sys_group_has_role",
        "Group Role",
        "",
        "group reference(sys_user_group); role reference(sys_user_role); inherits boolean =true",
    ),
    TableSeed(
        "sys_user_preference",
        "User Preference",
        "",
        "user reference(sys_user); name string 100 display; value string 4000; type string 40 =string",
    ),
    TableSeed(
        "sys_update_set",
        "Update Set",
        "",
        "name string 80 display; description string 4000; state string 40 =in_progress choice; "
        "is_default boolean =false; application reference(sys_scope)",
    ),
    TableSeed(
        "sys_update_xml",
        "Customer Update",
        "",
        "name string 255 display; update_set reference(sys_update_set); action string 40; type string 80; "
        "target_name string 255",
    ),
    TableSeed(
        "oauth_entity",
        "Application Registry",
        "sys_metadata",
        "name string 100 display; type string 40 =client; client_id string 100 unique; client_secret password2 255; "
        "default_grant_type string 40 =authorization_code; active boolean =true; user reference(sys_user); "
        "redirect_url url 1024; access_token_lifespan integer =1800; refresh_token_lifespan integer =8640000; "
        "comments string 4000; logo_url url 1024; token_format string 40 =opaque; client_uuid string 40 readonly",
    ),
    TableSeed(
        "oauth_entity_profile",
        "OAuth Entity Profile",
        "sys_metadata",
        "name string 100 display; oauth_entity reference(oauth_entity); grant_type string 40; default boolean =false",
    ),
    TableSeed(
        "sys_rate_limit_rules",
        "Rate Limit Rule",
        "sys_metadata",
        "name string 100 display; active boolean =true; method string 10; rest_resource string 255; "
        "request_limit integer; limit_type string 40 =all; user reference(sys_user)",
    ),
    TableSeed(
        "sys_security_acl",
        "Access Control",
        "sys_metadata",
        "name string 255 display; type string 40 =record; operation string 40 =read; active boolean =true",
    ),
    TableSeed(
        "syslog", "Log Entry", "", "level string 40; source string 100; message string 4000 display; sequence string 40"
    ),
    TableSeed(
        "sys_journal_field",
        "Journal Entry",
        "",
        "name string 80; element string 80; element_id string 32; value string 4000 display",
    ),
    TableSeed("task", "Task", "", _TASK),
    TableSeed("change_request", "Change Request", "task", _CHANGE),
    TableSeed(
        "change_task",
        "Change Task",
        "task",
        "change_request reference(change_request); change_task_type string 40 =planning choice; "
        "created_from string 40 =manual",
    ),
    TableSeed(
        "incident", "Incident", "task", "caller_id reference(sys_user); severity integer =3; close_code string 40"
    ),
    TableSeed(
        "sysapproval_approver",
        "Approval",
        "",
        "sysapproval reference(task); document_id document_id(task); source_table string 80; "
        "approver reference(sys_user) display; group reference(sysapproval_group); state string 40 =requested choice; "
        "comments journal_input 4000; due_date glide_date_time; expected_start glide_date_time",
    ),
    TableSeed(
        "sysapproval_group",
        "Group Approval",
        "task",
        "",
    ),
    TableSeed(
        "chg_model",
        "Change Model",
        "sys_metadata",
        "name string 100 display; active boolean =true; description string 4000; default_change_model boolean =false",
    ),
    TableSeed(
        "std_change_record_producer",
        "Standard Change Template",
        "sys_metadata",
        "name string 100 display; short_description string 160; active boolean =true; "
        "current_version reference(std_change_producer_version)",
    ),
    TableSeed(
        "std_change_producer_version",
        "Standard Change Template Version",
        "sys_metadata",
        "name string 100 display; version integer; std_change_producer reference(std_change_record_producer); "
        "std_change_proposal string 32",
    ),
    TableSeed(
        "cmn_schedule",
        "Schedule",
        "sys_metadata",
        "name string 100 display; time_zone string 40; type string 40",
    ),
    TableSeed(
        "cmdb_ci",
        "Configuration Item",
        "",
        "name string 255 display; short_description string 1000; operational_status integer =1; "
        "correlation_id string 512; owned_by reference(sys_user); support_group reference(sys_user_group); "
        "sys_class_name sys_class_name 80 readonly",
    ),
    TableSeed(
        "cmdb_ci_service",
        "Service",
        "cmdb_ci",
        "busines_criticality string 40; service_status string 40; version string 40",
    ),
    TableSeed("service_offering", "Service Offering", "cmdb_ci_service", "parent reference(cmdb_ci_service)"),
)

CHOICES: dict[str, dict[str, str]] = {
    "task.approval": {
        "not requested": "Not Yet Requested",
        "requested": "Requested",
        "approved": "Approved",
        "rejected": "Rejected",
        "cancelled": "Cancelled",
        "not_required": "No Longer Required",
        "duplicate": "Duplicate",
    },
    "change_request.approval": {
        "not requested": "Not Yet Requested",
        "requested": "Requested",
        "approved": "Approved",
        "rejected": "Rejected",
    },
    "task.state": {
        "-5": "Pending",
        "1": "Open",
        "2": "Work in Progress",
        "3": "Closed Complete",
        "4": "Closed Incomplete",
    },
    "change_request.state": {
        "-5": "New",
        "-4": "Assess",
        "-3": "Authorize",
        "-2": "Scheduled",
        "-1": "Implement",
        "0": "Review",
        "3": "Closed",
        "4": "Canceled",
    },
    "change_task.state": {"-5": "Pending", "1": "Open", "2": "In Progress", "3": "Closed", "4": "Canceled"},
    "change_task.change_task_type": {
        "planning": "Planning",
        "implementation": "Implementation",
        "testing": "Testing",
        "review": "Review",
    },
    "change_request.type": {"normal": "Normal", "standard": "Standard", "emergency": "Emergency"},
    "change_request.category": {
        name: name
        for name in (
            "Hardware",
            "Software",
            "Service",
            "System Software",
            "Applications Software",
            "Network",
            "Telecom",
            "Documentation",
            "Other",
        )
    },
    "change_request.risk": {"1": "Very High", "2": "High", "3": "Moderate", "4": "Low"},
    "change_request.scope": {"1": "Massive", "2": "Large", "3": "Medium", "4": "Small", "5": "Tiny"},
    "change_request.conflict_status": {"Not Run": "Not Run", "No Conflict": "No Conflict", "Conflict": "Conflict"},
    "change_request.close_code": {
        "successful": "Successful",
        "successful_issues": "Successful with issues",
        "unsuccessful": "Unsuccessful",
    },
    "task.priority": {"1": "1 - Critical", "2": "2 - High", "3": "3 - Moderate", "4": "4 - Low"},
    "task.impact": {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    "task.urgency": {"1": "1 - High", "2": "2 - Medium", "3": "3 - Low"},
    "sysapproval_approver.state": {
        "not requested": "Not Yet Requested",
        "requested": "Requested",
        "approved": "Approved",
        "rejected": "Rejected",
        "cancelled": "Cancelled",
        "not_required": "No Longer Required",
        "duplicate": "Duplicate",
        "skipped": "Skipped",
    },
    "sys_script.when": {"before": "before", "after": "after", "async": "async", "display": "display"},
    "sys_update_set.state": {"in_progress": "In progress", "complete": "Complete", "ignore": "Ignore"},
}
"""By table and element: value to label. A list on a child table replaces the parent's."""
