"""The people of the instance: users, what they may do, and their groups."""

from __future__ import annotations

from dataclasses import dataclass

BASIC_ROLE = "snc_basic_auth_api_access"
ROLES = (
    "admin",
    "security_admin",
    "impersonator",
    "itil",
    "approver_user",
    "approval_admin",
    "change_manager",
    "sn_change_read",
    "sn_change_write",
    "personalize_dictionary",
    "personalize_choices",
    "business_rule_admin",
    "web_service_admin",
    "user_admin",
    "oauth_admin",
    BASIC_ROLE,
)
CONTAINS = {"sn_change_write": "sn_change_read", "itil": "sn_change_write", "change_manager": "itil"}

PLATFORM = "Platform Engineering"
CAB = "CAB Approval"
EMERGENCY_CAB = "eCAB Approval"


@dataclass(frozen=True, slots=True)
class Person:
    """A user. `credential`: the name under which its password is handed out (none: nobody signs in as it)."""

    user_name: str
    first: str
    last: str
    credential: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    is_machine: bool = False
    time_zone: str = ""


PEOPLE = (
    Person(
        "portctl.integration",
        "Portctl",
        "Integration",
        "default",
        (
            "personalize_dictionary",
            "web_service_admin",
            "business_rule_admin",
            "user_admin",
            "sn_change_write",
            BASIC_ROLE,
        ),
        is_machine=True,
    ),
    Person("portctl.gate", "Portctl", "Gate", "gate", ("itil", BASIC_ROLE), is_machine=True),
    Person(
        "portctl.approvals",
        "Portctl",
        "Approvals",
        "approvals",
        ("sn_change_write", "approver_user", BASIC_ROLE),
        (PLATFORM,),
        is_machine=True,
    ),
    Person("admin", "System", "Administrator", "admin", ("admin", "security_admin")),
    Person(
        "pat.platform",
        "Pat",
        "Platform",
        "approver",
        ("itil", "approver_user", BASIC_ROLE),
        (PLATFORM,),
        time_zone="Europe/Berlin",
    ),
    Person("casey.cab", "Casey", "Cab", "cab", ("itil", "approver_user", BASIC_ROLE), (CAB, EMERGENCY_CAB)),
    Person("dev.dora", "Dora", "Dev", "developer", ("sn_change_write", BASIC_ROLE)),
    Person("norman.norole", "Norman", "Norole", "noroles"),
)
GROUPS = {
    PLATFORM: "Runs what is deployed",
    CAB: "Looks at changes of moderate risk and more",
    EMERGENCY_CAB: "Looks at emergency changes",
    "Service Desk": "Answers the phone",
}
