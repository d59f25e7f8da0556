"""The same project with other values: how the pipeline and Port sign in to ServiceNow, and what a change carries."""

from __future__ import annotations

import pathlib
import shutil
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import pytest
import yaml

from portctl.config.project import load_project
from portctl.sandbox import launcher
from portctl.story.narration import Telling
from portctl.story.scenarios import SCENARIOS
from portctl.story.services import Services
from portctl.story.stage import stage

ROOT = pathlib.Path(__file__).parents[2]
CLIENT_CREDENTIALS = "glide.oauth.inbound.client.credential.grant_type.enabled"
KEY_HEADERS = {"x-sn-apikey": "{{ .secrets.SERVICENOW_API_TOKEN }}", "Accept": "application/json"}


@pytest.fixture(scope="module")
def accounts(running: launcher.Running) -> dict[str, Any]:
    """ServiceNow's, as every sandbox of the same seed has them."""
    found: dict[str, Any] = running.document["services"]["servicenow"]["others"]
    return found


def project(folder: pathlib.Path, values: Mapping[str, Any], secrets: Mapping[str, str]) -> pathlib.Path:
    """This project in a folder, with other values of ServiceNow and secrets from elsewhere in the sandbox."""
    for name in ("environments", *load_project(ROOT).manifests):
        shutil.copytree(ROOT / name, folder / name)
    shutil.copy(ROOT / "portctl.yaml", folder)
    file = folder / "environments" / "sandbox.yaml"
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    document["values"]["servicenow"] |= values
    document["secrets"] |= {name: {"sandbox": place} for name, place in secrets.items()}
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


def columns_of_the_change(folder: pathlib.Path, *properties: str) -> dict[str, str]:
    """A whole story, with a decision in Port; the change request as it was opened. `properties` of ServiceNow: true."""
    with stage(folder) as running, closing(Services(running.document)) as services:
        for name in properties:
            body = {"name": name, "value": "true"}
            assert services.snow("POST", "/api/now/table/sys_properties", body, person="admin").is_good
        story = Telling(services)
        SCENARIOS["approve-in-port"](story)
        story.end()
        rows = services.snow(
            "GET", "/api/now/table/change_request?sysparm_query=numberSTARTSWITHCHG003", person="admin"
        )
        (row,) = rows.body["result"]
        return {name: value["value"] if isinstance(value, dict) else value for name, value in row.items()}


def test_the_pipeline_signs_in_to_servicenow_as_an_oauth_client(
    accounts: dict[str, Any], tmp_path: pathlib.Path
) -> None:
    auth = {"type": "oauth", "clientId": accounts["gate"]["clientId"]}
    folder = project(tmp_path, {"gateAuth": auth}, {"SERVICENOW_GATE_SECRET": "servicenow.gate.clientSecret"})
    assert columns_of_the_change(folder, CLIENT_CREDENTIALS)["sys_created_by"] == "portctl.gate"


def test_the_pipeline_and_port_sign_in_to_servicenow_with_api_keys(tmp_path: pathlib.Path) -> None:
    values = {"gateAuth": {"type": "apiKey"}, "approverAuth": "apiKey", "portHeaders": KEY_HEADERS}
    secrets = {
        "SERVICENOW_GATE_SECRET": "servicenow.gate.apiKey",
        "SERVICENOW_APPROVER_PASSWORD": "servicenow.approvals.apiKey",
    }
    assert columns_of_the_change(project(tmp_path, values, secrets))["sys_created_by"] == "portctl.gate"


def test_a_change_request_carries_who_asked_and_the_columns_of_the_values(
    services: Services, tmp_path: pathlib.Path
) -> None:
    wanted = {
        "risk": "4",
        "priority": "2",
        "business_service": sys_id(services, "cmdb_ci_service", "checkout"),
        "chg_model": sys_id(services, "chg_model", "Continuous delivery"),
    }
    found = columns_of_the_change(project(tmp_path, {"changeColumns": wanted}, {}))
    assert {name: found[name] for name in wanted} == wanted
    assert found["requested_by"] == sys_id(services, "sys_user", "Dora Dev")


def sys_id(services: Services, table: str, name: str) -> str:
    path = f"/api/now/table/{table}?sysparm_query=name={name}&sysparm_fields=sys_id"
    (row,) = services.snow("GET", path, person="admin").body["result"]
    return str(row["sys_id"])
