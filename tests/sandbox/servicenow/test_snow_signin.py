"""Who may sign in to the emulated ServiceNow, and how."""

from __future__ import annotations

import httpx
import pytest

from portctl.sandbox.server import Sandbox
from tests.sandbox.servicenow.snow import TABLE, Json, Snow

USERS = f"{TABLE}/sys_user?sysparm_limit=1"
TOKEN = "/oauth_token.do"
JSON = {"accept": "application/json"}
REFUSED = {
    "error": {"message": "User is not authenticated", "detail": "Required to provide Auth information"},
    "status": "failure",
}
OPAQUE = {"error": "server_error", "error_description": "access_denied"}
GRANT_PROPERTY = "glide.oauth.inbound.client.credential.grant_type.enabled"


def anonymous(snow: Snow, method: str, path: str, **options: Json) -> httpx.Response:
    options.setdefault("headers", JSON)
    return httpx.request(method, snow.sandbox.urls["servicenow"] + path, **options)


def basic(snow: Snow, credential: str) -> httpx.Response:
    known = snow.sandbox.credentials["servicenow"][credential]
    return anonymous(snow, "GET", USERS, auth=(known["username"], known["password"]))


def form(snow: Snow, grant: str, credential: str = "gate", **more: str) -> dict[str, str]:
    known = snow.sandbox.credentials["servicenow"][credential]
    return {"grant_type": grant, "client_id": known["clientId"], "client_secret": known["clientSecret"], **more}


def password_form(snow: Snow, credential: str = "gate") -> dict[str, str]:
    known = snow.sandbox.credentials["servicenow"][credential]
    return form(snow, "password", credential, username=known["username"], password=known["password"])


def bearer(snow: Snow, token: str) -> int:
    return anonymous(snow, "GET", USERS, headers={**JSON, "authorization": f"Bearer {token}"}).status_code


@pytest.mark.fact("servicenow-1")
def test_without_credentials_or_with_wrong_ones_the_answer_is_the_same_401(snow: Snow) -> None:
    answers = [anonymous(snow, "GET", USERS), anonymous(snow, "GET", USERS, auth=("portctl.gate", "wrong"))]
    assert [(each.status_code, each.json()) for each in answers] == [(401, REFUSED), (401, REFUSED)]
    assert answers[0].headers["www-authenticate"] == 'BASIC realm="Service-now"'


@pytest.mark.fact("servicenow-2")
def test_a_new_instance_refuses_basic_but_for_integration_users_and_does_not_say_why(
    snow: Snow, sandbox: Sandbox
) -> None:
    assert basic(snow, "default").status_code == 200
    refused = basic(snow, "admin")
    assert (refused.status_code, refused.json()) == (401, REFUSED)
    sandbox.switches.set({"basic-restriction": "lenient"})
    assert basic(snow, "admin").status_code == 200
    snow.create("sys_properties", name="glide.authenticate.basic_auth.restriction.enforce", value="true")
    assert basic(snow, "admin").status_code == 401


@pytest.mark.fact("servicenow-2")
def test_web_service_access_only_keeps_basic_possible(snow: Snow) -> None:
    admin = snow.id_of("sys_user", user_name="admin")
    snow.patch("sys_user", admin, web_service_access_only=True)
    assert basic(snow, "admin").status_code == 200


@pytest.mark.fact("servicenow-3")
@pytest.mark.parametrize("change", [{"active": False}, {"locked_out": True}])
def test_an_inactive_or_locked_user_cannot_sign_in(snow: Snow, change: dict[str, Json]) -> None:
    snow.patch("sys_user", snow.id_of("sys_user", user_name="portctl.gate"), **change)
    assert basic(snow, "gate").status_code == 401
    assert snow.client("gate").get(USERS).status_code == 401
    assert anonymous(snow, "POST", TOKEN, data=password_form(snow)).status_code == 401


