#!/bin/sh
# Reads and checks the payload of the trigger; writes what it points to into state/request.json, and the code of the
# service that is asked for into source/.
. ci/lib.sh

[ -f "${TRIGGER_PAYLOAD:-}" ] || fail 'There is no payload: this pipeline is started by Port'
jq -e 'type == "object"' "$TRIGGER_PAYLOAD" >/dev/null || fail 'The payload is not a JSON object'
jq -e '(.variables // {}) == {}' "$TRIGGER_PAYLOAD" >/dev/null || fail 'Variables are not accepted: Port sends none'

# field FILTER: text at a place of the payload, empty when there is none.
field() {
  jq -r "$1 | if type == \"string\" then . else \"\" end" "$TRIGGER_PAYLOAD"
}

run=$(field .port_context.runId)
is_id "$run" || fail 'port_context.runId is missing or no id of a run'
deploy_run=$(field .deploy_run_id)
is_id "$deploy_run" || fail 'deploy_run_id is missing or no id of a run'
service=$(field .entity)
environment=$(field .environment)
change=$(field .system_id)
case $(field .approval_status) in
  pending)
    mode=request
    matches "$service" '[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(/[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}){1,5}' ||
      fail 'entity is missing or not the path of a project'
    matches "$environment" 'Development|Staging|Production' ||
      fail 'environment is none of Development, Staging and Production'
    ;;
  approved | rejected)
    mode=decision
    matches "$change" '[0-9a-f]{32}' || fail 'system_id is missing or no sys_id'
    ;;
  look) mode=look ;;
  *) fail 'approval_status is none of pending, approved, rejected and look' ;;
esac

mkdir -p state
sha=
if [ "$mode" = request ]; then
  clone_service "$service" || fail "Cannot clone $service"
  sha=$(git -C service rev-parse HEAD)
  rm -rf service/.git source
  mv service source
fi
jq -n --arg mode "$mode" --arg run "$run" --arg deploy_run "$deploy_run" --arg service "$service" \
  --arg environment "$environment" --arg change "$change" --arg sha "$sha" \
  '{$mode, $run, $deploy_run, $service, $environment, $change, $sha}' | tee state/request.json
