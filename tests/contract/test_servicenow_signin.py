"""Signing in to ServiceNow, in its four ways, and what stands in the way of it. Facts 12, 13 and 14 of our notes."""

from __future__ import annotations

from typing import Any

import pytest

from portctl.errors import AccessDenied, AnswerLost, InvalidInput, PortctlError, Unreachable
from portctl.sandbox.core.faults import Fault, FaultKind
from portctl.sandbox.server import Sandbox
from portctl.sandbox.servicenow.oauth import CLIENT_CREDENTIALS
from tests.contract.servicenow_objects import BASIC, RULE, create, provider_for, read
from tests.sandbox.servicenow.snow import clients

CLIENT = ("clientId", "clientSecret")
WAYS = [BASIC, (*CLIENT, *BASIC), CLIENT, ("apiKey",)]


def allow_client_credentials(sandbox: Sandbox) -> None:
    with clients(sandbox) as snow:
        snow.create("sys_properties", name=CLIENT_CREDENTIALS, value="true", type="boolean")


def token_requests(sandbox: Sandbox) -> int:
    return sum(1 for each in sandbox.journal.exchanges() if each.path == "/oauth_token.do")


@pytest.mark.parametrize("names", WAYS, ids=["basic", "password grant", "client credentials", "api key"])
def test_every_way_in_ends_as_the_same_user(sandbox: Sandbox, names: tuple[str, ...]) -> None:
    allow_client_credentials(sandbox)
    with provider_for(sandbox, names=names, read_only=True) as provider:
        info = provider.login()
        assert (info.principal, info.identity) == ("portctl.integration", info.url.removeprefix("http://"))
        assert read(provider, "BusinessRule", RULE) is None
        assert provider.requests() == (4 if "clientId" in names else 3)


def test_a_password_token_is_refreshed_and_the_password_is_sent_once(sandbox: Sandbox) -> None:
    with provider_for(sandbox, names=(*CLIENT, *BASIC)) as provider:
        provider.login()
        sandbox.world.clock.advance(3600)
        assert read(provider, "BusinessRule", RULE) is None
        sandbox.world.clock.advance(200 * 86_400)
        assert read(provider, "BusinessRule", RULE) is None
    forms = [each.request_body for each in sandbox.journal.exchanges() if each.path == "/oauth_token.do"]
    grants = [str(form).partition("grant_type=")[2].partition("&")[0].partition("'")[0] for form in forms]
    assert grants == ["password", "refresh_token", "refresh_token", "password"]


def test_a_revoked_token_is_replaced_once(sandbox: Sandbox) -> None:
    with provider_for(sandbox, names=(*CLIENT, *BASIC)) as provider:
        provider.login()
        service: Any = sandbox.services["servicenow"]
        for row in list(service.instance.state.rows("_tokens").values()):
            if row["kind"] == "access":
                service.instance.state.drop("_tokens", row["token"])
        assert read(provider, "BusinessRule", RULE) is None
    assert token_requests(sandbox) == 2


def test_basic_of_a_person_is_refused_on_a_new_instance_and_the_hint_says_why(sandbox: Sandbox) -> None:
    with provider_for(sandbox, "admin") as provider, pytest.raises(AccessDenied, match="Login refused") as caught:
        provider.login()
    assert "snc_basic_auth_api_access" in caught.value.hint
    with provider_for(sandbox, "admin", ("apiKey",)) as provider:
        assert provider.login().principal == "admin"


def test_client_credentials_that_are_not_enabled_are_refused_with_what_to_check(sandbox: Sandbox) -> None:
    with provider_for(sandbox, names=CLIENT) as provider, pytest.raises(AccessDenied, match="access_denied") as caught:
        provider.login()
    assert CLIENT_CREDENTIALS in caught.value.hint


@pytest.mark.parametrize("names", [(), ("username",), ("apiKey", *BASIC), ("clientId", *BASIC)])
def test_settings_that_are_no_way_in_are_refused_before_anything_is_sent(
    sandbox: Sandbox, names: tuple[str, ...]
) -> None:
    with pytest.raises(InvalidInput, match="is no way to sign in"), provider_for(sandbox, names=names):
        pass


def test_an_instance_of_another_name_is_refused_before_anything_is_sent(sandbox: Sandbox) -> None:
    with provider_for(sandbox, instance="acme") as provider, pytest.raises(AccessDenied, match="Wrong instance"):
        provider.login()
    assert provider.requests() == 0
    with provider_for(sandbox, instance="127") as provider:
        assert provider.login().principal == "portctl.integration"


PAGES = {
    "<html><title>Instance Hibernating page</title></html>": "is hibernating: wake it",
    "<html><head><title>Log in | ServiceNow</title></head></html>": "with a page to sign in",
    "<form><input name='SAMLRequest'></form>": "with a page to sign in",
    "<html>maintenance</html>": "answered 200 with text/html, not JSON",
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_in_place_of_the_api_is_named(sandbox: Sandbox, page: str) -> None:
    sandbox.world.faults.add(Fault(kind=FaultKind.HTML, service="servicenow", value=page, times=None))
    with provider_for(sandbox) as provider, pytest.raises(Unreachable, match=PAGES[page]):
        provider.login()


def test_a_write_that_meets_a_sleeping_instance_was_not_done_and_one_that_meets_an_unknown_page_may_have_been(
    sandbox: Sandbox,
) -> None:
    outcomes: list[type[PortctlError]] = []
    for page in PAGES:
        sandbox.reset()
        fault = Fault(kind=FaultKind.HTML, service="servicenow", method="POST", value=page, times=None)
        with provider_for(sandbox) as provider:
            sandbox.world.faults.add(fault)
            with pytest.raises(PortctlError) as caught:
                create(provider, "BusinessRule", RULE)
        outcomes.append(type(caught.value))
    assert outcomes == [Unreachable, Unreachable, Unreachable, AnswerLost]


def test_a_cancelled_transaction_is_no_answer_although_its_status_is_200(sandbox: Sandbox) -> None:
    body = {
        "result": [],
        "error": {"message": "Transaction cancelled: maximum execution time exceeded", "detail": None},
        "status": "failure",
    }
    with provider_for(sandbox) as provider:
        provider.login()
        sandbox.world.faults.add(Fault(kind=FaultKind.STATUS, status=200, service="servicenow", value=body))
        with pytest.raises(Unreachable, match="Transaction cancelled"):
            read(provider, "BusinessRule", RULE)


def test_a_rate_limit_is_waited_for_as_long_as_it_says(sandbox: Sandbox) -> None:
    waits: list[float] = []
    with provider_for(sandbox, sleep=waits.append) as provider:
        sandbox.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, service="servicenow", times=1))
        assert provider.login().principal == "portctl.integration"
    (seconds,) = waits
    assert 59 <= seconds <= 61  # both clocks, that of the limit and that of the answer, tell whole seconds
