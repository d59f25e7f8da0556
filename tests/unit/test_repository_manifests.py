"""The manifests of this repository: valid, without findings, and without the faults of the guide they come from."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from portctl.manifest.check import check_resources
from portctl.manifest.environment import declared_secrets, load_environment
from portctl.manifest.instances import provider_context
from portctl.manifest.lint import run_rules
from portctl.manifest.load import load_manifests
from portctl.manifest.project import load_project
from portctl.manifest.render import RenderContext, render
from portctl.manifest.schema import check_schema
from portctl.manifest.textfiles import fill_texts
from portctl.manifest.values import layer_values
from portctl.model.resource import Resource
from portctl.model.value import OutputRef, Pending, Sealed, thaw
from portctl.providers.catalogue import catalogue
from portctl.providers.rules import all_rules

ROOT = pathlib.Path(__file__).parents[2]
SANDBOX = {
    "services": {
        "port": {"url": "http://127.0.0.1:8001", "organization": "org_x", "credentials": {}},
        "gitlab": {
            "url": "http://127.0.0.1:8002",
            "credentials": {},
            "others": {"repository-only": {"token": "glpat-repository"}},
        },
        "servicenow": {
            "url": "http://127.0.0.1:8003",
            "credentials": {},
            "others": {"approvals": {"password": "secret-approvals"}, "gate": {"password": "secret-gate"}},
        },
    }
}


def _resources() -> tuple[Resource, ...]:
    project = load_project(ROOT)
    environment = load_environment(project, "sandbox", sandbox_file=SANDBOX)
    manifests, findings = load_manifests(project, catalogue())
    assert findings == ()
    context = RenderContext(
        environment="sandbox",
        providers=provider_context(environment),
        secrets=frozenset(declared_secrets(project, environment)),
    )
    values = layer_values(project, environment)
    resources, findings = render(manifests, values=values, context=context, catalogue=catalogue())
    assert findings == ()
    resources, findings = fill_texts(resources, root=ROOT, values=values, context=context, catalogue=catalogue())
    assert findings == ()
    return resources


RESOURCES = {str(resource.address): resource for resource in _resources()}


def spec(address: str) -> Any:
    return thaw(RESOURCES[address].attributes)


def test_the_workflow_is_complete() -> None:
    assert sorted(RESOURCES) == [
        "gitlab/Files:pipeline",
        "gitlab/PipelineTrigger:deployment",
        "gitlab/Project:pipelines",
        "gitlab/Variable:DEPLOYMENT_TOKEN",
        "gitlab/Variable:PORT_CLIENT_ID",
        "gitlab/Variable:PORT_CLIENT_SECRET",
        "gitlab/Variable:SERVICENOW_API_TOKEN",
        "gitlab/Variable:SERVICE_READ_TOKEN",
        "port/Action:approve_and_deploy_service",
        "port/Action:deploy_service_to_cluster",
        "port/Action:pre_deployment_check",
        "port/ActionPermissions:approve_and_deploy_service",
        "port/ActionPermissions:deploy_service_to_cluster",
        "port/ActionPermissions:pre_deployment_check",
        "port/Automation:approveSnowPipeline",
        "port/Automation:endDeploymentWithoutPipeline",
        "port/Automation:forgetEndedDeployment",
        "port/Automation:lookAgainLater",
        "port/Automation:lookAtDeployment",
        "port/Automation:updateChangeRequestInSnow",
        "port/Automation:watchDeployment",
        "port/Blueprint:openDeployment",
        "port/Blueprint:service",
        "port/Blueprint:servicenowChangeRequest",
        "port/Secret:GITLAB_TRIGGER_TOKEN",
        "port/Secret:SERVICENOW_API_TOKEN",
        "port/Webhook:servicenow",
        "servicenow/BusinessRule:portctl_webhook",
        "servicenow/Column:external_tags",
        "servicenow/Record:approver-in-group",
        "servicenow/RestMessage:portctl_webhook",
    ]


def test_secrets_are_for_jobs_of_their_environment_and_the_tests_of_a_service_have_none() -> None:
    variables = [resource for address, resource in RESOURCES.items() if address.startswith("gitlab/Variable:")]
    assert {resource.identity[2] for resource in variables} == {"deployment"}
    jobs = yaml.safe_load(spec("gitlab/Files:pipeline")["files"][".gitlab-ci.yml"]["content"])
    named = {name for name, job in jobs.items() if isinstance(job, dict) and "stage" in job}
    assert named - {name for name in named if jobs[name].get("environment", {}).get("name") == "deployment"} == {
        "test-service"
    }


def test_the_pipeline_is_rendered_and_its_scripts_are_copied() -> None:
    files = spec("gitlab/Files:pipeline")["files"]
    folder = ROOT / "pipelines" / "deployment"
    assert "<%" not in files[".gitlab-ci.yml"]["content"]
    copied = {name: file["content"] for name, file in files.items() if name.endswith((".sh", ".py"))}
    scripts = [path for path in (folder / "ci").iterdir() if path.suffix in (".sh", ".py")]
    assert copied == {f"ci/{path.name}": path.read_text("utf-8") for path in scripts}


def test_addresses_and_limits_of_the_pipeline_stand_in_a_file_and_not_in_variables() -> None:
    settings = json.loads(spec("gitlab/Files:pipeline")["files"]["ci/settings.json"]["content"])
    assert settings == {
        "port": "http://127.0.0.1:8001/v1",
        "servicenow": "http://127.0.0.1:8003",
        "servicenow_account": "portctl.gate",
        "assignment_group": "Platform Engineering",
        "change_risk": "4",
        "coverage_threshold": 80,
        "service_branch": "main",
        "decision_wait_seconds": 3,
        "longest_pipeline_minutes": 60,
    }
    keys = {spec(address)["key"] for address in RESOURCES if address.startswith("gitlab/Variable:")}
    assert keys == {
        "DEPLOYMENT_TOKEN",
        "PORT_CLIENT_ID",
        "PORT_CLIENT_SECRET",
        "SERVICENOW_API_TOKEN",
        "SERVICE_READ_TOKEN",
    }


def test_the_account_of_the_pipeline_is_not_the_one_that_approves() -> None:
    in_port, in_gitlab = (
        spec("port/Secret:SERVICENOW_API_TOKEN")["secretValue"],
        spec("gitlab/Variable:SERVICENOW_API_TOKEN")["value"],
    )
    names = ("<Sealed SERVICENOW_APPROVER_PASSWORD>", "<Sealed SERVICENOW_GATE_PASSWORD>")
    assert (repr(in_port), repr(in_gitlab)) == names


def test_a_finding_in_the_pipeline_points_to_the_line_of_its_template() -> None:
    resource = RESOURCES["gitlab/Files:pipeline"]
    lines = spec("gitlab/Files:pipeline")["files"][".gitlab-ci.yml"]["content"].splitlines()
    line = next(number for number, text in enumerate(lines, 1) if text == "deploy:")
    place = resource.sources.at(("spec", "files", ".gitlab-ci.yml", "content", line))
    template = (ROOT / place.file).read_text("utf-8").splitlines()
    assert (place.file, template[place.line - 1]) == ("pipelines/deployment/gitlab-ci.yml", "deploy:")


def test_schemas_references_and_rules_find_nothing() -> None:
    project = load_project(ROOT)
    environment = load_environment(project, "sandbox", sandbox_file=SANDBOX)
    resources = tuple(RESOURCES.values())
    declared = frozenset(declared_secrets(project, environment))
    assert [finding for resource in resources for finding in check_schema(resource)] == []
    assert check_resources(resources, catalogue=catalogue(), declared_secrets=declared) == ()
    assert run_rules(all_rules(), resources, project.rules) == ()


def test_the_first_action_calls_ports_own_api_asynchronously_and_without_credentials() -> None:
    backend = spec("port/Action:deploy_service_to_cluster")["invocationMethod"]
    assert backend["url"] == "http://127.0.0.1:8001/v1/actions/pre_deployment_check/runs"
    assert (backend["synchronized"], backend.get("headers")) == (False, None)


def test_every_input_that_the_first_action_sends_is_declared_by_the_second() -> None:
    sent = spec("port/Action:deploy_service_to_cluster")["invocationMethod"]["body"]["properties"]
    inputs = spec("port/Action:pre_deployment_check")["trigger"]["userInputs"]
    own = spec("port/Action:deploy_service_to_cluster")["trigger"]["userInputs"]["properties"]
    assert set(inputs["properties"]) == set(sent) >= set(own)
    assert set(inputs["required"]) <= set(inputs["properties"])
    assert "deploy_run_id" in inputs["required"]


def test_one_run_is_sent_under_one_name() -> None:
    body = spec("port/Action:deploy_service_to_cluster")["invocationMethod"]["body"]
    assert json.dumps(body).count(".run.id") == 1


def test_the_pipeline_is_started_with_a_secret_of_port_by_three_definitions_and_never_by_the_approval() -> None:
    started = {
        address: resource for address, resource in RESOURCES.items() if _url(resource).count("/trigger/pipeline")
    }
    assert sorted(started) == [
        "port/Action:pre_deployment_check",
        "port/Automation:approveSnowPipeline",
        "port/Automation:lookAtDeployment",
    ]
    project = "http://127.0.0.1:8002/api/v4/projects/(id of gitlab/Project:pipelines)"
    assert {_url(resource) for resource in started.values()} == {f"{project}/ref/main/trigger/pipeline"}
    bodies = [spec(address)["invocationMethod"]["body"] for address in started]
    assert {body["token"] for body in bodies} == {"{{ .secrets.GITLAB_TRIGGER_TOKEN }}"}


def _url(resource: Resource) -> str:
    backend = resource.attributes.get("invocationMethod", {})
    url = backend.get("url", "") if isinstance(backend, Mapping) else ""
    parts = url.parts if isinstance(url, Pending) else (url,)
    return "".join(f"({part.field} of {part.address})" if isinstance(part, OutputRef) else str(part) for part in parts)


def test_the_approval_is_made_at_servicenows_approvals_endpoint_and_carries_person_and_reason() -> None:
    backend = spec("port/Action:approve_and_deploy_service")["invocationMethod"]
    assert backend == {
        "type": "WEBHOOK",
        "url": "http://127.0.0.1:8003/api/sn_chg_rest/change/{{ .entity.identifier }}/approvals",
        "agent": False,
        "synchronized": True,
        "method": "PATCH",
        "headers": {"Authorization": "Basic {{ .secrets.SERVICENOW_API_TOKEN }}", "Accept": "application/json"},
        "body": {
            "state": "{{ .inputs.approval_status }}",
            "comments": "{{ .trigger.by.user.email }} in Port: {{ .inputs.reason }}",
        },
    }
    assert spec("port/Action:approve_and_deploy_service")["trigger"]["userInputs"]["required"] == [
        "approval_status",
        "reason",
    ]


def test_approval_words_are_the_same_in_every_step() -> None:
    blueprint = spec("port/Blueprint:servicenowChangeRequest")["schema"]["properties"]["approval"]["enum"]
    inputs = spec("port/Action:approve_and_deploy_service")["trigger"]["userInputs"]["properties"]
    compared = set(re.findall(r'"(\w+)"', str(spec("port/Automation:approveSnowPipeline")["trigger"]["condition"])))
    assert blueprint == ["approved", "not requested", "requested", "rejected"]
    assert inputs["approval_status"]["enum"] == ["approved", "rejected"]
    assert compared == {"approved", "rejected"}
    assert "declined" not in repr([spec(address) for address in RESOURCES])


@pytest.mark.parametrize(
    ("before", "after", "starts"),
    [
        ("requested", "approved", True),
        ("requested", "rejected", True),
        (None, "approved", True),
        ("approved", "approved", False),
        ("rejected", "requested", False),
        ("not requested", "requested", False),
        ("approved", None, False),
    ],
)
def test_the_pipeline_starts_on_the_transition_only(before: str | None, after: str | None, starts: bool) -> None:
    jq = pytest.importorskip("jq")
    (expression,) = spec("port/Automation:approveSnowPipeline")["trigger"]["condition"]["expressions"]
    event = {"diff": {"before": _entity(before), "after": _entity(after)}}
    assert jq.compile(expression).input(event).first() is starts


def _entity(approval: str | None) -> dict[str, Any] | None:
    return None if approval is None else {"identifier": "c", "properties": {"approval": approval}}


def test_the_work_note_follows_a_run_that_ended_well_and_belongs_to_a_change() -> None:
    automation = spec("port/Automation:updateChangeRequestInSnow")
    assert automation["trigger"]["event"] == {
        "type": "RUN_UPDATED",
        "actionIdentifier": "approve_and_deploy_service",
    }
    assert automation["trigger"]["condition"]["expressions"] == [
        '.diff.before.status != .diff.after.status and .diff.after.status == "SUCCESS"',
        ".diff.after.entity.identifier != null",
    ]
    assert list(automation["invocationMethod"]["body"]) == ["work_notes"]


def test_only_administrators_start_the_internal_action_and_only_approvers_decide() -> None:
    execute = {
        name: spec(f"port/ActionPermissions:{name}")["execute"]
        for name in ("deploy_service_to_cluster", "pre_deployment_check", "approve_and_deploy_service")
    }
    assert {name: (who["roles"], who["users"], who["teams"]) for name, who in execute.items()} == {
        "deploy_service_to_cluster": (["Admin", "Member"], [], []),
        "pre_deployment_check": (["Admin"], [], []),
        "approve_and_deploy_service": (["Admin"], [], ["platform"]),
    }


def test_the_change_relates_to_its_service_and_the_webhook_maps_only_what_the_business_rule_sends() -> None:
    blueprint = spec("port/Blueprint:servicenowChangeRequest")
    webhook = spec("port/Webhook:servicenow")
    (mapping,) = webhook["mappings"]
    script = (ROOT / "servicenow" / "webhook.js").read_text("utf-8")
    sent = set(re.findall(r"^ {6}(\w+): ", script, re.MULTILINE))
    assert blueprint["relations"]["service"]["target"] == "service"
    assert set(re.findall(r"\.body\.(\w+)", json.dumps(mapping))) == sent
    assert set(mapping["entity"]["properties"]) == set(blueprint["schema"]["properties"])
    assert mapping["entity"]["properties"]["externalTags"] == ".body.external_tags"
    assert webhook["security"]["signatureAlgorithm"] == "plain"


def test_secrets_stand_only_where_port_hides_them() -> None:
    assert isinstance(spec("port/Secret:SERVICENOW_API_TOKEN")["secretValue"], Sealed)
    assert isinstance(spec("port/Secret:GITLAB_TRIGGER_TOKEN")["secretValue"], Sealed)
    assert isinstance(spec("port/Webhook:servicenow")["security"]["secret"], Sealed)


@pytest.mark.parametrize("name", ["staging", "production"])
def test_the_example_of_a_real_environment_has_every_value_that_the_manifests_need(
    tmp_path: pathlib.Path, name: str
) -> None:
    for folder in load_project(ROOT).manifests:
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "portctl.yaml", tmp_path)
    (tmp_path / "environments").mkdir()
    shutil.copy(ROOT / "environments" / f"{name}.yaml.example", tmp_path / "environments" / f"{name}.yaml")
    project = load_project(tmp_path)
    environment = load_environment(project, name)
    manifests, findings = load_manifests(project, catalogue())
    assert findings == ()
    context = RenderContext(
        environment=name,
        providers=provider_context(environment),
        secrets=frozenset(declared_secrets(project, environment)),
    )
    assert context.providers["port"]["api_url"] == "https://api.port.io/v1"
    values = layer_values(project, environment)
    resources, findings = render(manifests, values=values, context=context, catalogue=catalogue())
    assert findings == ()
    resources, findings = fill_texts(resources, root=tmp_path, values=values, context=context, catalogue=catalogue())
    assert findings == ()
    assert {str(resource.address) for resource in resources} == set(RESOURCES)
    assert [finding for resource in resources for finding in check_schema(resource)] == []
    assert check_resources(resources, catalogue=catalogue(), declared_secrets=context.secrets) == ()
