"""One repair for each fault of the guide: what a reader has to change or to set up before the next one shows."""

from __future__ import annotations

from tests.story.ladder.guide import Guide

PROJECT = "platform%2Fpipelines"
DECIDED = (
    ".diff.before.properties.approval != .diff.after.properties.approval and "
    '(.diff.after.properties.approval == "approved" or .diff.after.properties.approval == "rejected")'
)
REPORTER = """
report-failure:
  stage: .post
  when: on_failure
  script:
    - |
      accessToken=$(curl -s -X POST -H 'Content-Type: application/json' \\
        -d '{"clientId": "'"$PORT_CLIENT_ID"'", "clientSecret": "'"$PORT_CLIENT_SECRET"'"}' \\
        "${PORT_API_URL}/auth/access_token" | jq -r '.accessToken')
      for run in $(jq -r '.port_context.runId, .deploy_run_id' "$TRIGGER_PAYLOAD"); do
        curl -s -X POST -H 'Content-Type: application/json' -H "Authorization: Bearer $accessToken" \\
          -d '{"terminationStatus": "FAILURE", "message": "The pipeline failed"}' \\
          "${PORT_API_URL}/actions/runs/$run/logs"
      done
"""


def address_of_port(guide: Guide) -> None:
    backend = guide.backend("deploy_service_to_cluster")
    backend["url"] = backend["url"].replace("${PORT_API_URL}", "https://api.port.io/v1")


def address_of_gitlab(guide: Guide) -> None:
    """The project and the token; the token still stands in clear."""
    for name in ("pre_deployment_check", "approve_and_deploy_service", "approveSnowPipeline"):
        backend = guide.backend(name)
        backend["url"] = backend["url"].replace("{GITLAB_PROJECT_ID}", PROJECT)
    guide.prepared.add("token in clear")


def token_as_secret(guide: Guide) -> None:
    guide.prepared.remove("token in clear")
    guide.prepared.add("token as secret")


def variables_allowed(guide: Guide) -> None:
    guide.prepared.add("pipeline variables allowed")


def quotes(guide: Guide) -> None:
    guide.replace("'${PORT_API_URL}/auth/access_token'", '"${PORT_API_URL}/auth/access_token"')


def variable_of_port(guide: Guide) -> None:
    guide.prepared.add("PORT_API_URL")


def service_in_the_change(guide: Guide) -> None:
    """A reference that is empty is text, not an object."""
    guide.replace(
        "'.result.business_service.value'", "'.result.business_service | if type == \"object\" then .value else . end'"
    )


def instant(guide: Guide) -> None:
    guide.replace("'.result.sys_created_on'", '\'.result.sys_created_on | sub(" "; "T") + "Z"\'')


def column_written(guide: Guide) -> None:
    guide.replace('\\"u_external_tag\\"', '\\"u_external_tags\\"')


def column_read(guide: Guide) -> None:
    guide.replace("'.result.external_tags'", "'.result.u_external_tags'")


def webhook(guide: Guide) -> None:
    """That of this project, which also says whether a change is on hold."""
    guide.blueprint["schema"]["properties"]["onHold"] = {"type": "boolean", "title": "On Hold"}
    guide.prepared.add("webhook")


def upsert(guide: Guide) -> None:
    guide.replace(
        '"${PORT_API_URL}/blueprints/servicenowChangeRequest/entities"',
        '"${PORT_API_URL}/blueprints/servicenowChangeRequest/entities?upsert=true&merge=true"',
    )


def computed_last(guide: Guide) -> None:
    body = guide.backend("deploy_service_to_cluster")["body"]["properties"]
    body["deploy_run_id"] = body.pop("deploy_run_id")


def triggers_only(guide: Guide) -> None:
    guide.pipeline = "workflow: {rules: [{if: '$CI_PIPELINE_SOURCE == \"trigger\"'}]}\n" + guide.pipeline


def relation(guide: Guide) -> None:
    guide.blueprint["relations"] = {
        "service": {"title": "Service", "target": "service", "required": False, "many": False}
    }
    guide.replace('\\"relations\\": {}', '\\"relations\\": {\\"service\\": \\"$serviceEntity\\"}')


def first_delivery(guide: Guide) -> None:
    guide.definitions["approveSnowPipeline"]["trigger"]["event"]["type"] = "ANY_ENTITY_CHANGE"


def permissions(guide: Guide) -> None:
    guide.prepared.add("permissions")


def words_in_port(guide: Guide) -> None:
    """`rejected`, which is what ServiceNow says."""
    choice = guide.definitions["approve_and_deploy_service"]["trigger"]["userInputs"]["properties"]["approval_status"]
    choice["enum"] = ["approved", "rejected"]
    choice["enumColors"] = {"approved": "lightGray", "rejected": "lightGray"}


def words_in_the_pipeline(guide: Guide) -> None:
    guide.replace('[ "$APPROVAL_STATUS" = "declined" ]', '[ "$APPROVAL_STATUS" = "rejected" ]')


def one_starter(guide: Guide) -> None:
    """The approval in Port writes to ServiceNow, and starts no pipeline itself."""
    patch = guide.definitions.pop("updateChangeRequestInSnow")["invocationMethod"]
    guide.definitions["approve_and_deploy_service"]["invocationMethod"] = {
        **patch,
        "url": patch["url"].replace(".event.diff.after.entity.identifier", ".entity.identifier"),
        "body": {"approval": "{{ .inputs.approval_status }}"},
    }


def approvals(guide: Guide) -> None:
    backend = guide.backend("approve_and_deploy_service")
    place = "/api/sn_chg_rest/change/{{ .entity.identifier }}/approvals"
    backend["url"] = backend["url"].partition("/api/")[0] + place
    backend["body"] = {"state": "{{ .inputs.approval_status }}", "comments": "{{ .inputs.reason }}"}


def transition(guide: Guide) -> None:
    trigger = guide.definitions["approveSnowPipeline"]["trigger"]
    trigger["condition"] = {"type": "JQ", "expressions": [DECIDED], "combinator": "and"}


def reporter(guide: Guide) -> None:
    guide.pipeline += REPORTER
