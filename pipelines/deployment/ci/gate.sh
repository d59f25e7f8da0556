#!/bin/sh
# Decides whether this pipeline deploys. Writes DEPLOY=true or DEPLOY=false, and what is deployed, to decided.env.
. ci/lib.sh

need MODE RUN_ID DEPLOY_RUN_ID
FIELDS='sys_id,number,state,approval,short_description,description,priority,category,active,sys_created_by,sys_created_on,u_external_tags,correlation_id'

decide() {
  printf 'DEPLOY=%s\n' "$1" >decided.env
}

# find_change: the change request of this deployment, if there is one. ServiceNow drops query terms that it does not
# know, so what it found is looked at again.
find_change() {
  answer=$(snow GET "/api/now/table/change_request?sysparm_query=correlation_id%3D$DEPLOY_RUN_ID&sysparm_limit=2&sysparm_fields=$FIELDS") ||
    fail 'ServiceNow did not answer'
  printf '%s' "$answer" | jq -c --arg run "$DEPLOY_RUN_ID" '[.result[] | select(.correlation_id == $run)] | first // empty'
}

create_change() {
  snow POST "/api/now/table/change_request?sysparm_fields=$FIELDS" "$(
    jq -n --arg run "$DEPLOY_RUN_ID" --arg service "$SERVICE" --arg environment "$TARGET_ENVIRONMENT" \
      --arg group "$CHANGE_GROUP" --arg coverage "$COVERAGE" --arg pipeline "${CI_PIPELINE_URL:-}" \
      '{type: "normal", correlation_id: $run, correlation_display: "Port", u_external_tags: $run,
        assignment_group: $group, short_description: "Deploy \($service) to \($environment)",
        description: "Coverage of \($service) is \($coverage)%, less than asked for. Pipeline: \($pipeline)"}'
  )" | jq -ce '.result | select(.sys_id != null)'
}

# catalogue CHANGE: the entity that people decide on, as ServiceNow's webhook writes it, with its relation.
catalogue() {
  port POST "/blueprints/servicenowChangeRequest/entities?upsert=true&merge=true&run_id=$RUN_ID" "$(
    printf '%s' "$1" | jq --arg service "$SERVICE" '
      def day: if . == null or . == "" then null else sub(" "; "T") + "Z" end;
      {identifier: .sys_id, title: .short_description, icon: "Servicenow",
       properties: ({number, description, state, approval, priority, category, externalTags: .u_external_tags,
                     isActive: (.active == "true"), createdBy: .sys_created_by, createdOn: (.sys_created_on | day)}
                    | with_entries(select(.value != null and .value != ""))),
       relations: {service: $service}}'
  )" >/dev/null
}

# ask_for_approval SYS_ID: brings the change to where approvers see it.
ask_for_approval() {
  snow PATCH "/api/now/table/change_request/$1?sysparm_fields=$FIELDS" '{"state": "-4"}' |
    jq -ce '.result | select(.state == "-4")'
}

gate_request() {
  need SERVICE TARGET_ENVIRONMENT COVERAGE_MET
  if [ "$COVERAGE_MET" = true ]; then
    decide true
    return
  fi
  need CHANGE_GROUP
  change=$(find_change)
  [ -n "$change" ] || change=$(create_change) || fail 'ServiceNow did not open a change request'
  [ "$(printf '%s' "$change" | jq -r .u_external_tags)" = "$DEPLOY_RUN_ID" ] ||
    fail 'The change request lost u_external_tags: is the column there, and may this account write it?'
  if [ "$(printf '%s' "$change" | jq -r .state)" = -5 ]; then
    change=$(ask_for_approval "$(printf '%s' "$change" | jq -er .sys_id)") || fail 'The change request did not move to Assess'
  fi
  number=$(printf '%s' "$change" | jq -r .number)
  catalogue "$change"
  tell "$DEPLOY_RUN_ID" "Coverage is below the threshold: change request $number waits for a decision"
  end "$RUN_ID" SUCCESS "Change request $number is open"
  decide false
}

# The payload only says which change to look at: what counts is what ServiceNow says about it now.
gate_decision() {
  need CHANGE_ID
  change=$(snow GET "/api/now/table/change_request/$CHANGE_ID?sysparm_fields=$FIELDS" | jq -ce .result)
  number=$(printf '%s' "$change" | jq -r .number)
  [ "$(printf '%s' "$change" | jq -r .u_external_tags)" = "$DEPLOY_RUN_ID" ] || fail "$number belongs to another deployment"
  case $(printf '%s' "$change" | jq -r '"\(.approval)/\(.state)"') in
    approved/-2 | approved/-1)
      request=$(port GET "/actions/runs/$DEPLOY_RUN_ID?version=v2" | jq -ce .run)
      what=$(printf '%s' "$request" | jq -er .entity.identifier)
      where=$(printf '%s' "$request" | jq -er .properties.environment)
      decide true
      printf 'SERVICE=%s\nTARGET_ENVIRONMENT=%s\nCHANGE_NUMBER=%s\n' "$what" "$where" "$number" >>decided.env
      ;;
    rejected/*)
      end "$DEPLOY_RUN_ID" FAILURE "Change request $number was rejected: nothing was deployed"
      end "$RUN_ID" SUCCESS "The rejection of $number is done"
      decide false
      ;;
    *)
      tell "$RUN_ID" "Change request $number is not decided, or not ready to be implemented"
      end "$RUN_ID" FAILURE "Nothing was deployed"
      decide false
      ;;
  esac
}

case $MODE in
  request) gate_request ;;
  decision) gate_decision ;;
  *) fail "unknown mode $MODE" ;;
esac