@pytest.mark.fact("servicenow-4", "servicenow-5")
def test_a_password_token_lives_half_an_hour_and_is_refreshed_by_the_same_refresh_token(
    snow: Snow, sandbox: Sandbox
) -> None:
    first = anonymous(snow, "POST", TOKEN, data=password_form(snow)).json()
    assert {**first, "access_token": "", "refresh_token": ""} == {
        "access_token": "",
        "refresh_token": "",
        "scope": "useraccount",
        "token_type": "Bearer",
        "expires_in": first["expires_in"],
    }
    assert 1795 < first["expires_in"] <= 1800
    sandbox.world.clock.advance(600)
    again = anonymous(snow, "POST", TOKEN, data=password_form(snow)).json()
    assert again["access_token"] == first["access_token"]
    assert again["expires_in"] <= 1200
    assert bearer(snow, first["access_token"]) == 200
    sandbox.world.clock.advance(1200)
    assert bearer(snow, first["access_token"]) == 401
    refreshed = anonymous(
        snow, "POST", TOKEN, data=form(snow, "refresh_token", refresh_token=first["refresh_token"])
    ).json()
    assert refreshed["refresh_token"] == first["refresh_token"]
    assert refreshed["access_token"] != first["access_token"]
    assert bearer(snow, refreshed["access_token"]) == 200


@pytest.mark.fact("servicenow-6")
def test_the_token_endpoint_takes_forms_only_and_refuses_everything_alike(snow: Snow) -> None:
    good = password_form(snow)
    wrong: list[dict[str, Json]] = [
        {"json": good},
        {"data": {**good, "password": "wrong"}},
        {"data": {**good, "client_secret": "wrong"}},
        {"data": {**good, "grant_type": "magic"}},
        {"data": form(snow, "refresh_token", refresh_token="unknown")},
        {"data": form(snow, "client_credentials")},
    ]
    answers = [anonymous(snow, "POST", TOKEN, **options) for options in wrong]
    assert [(each.status_code, each.json()) for each in answers] == [(401, OPAQUE)] * len(wrong)


@pytest.mark.fact("servicenow-7")
def test_client_credentials_need_the_property_an_application_user_and_a_profile(snow: Snow) -> None:
    gate = snow.id_of("sys_user", user_name="portctl.gate")
    client = snow.create("oauth_entity", name="own", client_secret="s3cret", user=gate)
    body = {"grant_type": "client_credentials", "client_id": client["client_id"], "client_secret": "s3cret"}
    assert anonymous(snow, "POST", TOKEN, data=body).status_code == 401
    snow.create("sys_properties", name=GRANT_PROPERTY, value="true")
    assert anonymous(snow, "POST", TOKEN, data=body).status_code == 401
    snow.create("oauth_entity_profile", name="p", oauth_entity=client["sys_id"], grant_type="client_credentials")
    token = anonymous(snow, "POST", TOKEN, data=body).json()
    assert sorted(token) == ["access_token", "expires_in", "scope", "token_type"]
    assert bearer(snow, token["access_token"]) == 200
    snow.patch("oauth_entity", client["sys_id"], user="")
    assert anonymous(snow, "POST", TOKEN, data=body).json() == OPAQUE


@pytest.mark.fact("servicenow-7")
def test_client_id_and_secret_may_come_as_http_basic(snow: Snow) -> None:
    snow.create("sys_properties", name=GRANT_PROPERTY, value="true")
    known = snow.sandbox.credentials["servicenow"]["gate"]
    answer = anonymous(
        snow,
        "POST",
        TOKEN,
        data={"grant_type": "client_credentials"},
        auth=(known["clientId"], known["clientSecret"]),
    )
    assert bearer(snow, answer.json()["access_token"]) == 200


@pytest.mark.fact("servicenow-142")
@pytest.mark.parametrize("credential", ["gate", "approvals"])
def test_the_accounts_of_the_pipeline_and_of_port_sign_in_by_all_means(snow: Snow, credential: str) -> None:
    assert basic(snow, credential).status_code == 200
    key = {**JSON, "x-sn-apikey": snow.sandbox.credentials["servicenow"][credential]["apiKey"]}
    assert anonymous(snow, "GET", USERS, headers=key).status_code == 200
    token = anonymous(snow, "POST", TOKEN, data=password_form(snow, credential)).json()["access_token"]
    assert bearer(snow, token) == 200
    assert anonymous(snow, "POST", TOKEN, data=form(snow, "client_credentials", credential)).json() == OPAQUE
    snow.create("sys_properties", name=GRANT_PROPERTY, value="true")
    token = anonymous(snow, "POST", TOKEN, data=form(snow, "client_credentials", credential)).json()["access_token"]
    header = {**JSON, "authorization": f"Bearer {token}"}
    made = anonymous(snow, "POST", f"{TABLE}/change_request", headers=header, json={"short_description": "x"})
    username = snow.sandbox.credentials["servicenow"][credential]["username"]
    assert (made.status_code, made.json()["result"]["sys_created_by"]) == (201, username)


