#!/bin/sh
# Reads and checks the payload of the trigger; writes what the other jobs need to know to accepted.env.
. ci/lib.sh

[ -f "${TRIGGER_PAYLOAD:-}" ] || fail 'There is no payload: this pipeline is started by Port'
jq -e 'type == "object"' "$TRIGGER_PAYLOAD" >/dev/null || fail 'The payload is not a JSON object'

# field FILTER: text at a place of the payload, empty when there is none.
field() {
  jq -r "$1 | if type == \"string\" then . else \"\" end" "$TRIGGER_PAYLOAD"
}

run=$(field .port_context.runId)
is_id "$run" || fail 'port_context.runId is missing or no id of a run'
printf 'RUN_ID=%s\n' "$run" >accepted.env

deploy_run=$(field .deploy_run_id)
is_id "$deploy_run" || fail 'deploy_run_id is missing or no id of a run'
printf 'DEPLOY_RUN_ID=%s\n' "$deploy_run" >>accepted.env

status=$(field .approval_status)
case $status in
  pending)
    service=$(field .entity)
    matches "$service" '[A-Za-z0-9_.-]{1,100}' || fail 'entity is missing or not the name of a service'
    environment=$(field .environment)
    case $environment in
      Development | Staging | Production) ;;
      *) fail 'environment is none of Development, Staging and Production' ;;
    esac
    printf 'MODE=request\nSERVICE=%s\nTARGET_ENVIRONMENT=%s\n' "$service" "$environment" >>accepted.env
    ;;
  approved | rejected)
    change=$(field .system_id)
    matches "$change" '[0-9a-f]{32}' || fail 'system_id is missing or no sys_id'
    printf 'MODE=decision\nCHANGE_ID=%s\n' "$change" >>accepted.env
    ;;
  *) fail 'approval_status is none of pending, approved and rejected' ;;
esac
