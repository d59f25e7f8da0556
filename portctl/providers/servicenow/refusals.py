"""What ServiceNow's refusals mean. Source: ServiceNow REST API reference, "REST API HTTP response codes".

Statuses and names count; the text that a rule shows to people is not carried over REST, only the rule's name is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from portctl.errors import AccessDenied, ApiError, PortctlError
from portctl.model.value import Value, get
from portctl.providers.servicenow.auth import TOKEN_PATH
from portctl.wire.client import Refused

API = "/api/now/table"
_USERS = f"{API}/sys_user"
"""Where it is asked who is signed in, before anything else."""

_RULE = re.compile(r"aborted by Business Rule '([^'^]+)")
_MANDATORY = re.compile(r"fields are mandatory: (.+)")
_TABLE = re.compile(rf"{re.escape(API)}/([^/?]+)")

ROLES: Mapping[str, str] = {
    "sys_dictionary": "personalize_dictionary",
    "sys_choice": "personalize_choices",
    "sys_script": "business_rule_admin",
    "sys_rest_message": "web_service_admin",
    "sys_rest_message_fn": "web_service_admin",
    "sys_rest_message_headers": "web_service_admin",
    "sys_rest_message_fn_headers": "web_service_admin",
    "sys_user": "user_admin",
    "sys_user_group": "user_admin",
    "sys_user_grmember": "user_admin",
    "sys_user_has_role": "user_admin",
    "oauth_entity": "oauth_admin",
    "oauth_entity_profile": "oauth_admin",
    "change_request": "sn_change_write",
}
"""The least role that writes a table. Everything else takes admin."""


def role_hint(table: str) -> str:
    """What a user needs for a table, in words."""
    role = ROLES.get(table)
    return f"On {table} it takes the role {role}, or admin." if role else f"On {table} it takes the role admin."


def translate(refused: Refused) -> PortctlError:
    """A refusal as one of our errors."""
    message, detail = _said(refused.body, "message"), _said(refused.body, "detail")
    said = ": ".join(text for text in (message, detail) if text) or f"status {refused.status}"
    where = f"{refused.method} {refused.path}"
    if refused.status == 401:
        return _unauthenticated(refused, where, said)
    if refused.status == 403 and not _RULE.search(detail) and not detail.startswith(("Data Policy", "Unique Key")):
        table = _table(refused.path)
        hint = role_hint(table) if table else "This user may not use that API."
        return AccessDenied("Not allowed", f"{where}: {said}", hint=f"This user may not do this. {hint}")
    if refused.status in (404, 405, 501) and refused.path in (TOKEN_PATH, _USERS):
        hint = "`url` is the instance's address, https://NAME.service-now.com for one."
        return AccessDenied("Not ServiceNow's API", f"{where}: {said}", hint=hint)
    return ApiError(
        "ServiceNow refused a request",
        f"{where} ({refused.status}): {said}",
        method=refused.method,
        path=refused.path,
        status=refused.status,
        code=message,
        hint=_hint(refused.status, message, detail),
    )


def explain_page(text: str) -> str:
    """What a page means that comes in place of JSON, with status 200 too; "" for a page that is not known."""
    if "hibernat" in text.lower():
        return "is hibernating: wake it on the developer site (developer.servicenow.com), then run the command again"
    if re.search(r"SAMLRequest|single sign-on|<title>[^<]*(log ?in|sign ?in)", text, re.IGNORECASE):
        return "answered with a page to sign in: the url is that of a portal, or single sign-on stands before the API"
    return ""


def _unauthenticated(refused: Refused, where: str, said: str) -> AccessDenied:
    if refused.path == TOKEN_PATH:
        description = get(refused.body, ("error_description",))
        return AccessDenied(
            "Login refused",
            f"{where}: {description if isinstance(description, str) else said}",
            hint="ServiceNow gives no reason. Check clientId, clientSecret, username and password; for client "
            "credentials also the property glide.oauth.inbound.client.credential.grant_type.enabled, the client's "
            "application user and its profile for that grant. A new client takes a minute.",
        )
    return AccessDenied(
        "Login refused",
        f"{where}: {said}",
        hint="Wrong or locked credentials, or Basic is restricted, as on every new instance: it then needs the role "
        "snc_basic_auth_api_access or `web_service_access_only` on the user. OAuth and an API key work for everybody.",
    )


def _hint(status: int, message: str, detail: str) -> str:
    rule, mandatory = _RULE.search(detail), _MANDATORY.search(detail)
    if rule and ("update_set" in detail or "sys_update_xml" in detail or "update set" in detail.lower()):
        return "This instance takes configuration in a named update set only: say `updateSet:` in the environment file."
    if rule:
        return f'The business rule "{rule[1]}" of that instance does not allow it; look at its conditions.'
    if mandatory:
        return f"A data policy of that instance asks for: {mandatory[1]}."
    if status == 404:
        return "Absent, or not visible to this user: ServiceNow does not say which."
    if status == 429:
        return "A rate limit rule of that instance is used up (sys_rate_limit_rules); wait for the next hour."
    if message.startswith("Invalid table"):
        return "There is no such table: check its name, and that its plugin is active."
    return ""


def _table(path: str) -> str:
    match = _TABLE.match(path)
    return match[1] if match else ""


def _said(body: Value, name: str) -> str:
    text = get(body, ("error", name))
    return text if isinstance(text, str) else ""
