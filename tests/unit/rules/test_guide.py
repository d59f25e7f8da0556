"""The workflow with the faults that guides spread: every one that shows in a definition is found."""

from __future__ import annotations

from portctl.manifest.lint import run_rules
from portctl.manifest.schema import check_schema
from portctl.providers.port.rules import RULES
from tests.unit.rules.builders import resources

FAULTY = """\
kind: port/Blueprint
metadata: {management: observe}
spec: {identifier: service}
---
kind: port/Blueprint
spec:
  identifier: servicenowChangeRequest
  title: Change
  schema:
    properties:
      approval: {type: string, enum: [approved, not requested, requested, rejected]}
      externalTags: {type: string}
---
kind: port/Action
spec:
  identifier: deploy_service_to_cluster
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: service
    userInputs: {properties: {environment: {type: string}}}
  invocationMethod:
    type: WEBHOOK
    url: "${PORT_API_URL}/actions/pre_deployment_check/runs"
    body:
      properties:
        deploy_run_id: "{{ .run.id }}"
        "{{ spreadValue() }}": "{{ .inputs }}"
---
kind: port/Action
spec:
  identifier: approve_and_deploy_service
  trigger:
    type: self-service
    operation: DAY-2
    blueprintIdentifier: servicenowChangeRequest
    userInputs:
      properties:
        reason: {type: string}
        approval_status: {type: string, enum: [approved, declined]}
  invocationMethod:
    type: WEBHOOK
    url: https://gitlab.com/api/v4/projects/{GITLAB_PROJECT_ID}/ref/main/trigger/pipeline?token={GITLAB_TRIGGER_TOKEN}
    body: {approval_status: "{{ .inputs.approval_status }}"}
---
kind: port/Automation
spec:
  identifier: updateChangeRequestInSnow
  trigger:
    type: automation
    event: {type: RUN_CREATED, actionIdentifier: approve_and_deploy_service}
  invocationMethod:
    type: WEBHOOK
    url: https://{SERVICENOW_INSTANCE}/api/now/table/change_request/{{ .event.diff.after.entity.identifier }}
    method: PATCH
    headers: {Authorization: "Basic {{ .secrets.SERVICENOW_API_TOKEN }}"}
    body: {approval: "{{ .event.diff.after.properties.approval_status  }}"}
---
kind: port/Automation
spec:
  identifier: approveSnowPipeline
  trigger:
    type: automation
    event: {type: ENTITY_UPDATED, blueprintIdentifier: servicenowChangeRequest}
    condition:
      type: JQ
      expressions:
        - .diff.after.properties.approval == "approved"
        - .diff.after.properties.approval == "rejected"
      combinator: or
  invocationMethod:
    type: WEBHOOK
    url: https://gitlab.com/api/v4/projects/{GITLAB_PROJECT_ID}/ref/main/trigger/pipeline?token={GITLAB_TRIGGER_TOKEN}
    body: {approval_status: "{{ .event.diff.after.properties.approval }}"}
"""


def test_the_faulty_workflow_fits_its_schemas() -> None:
    assert [found for resource in resources(FAULTY) for found in check_schema(resource)] == []


def test_every_fault_that_shows_in_a_definition_is_found_at_its_line() -> None:
    found = run_rules(RULES, resources(FAULTY), {})
    assert [(finding.source.line, finding.rule.removeprefix("port/")) for finding in found] == [
        (24, "left-over-placeholder"),
        (27, "key-before-spread"),
        (39, "unused-input"),
        (43, "credential-in-url"),
        (43, "left-over-placeholder"),
        (43, "left-over-placeholder"),
        (54, "left-over-placeholder"),
        (56, "undeclared-secret"),
        (57, "enum-disagrees"),
        (68, "condition-without-before"),
        (73, "credential-in-url"),
        (73, "left-over-placeholder"),
        (73, "left-over-placeholder"),
        (73, "two-pipelines"),
    ]
