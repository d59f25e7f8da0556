"""What ServiceNow's refusals become: the class says what can be done, the hint names the role, rule or field."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied, ApiError
from portctl.providers.servicenow.refusals import ROLES, explain_page, role_hint, translate
from portctl.wire.client import Refused

ROW = "/api/now/table/sys_script/0123"
ACL = "ACL Exception Insert Failed due to security constraints"


def refused(status: int, message: str, detail: str | None = None, path: str = ROW) -> Any:
    body = {"error": {"message": message, "detail": detail}, "status": "failure"}
    return translate(Refused(method="POST", path=path, status=status, body=body))


def test_a_missing_role_is_named() -> None:
    error = refused(403, "Operation Failed", ACL)
    assert isinstance(error, AccessDenied)
    assert str(error) == f"Not allowed: POST {ROW}: Operation Failed: {ACL}"
    assert error.hint == "This user may not do this. On sys_script it takes the role business_rule_admin, or admin."


@pytest.mark.parametrize("message", ["Insufficient rights to query records", "User Not Authorized"])
def test_every_403_that_no_rule_made_is_a_missing_right(message: str) -> None:
    error = refused(403, message, "Failed API level ACL Validation", "/api/sn_chg_rest/change")
    assert isinstance(error, AccessDenied)
    assert error.hint == "This user may not do this. This user may not use that API."


def test_a_rule_that_aborts_is_named_since_its_text_does_not_come() -> None:
    error = refused(403, "Operation Failed", "Operation against file 'x' was aborted by Business Rule 'Keep out^0123'.")
    assert isinstance(error, ApiError)
    assert error.hint == 'The business rule "Keep out" of that instance does not allow it; look at its conditions.'


def test_an_instance_that_wants_an_update_set_says_so_in_our_words() -> None:
    detail = "Operation against file 'sys_update_xml' was aborted by Business Rule 'Named sets only^0123'."
    assert refused(403, "Operation Failed", detail).hint.endswith("say `updateSet:` in the environment file.")


def test_a_data_policy_names_its_fields() -> None:
    detail = "Data Policy Exception: The following fields are mandatory: Assignment group"
    error = refused(403, "Operation Failed", detail)
    assert isinstance(error, ApiError)
    assert error.hint == "A data policy of that instance asks for: Assignment group."


def test_a_unique_key_is_no_missing_right() -> None:
    assert isinstance(refused(403, "Operation Failed", "Unique Key violation detected by database"), ApiError)


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (400, "Invalid table u_x", "There is no such table: check its name, and that its plugin is active."),
        (400, "Exception while reading request", ""),
        (404, "No Record found", "Absent, or not visible to this user: ServiceNow does not say which."),
        (
            429,
            "Rate limit exceeded",
            "A rate limit rule of that instance is used up (sys_rate_limit_rules); wait for the next hour.",
        ),
    ],
)
def test_other_refusals_keep_their_status(status: int, message: str, hint: str) -> None:
    error = refused(status, message)
    assert isinstance(error, ApiError)
    assert (error.status, error.code, error.hint) == (status, message, hint)
    assert str(error) == f"ServiceNow refused a request: POST {ROW} ({status}): {message}"


def test_the_token_endpoint_gives_no_reason_and_the_hint_lists_them() -> None:
    body = {"error": "server_error", "error_description": "access_denied"}
    error = translate(Refused(method="POST", path="/oauth_token.do", status=401, body=body))
    assert str(error) == "Login refused: POST /oauth_token.do: access_denied"
    assert "clientSecret" in error.hint


def test_a_401_elsewhere_speaks_of_the_restriction_of_basic() -> None:
    assert "snc_basic_auth_api_access" in refused(401, "User is not authenticated").hint


def test_a_body_that_is_no_envelope_is_survived() -> None:
    for body in (None, "text", (), {"error": "text"}, {"error": {"message": 7}}):
        error = translate(Refused(method="GET", path=ROW, status=500, body=body))
        assert str(error) == f"ServiceNow refused a request: GET {ROW} (500): status 500"


def test_a_table_without_a_role_of_its_own_takes_an_administrator() -> None:
    assert role_hint("sys_properties") == "On sys_properties it takes the role admin."
    assert all(role_hint(table).endswith(f"the role {role}, or admin.") for table, role in ROLES.items())


def test_a_page_that_nobody_knows_means_nothing() -> None:
    assert explain_page("<html><body>Welcome</body></html>") == ""
    assert explain_page("Your instance is hibernating.").startswith("is hibernating")
