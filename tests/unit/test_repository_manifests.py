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

from portctl.config.environment import declared_secrets, load_environment
from portctl.config.instances import provider_context
from portctl.config.project import load_project
from portctl.config.values import layer_values
from portctl.gate.settings import read_settings
from portctl.manifest.check import check_resources
from portctl.manifest.lint import run_rules
from portctl.manifest.load import load_manifests
from portctl.manifest.render import render
from portctl.manifest.schema import check_schema
from portctl.manifest.textfiles import fill_texts
from portctl.model.resource import Resource
from portctl.model.value import OutputRef, Pending, Sealed, thaw
from portctl.providers.catalogue import catalogue
from portctl.providers.rules import all_rules
from portctl.template.context import RenderContext

ROOT = pathlib.Path(__file__).parents[2]
SANDBOX = {
    "services": {
        "port": {
            "url": "http://127.0.0.1:8001",
            "organization": "org_x",
            "credentials": {},
            "others": {"gate": {"clientId": "gate@example.com", "clientSecret": "secret-port"}},
        },
        "gitlab": {
            "url": "http://127.0.0.1:8002",
            "credentials": {},
            "others": {"gate-reader": {"token": "glpat-reader"}, "gate-marks": {"token": "glpat-marks"}},
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
        "gitlab/Project:marks",
        "gitlab/Project:pipelines",
        "gitlab/Variable:MARKS_TOKEN",
        "gitlab/Variable:PORT_CLIENT_ID",
        "gitlab/Variable:PORT_CLIENT_SECRET",
        "gitlab/Variable:SERVICENOW_SECRET",
        "gitlab/Variable:SERVICE_READ_TOKEN",
        "gitlab/Variable:TRIGGER_TOKEN",
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
        "port/Automation:tellApprovalStage",
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


def _pipeline() -> tuple[dict[str, Any], dict[str, Any]]:
    """The header and the rest of the pipeline file."""
    header, rest = yaml.safe_load_all(spec("gitlab/Files:pipeline")["files"][".gitlab-ci.yml"]["content"])
    return header, rest


def _scopes() -> dict[str, str]:
    """The environment scope of each variable of the project."""
    specs = (spec(address) for address in RESOURCES if address.startswith("gitlab/Variable:"))
    return {each["key"]: each["environment_scope"] for each in specs}


def test_a_caller_says_which_runs_it_is_about_and_nothing_else() -> None:
    header, rest = _pipeline()
    assert header == {
        "spec": {
            "inputs": {
                "call": {
                    "description": "Why it runs",
                    "default": "none",
                    "options": ["none", "request", "decision", "look", "deploy"],
                },
                "deploy_run": {
                    "description": "The developer's run in Port",
                    "default": "",
                    "regex": r"\A[A-Za-z0-9_-]{0,64}\z",
                },
                "run": {
                    "description": "The run in Port that has started this pipeline",
                    "default": "",
                    "regex": r"\A[A-Za-z0-9_-]{0,64}\z",
                },
                "environment": {
                    "description": "Where to deploy to",
                    "default": "none",
                    "options": ["none", "Development", "Staging", "Production"],
                },
            }
        }
    }
    assert rest["variables"] == {
        f"GATE_{name.upper()}": {"value": f"$[[ inputs.{name} ]]", "expand": False}
        for name in ("call", "deploy_run", "run", "environment")
    }
    commands = [line for job in rest.values() if isinstance(job, dict) for line in _listed(job.get("script"))]
    assert commands != []
    assert not any("inputs" in line for line in commands)
    assert spec("gitlab/Project:pipelines")["ci_pipeline_variables_minimum_override_role"] == "no_one_allowed"


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def test_credentials_are_for_jobs_of_their_environment_and_the_code_of_a_service_has_none() -> None:
    assert _scopes() == {
        "PORT_CLIENT_ID": "gate/*",
        "PORT_CLIENT_SECRET": "gate/*",
        "SERVICE_READ_TOKEN": "gate/*",
        "SERVICENOW_SECRET": "gate/decide",
        "MARKS_TOKEN": "gate/decide",
        "TRIGGER_TOKEN": "gate/decide",
    }
    _, rest = _pipeline()
    jobs = {name: job for name, job in rest.items() if isinstance(job, dict) and "stage" in job}
    inherited = {name: {**rest[job["extends"]], **job} for name, job in jobs.items()}
    assert {name: job.get("environment", {}).get("name", "") for name, job in inherited.items()} == {
        "accept": "gate/accept",
        "test-service": "",
        "open": "gate/decide",
        "decide": "gate/decide",
        "look": "gate/decide",
        "report": "gate/decide",
        "start": "gate/decide",
        "deploy": "$[[ inputs.environment ]]",
        "finish": "gate/decide",
    }
    options = spec("gitlab/Files:pipeline")["files"]["gate.json"]["content"]
    assert not {"gate/accept", "gate/decide"} & set(json.loads(options)["environments"])


def test_what_the_jobs_of_the_gate_hand_on_is_for_jobs_only() -> None:
    _, rest = _pipeline()
    jobs = {name: job for name, job in rest.items() if isinstance(job, dict) and "stage" in job}
    inherited = {name: {**rest[job["extends"]], **job} for name, job in jobs.items()}
    handed_on = {name: job["artifacts"] for name, job in inherited.items() if "artifacts" in job}
    assert {name: artifacts.get("access") for name, artifacts in handed_on.items()} == {
        "accept": "none",
        "test-service": None,
        "open": "none",
        "decide": "none",
        "look": "none",
        "report": "none",
        "start": "none",
        "finish": "none",
    }


def test_no_variable_holds_the_credentials_of_the_organisation() -> None:
    values = {spec(address)["key"]: spec(address)["value"] for address in RESOURCES if "gitlab/Variable:" in address}
    assert {key: repr(value) for key, value in values.items()} == {
        "PORT_CLIENT_ID": "<Sealed GATE_PORT_CLIENT_ID>",
        "PORT_CLIENT_SECRET": "<Sealed GATE_PORT_CLIENT_SECRET>",
        "SERVICE_READ_TOKEN": "<Sealed SERVICE_READ_TOKEN>",
        "SERVICENOW_SECRET": "<Sealed SERVICENOW_GATE_SECRET>",
        "MARKS_TOKEN": "<Sealed MARKS_TOKEN>",
        "TRIGGER_TOKEN": "<Sealed gitlab/PipelineTrigger:deployment token>",
    }


def test_addresses_and_limits_of_the_gate_stand_in_a_file_and_not_in_variables() -> None:
    settings = json.loads(spec("gitlab/Files:pipeline")["files"]["gate.json"]["content"])
    assert settings == {
        "port": "http://127.0.0.1:8001/v1",
        "gitlab": "http://127.0.0.1:8002",
        "pipelines": "platform/deployment",
        "ref": "main",
        "marks": "gate/deployment-marks",
        "environments": ["Development", "Staging", "Production"],
        "policy": {
            "always_ask": [],
            "coverage_threshold": 80,
            "requester_may_approve": False,
            "requester_needs_account": True,
            "decision_wait_seconds": 3,
            "longest_pipeline_minutes": 60,
            "marks_kept_days": 400,
        },
        "service": {
            "groups": [],
            "defaults": {
                "branch": "main",
                "build": "",
                "test": "python3 -m coverage run --source=. --omit='test*' -m unittest && python3 -m coverage xml -q",
                "report": "coverage.xml",
                "deploy": 'sh deploy.sh "$ENVIRONMENT"',
            },
            "properties": {
                "project": "repository",
                "branch": "branch",
                "build": "buildCommand",
                "test": "testCommand",
                "report": "coverageReport",
                "deploy": "deployCommand",
            },
        },
        "servicenow": {
            "url": "http://127.0.0.1:8003",
            "account": "portctl.gate",
            "port_account": "portctl.approvals",
            "auth": {"type": "basic", "username": "portctl.gate"},
            "assignment_group": "Platform Engineering",
            "columns": {"risk": "4"},
            "service_columns": {},
        },
    }


def test_the_gate_reads_the_settings_that_are_written(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "gate.json"
    path.write_text(spec("gitlab/Files:pipeline")["files"]["gate.json"]["content"], encoding="utf-8")
    settings = read_settings(path)
    assert (settings.marks, settings.policy.threshold, settings.policy.marks_kept_seconds) == (
        "gate/deployment-marks",
        80.0,
        400 * 86_400.0,
    )


def test_the_account_of_the_pipeline_is_not_the_one_that_approves() -> None:
    in_port, in_gitlab = (
        spec("port/Secret:SERVICENOW_API_TOKEN")["secretValue"],
        spec("gitlab/Variable:SERVICENOW_SECRET")["value"],
    )
    names = ("<Sealed SERVICENOW_APPROVER_PASSWORD>", "<Sealed SERVICENOW_GATE_SECRET>")
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
    assert {_url(resource) for resource in started.values()} == {f"{project}/trigger/pipeline"}
    bodies = {address: spec(address)["invocationMethod"]["body"] for address in started}
    shared = {"token": "{{ .secrets.GITLAB_TRIGGER_TOKEN }}", "ref": "main"}
    about = {
        "port/Action:pre_deployment_check": ("request", "{{ .inputs.deploy_run_id }}"),
        "port/Automation:approveSnowPipeline": ("decision", "{{ .event.diff.after.properties.externalTags }}"),
        "port/Automation:lookAtDeployment": ("look", "{{ .event.diff.after.identifier }}"),
    }
    assert bodies == {
        address: {**shared, "inputs": {"call": call, "deploy_run": run, "run": "{{ .run.id }}"}}
        for address, (call, run) in about.items()
    }


def _url(resource: Resource) -> str:
    backend = resource.attributes.get("invocationMethod", {})
    url = backend.get("url", "") if isinstance(backend, Mapping) else ""
    parts = url.parts if isinstance(url, Pending) else (url,)
    return "".join(f"({part.field} of {part.address})" if isinstance(part, OutputRef) else str(part) for part in parts)


def test_the_approval_is_made_at_servicenows_approvals_endpoint_and_carries_person_and_reason() -> None:
    backend = spec("port/Action:approve_and_deploy_service")["invocationMethod"]
    assert backend == {
        "type": "WEBHOOK",
        "url": "http://127.0.0.1:8003/api/sn_chg_rest/change/{{ .entity.identifier | @uri }}/approvals",
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
    assert _starts(jq, _entity(before), _entity(after)) is starts


def _starts(jq: Any, before: dict[str, Any] | None, after: dict[str, Any] | None) -> bool:
    expressions = spec("port/Automation:approveSnowPipeline")["trigger"]["condition"]["expressions"]
    event = {"diff": {"before": before, "after": after}}
    return all(jq.compile(expression).input(event).first() for expression in expressions)


def _entity(approval: str | None, **more: object) -> dict[str, Any] | None:
    ours = {"createdBy": "portctl.gate", "approval": approval}
    return None if approval is None else {"identifier": "c", "properties": {**ours, **more}}


def test_the_pipeline_also_starts_when_an_approved_change_is_released() -> None:
    jq = pytest.importorskip("jq")
    held, free = _entity("approved", onHold=True), _entity("approved", onHold=False)
    assert _starts(jq, held, free)
    assert not _starts(jq, free, held)
    assert not _starts(jq, _entity("requested"), _entity("approved", createdBy="somebody"))
    assert not _starts(jq, _entity("requested", onHold=True), _entity("requested", onHold=False))


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