@pytest.mark.fact("servicenow-143")
def test_people_have_the_addresses_that_they_have_in_port(snow: Snow, port: httpx.Client) -> None:
    known = {each["email"] for each in port.get("/v1/users").json()["users"]}
    mails = {row["user_name"]: row["email"] for row in snow.find("sys_user")}
    assert {name for name, email in mails.items() if email in known} == {"pat.platform", "dev.dora"}
    members = {
        name: snow.find("sys_user_grmember", f"group.name={name}", sysparm_fields="user.user_name")
        for name in ("Platform Engineering", "CAB Approval")
    }
    assert {name: {row["user.user_name"] for row in rows} for name, rows in members.items()} == {
        "Platform Engineering": {"portctl.approvals", "pat.platform"},
        "CAB Approval": {"casey.cab"},
    }


@pytest.mark.fact("servicenow-8")
def test_an_api_key_is_a_header_or_a_parameter(snow: Snow) -> None:
    key = snow.sandbox.credentials["servicenow"]["gate"]["apiKey"]
    assert anonymous(snow, "GET", USERS, headers={**JSON, "x-sn-apikey": key}).status_code == 200
    assert anonymous(snow, "GET", f"{USERS}&x-sn-apikey={key}").status_code == 200
    assert anonymous(snow, "GET", f"{USERS}&x-sn-apikey=wrong").status_code == 401


@pytest.mark.fact("servicenow-9")
def test_a_revoked_token_is_refused(snow: Snow) -> None:
    token = anonymous(snow, "POST", TOKEN, data=password_form(snow)).json()["access_token"]
    anonymous(snow, "GET", f"/oauth_revoke_token.do?token={token}")
    assert bearer(snow, token) == 401


@pytest.mark.fact("servicenow-5")
def test_the_life_of_tokens_can_be_capped(snow: Snow) -> None:
    snow.create("sys_properties", name="glide.oauth.access_token.expire_in.system_max_seconds", value="60")
    assert anonymous(snow, "POST", TOKEN, data=password_form(snow)).json()["expires_in"] <= 60


@pytest.mark.fact("servicenow-10")
def test_secrets_never_read_back_and_cannot_be_asked_for(snow: Snow) -> None:
    client = snow.create("oauth_entity", name="own", client_secret="s3cret")
    assert client["client_secret"] == "********"
    assert len(client["client_id"]) == 32
    secret = snow.create("sys_properties", name="a.secret", value="s3cret", type="password2")
    assert secret["value"] == "********"
    assert snow.refused("GET", f"{TABLE}/oauth_entity?sysparm_query=client_secret=s3cret", by="admin", status=403) == (
        "Insufficient rights to query records",
        "Fields present in the query do not have permission to be read",
    )


@pytest.mark.fact("servicenow-11")
def test_a_password_that_is_written_changes_nothing(snow: Snow) -> None:
    gate = snow.id_of("sys_user", user_name="portctl.gate")
    assert snow.patch("sys_user", gate, user_password="n3w")["user_password"] == "********"
    assert basic(snow, "gate").status_code == 200
    assert anonymous(snow, "GET", USERS, auth=("portctl.gate", "n3w")).status_code == 401


@pytest.mark.fact("servicenow-12")
def test_a_new_client_and_a_new_property_take_their_time_under_lag(snow: Snow, sandbox: Sandbox) -> None:
    sandbox.set_lag(60)
    snow.create("sys_properties", name=GRANT_PROPERTY, value="true")
    body = form(snow, "client_credentials")
    assert anonymous(snow, "POST", TOKEN, data=body).status_code == 401
    sandbox.world.clock.advance(61)
    assert anonymous(snow, "POST", TOKEN, data=body).status_code == 200
