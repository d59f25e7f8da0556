#!/bin/sh
# Decides whether this pipeline deploys, from what Port and ServiceNow say; writes it to state/decision.json.
. ci/lib.sh
. ci/marks.sh
. ci/change.sh

mode=$(state request .mode)
run=$(state request .run)
deploy_run=$(state request .deploy_run)
assignment_group=$(setting assignment_group)
export deploy_run assignment_group

# do_deploy SERVICE ENVIRONMENT COMMIT, do_not_deploy: what the next job does.
do_deploy() {
  jq -n --arg service "$1" --arg environment "$2" --arg sha "$3" --arg change "${change:-}" \
    '{deploy: true, $service, $environment, $sha,
      change: (if $change == "" then null else $change | fromjson | {sys_id, number} end)}' \
    >state/decision.json
}
do_not_deploy() {
  jq -n '{deploy: false}' >state/decision.json
}

# link RUN: where this pipeline can be watched.
link() {
  port PATCH "/actions/runs/$1?version=v2" "$(jq -n '{link: [env.CI_PIPELINE_URL]}')" >/dev/null ||
    printf 'Port took no link for %s\n' "$1" >&2
}

group_id() {
  found=$(take '[.result[] | select(.name == env.assignment_group)] | select(length == 1)' \
    snow GET "/api/now/table/sys_user_group?sysparm_query=name%3D$(jq -rn 'env.assignment_group | @uri')&sysparm_limit=2&sysparm_fields=sys_id,name") ||
    fail "ServiceNow has no group $assignment_group, or several"
  printf '%s' "$found" | jq -r '.[0].sys_id'
}

# create_change: its sys_id is chosen by us, so that it can be made once, whoever tries how often.
create_change() {
  take '.result | select(.sys_id != null)' snow POST "/api/now/table/change_request?sysparm_fields=$FIELDS" "$(
    jq -n --arg run "$deploy_run" --arg service "$service" --arg environment "$environment" --arg group "$1" \
      --arg risk "$(setting change_risk)" \
      --arg id "$(printf '%s' "$deploy_run" | md5sum | cut -c 1-32)" \
      --arg sha "$sha" --arg percent "$percent" --arg threshold "$threshold" \
      '{sys_id: $id, type: "normal", correlation_id: $run, correlation_display: "Port", u_external_tags: $run,
        assignment_group: $group, risk: $risk, short_description: "Deploy \($service) to \($environment)",
        description: "Coverage of \($service) at \($sha) is \($percent)%; \($threshold)% are asked for. Pipeline: \(env.CI_PIPELINE_URL)"}'
  )"
}

# open_change: found or made; an answer that was lost is looked up before anything is sent again.
open_change() {
  group=$(group_id)
  tries=0
  while [ "$tries" -lt 3 ]; do
    change=$(find_change) || fail 'ServiceNow does not say whether there is a change request already'
    [ -z "$change" ] || return 0
    change=$(create_change "$group") && return 0
    tries=$((tries + 1))
    sleep "$tries"
  done
  fail 'ServiceNow did not open a change request'
}

# ask_for_approval: moves a new change request on; the flow of ServiceNow asks the approvers.
ask_for_approval() {
  [ "$(of state)/$(of approval)" = "$NEW/not requested" ] || return 0
  change=$(take .result snow PATCH "/api/now/table/change_request/$(of sys_id)?sysparm_fields=$FIELDS" "{\"state\": \"$ASSESS\"}") ||
    fail "ServiceNow did not take the next state of $(of number)"
  [ "$(of state)" = "$ASSESS" ] || fail "$(of number) did not move to Assess"
}

# catalogue COLUMN...: the entity that people decide on, with its relation. What the decision is about, `approval` and
# `state`, is left to ServiceNow's webhook, which may have come first and be newer, unless it is asked for.
catalogue() {
  port POST "/blueprints/servicenowChangeRequest/entities?upsert=true&merge=true&run_id=$run" "$(
    printf '%s' "$change" | jq --arg service "$service" --arg more "$*" '
      def instant: if . == null or . == "" then null else sub(" "; "T") + "Z" end;
      ($more | split(" ")) as $columns | . as $all |
      {identifier: .sys_id, title: .short_description, icon: "Servicenow",
       properties: ({number, description, priority, category, externalTags: .u_external_tags,
                     isActive: (.active == "true"), createdBy: .sys_created_by, createdOn: (.sys_created_on | instant)}
                    + ([$columns[] | {(.): $all[.]}] | add // {})
                    | with_entries(select(.value != null and .value != ""))),
       relations: {service: $service}}'
  )" >/dev/null || fail 'Port did not take the change request'
}

# genuine: both runs are what the payload says they are, and still wait.
genuine() {
  first=$(run_of "$deploy_run") || fail "Port does not know the run $deploy_run"
  second=$(run_of "$run") || fail "Port does not know the run $run"
  is_run "$first" deploy_service_to_cluster || fail "Refused: $deploy_run is no run of deploy_service_to_cluster"
  belongs "$second" pre_deployment_check || fail "Refused: $run is no open check of $deploy_run"
  waits "$first" || fail "Refused: $deploy_run has ended"
  asks_for "$first" "$service" "$environment" || fail "Refused: $deploy_run asks for something else"
}

gate_request() {
  service=$(state request .service)
  environment=$(state request .environment)
  genuine
  link "$deploy_run"
  link "$run"
  percent=$(coverage_percent) || fail 'The tests have left no report of their coverage'
  threshold=$(setting coverage_threshold)
  sha=$(state request .sha)
  tell "$deploy_run" "The tests of $service passed; coverage is $percent%, $threshold% are asked for"
  if jq -en --argjson percent "$percent" --argjson threshold "$threshold" '$percent >= $threshold' >/dev/null; then
    do_deploy "$service" "$environment" "$sha"
    return
  fi
  keep "$(tested_tag "$deploy_run")" "$sha"
  open_change
  number=$(of number)
  [ "$(of u_external_tags)" = "$deploy_run" ] ||
    fail "$number lost u_external_tags: is the column there, and may this account write it?"
  ask_for_approval
  catalogue
  tell "$deploy_run" "Coverage is below $threshold%: change request $number waits for a decision"
  end "$run" SUCCESS "Change request $number is open"
  do_not_deploy
}

# decided: waits a little for the flow, which moves approval and state one after the other.
decided() {
  waited=0
  most=$(setting decision_wait_seconds)
  while :; do
    change=$(read_change "$change_id") || fail 'ServiceNow does not show the change request'
    is_ours || fail "Refused: $(of number) belongs to another deployment"
    result=$(verdict)
    if [ "$result" != undecided ] || [ "$waited" -ge "$most" ]; then
      return
    fi
    sleep 1
    waited=$((waited + 1))
  done
}

# put_back: the catalogue hears that nobody has decided, so that a real decision is a change there, and starts us again.
put_back() {
  port PATCH "/blueprints/servicenowChangeRequest/entities/$change_id?run_id=$run" \
    '{"properties": {"approval": "requested"}}' >/dev/null || fail 'Port did not take the change request'
}

refuse() {
  text="Nothing was deployed: $1"
  note "$change_id" "$text"
  end "$run" FAILURE "$text"
  do_not_deploy
}

gate_decision() {
  change_id=$(state request .change)
  decided
  number=$(of number)
  own=$(run_of "$run") || fail "Refused: Port does not know the run $run"
  belongs "$own" approveSnowPipeline || fail "Refused: $run is no open run of approveSnowPipeline about $deploy_run"
  if [ "$result" = undecided ]; then
    put_back
    decided
  fi
  follow
}

# follow: does what was decided, as ServiceNow says it.
follow() {
  case $result in
    approved) follow_approval ;;
    rejected)
      end_request FAILURE "Change request $number was rejected: nothing was deployed"
      end "$run" SUCCESS "The rejection of $number is done"
      do_not_deploy
      ;;
    held) give_up "Change request $number is approved and on hold" ;;
    canceled) give_up "Change request $number was canceled" ;;
    implemented) give_up "Change request $number is implemented already" ;;
    *)
      tell "$deploy_run" "A decision about $number was announced, but no approver has decided: it still waits"
      refuse "$number says \"$(of approval)\" in state $(of state): no approver has decided"
      ;;
  esac
}

# give_up TEXT: what cannot become a deployment any more is closed, so that what is told stays true.
give_up() {
  if close "$deploy_run" "$1: nothing was deployed, ask again"; then
    end_request FAILURE "$1: nothing was deployed, ask again"
    refuse "$1"
  else
    end "$run" SUCCESS "$1; the deployment was started before"
    do_not_deploy
  fi
}

follow_approval() {
  link "$run"
  first=$(run_of "$deploy_run") || fail "Port does not know the run $deploy_run"
  is_run "$first" deploy_service_to_cluster || fail "Refused: $deploy_run is no run of deploy_service_to_cluster"
  sha=$(tag_text "$(tested_tag "$deploy_run")") || fail "GitLab does not say what was tested for $deploy_run"
  service=$(printf '%s' "$first" | jq -er .entity.identifier)
  environment=$(printf '%s' "$first" | jq -er .properties.environment)
  tell "$deploy_run" "Change request $number is approved"
  do_deploy "$service" "$environment" "$sha"
}

# gate_look: somebody has waited for long. Messages get lost, GitLab refuses pipelines, machines die: this one finds out
# what has become of a deployment, whatever was told or not.
gate_look() {
  own=$(run_of "$run") || fail "Port does not know the run $run"
  belongs "$own" lookAtDeployment || fail "Refused: $run is no open run of lookAtDeployment about $deploy_run"
  first=$(run_of "$deploy_run") || fail "Port does not know the run $deploy_run"
  is_run "$first" deploy_service_to_cluster || fail "Refused: $deploy_run is no run of deploy_service_to_cluster"
  link "$run"
  end_leftovers
  change=$(find_change) || fail 'ServiceNow does not say whether there is a change request'
  if ! waits "$first"; then
    end_request FAILURE 'This is not waited for any more'
    end "$run" SUCCESS "Nobody waits for $deploy_run any more"
    do_not_deploy
  elif [ -n "$change" ]; then
    look_at_change
  else
    look_without_change
  fi
}

# end_leftovers: the runs of pipelines that died, or were cancelled before they began, cannot be told by those.
end_leftovers() {
  open=$(take '[.runs[]]' port GET '/actions/runs?version=v2&active=true') || fail 'Port does not say which runs are open'
  printf '%s' "$open" | jq -r --argjson own "$own" --argjson minutes "$(setting longest_pipeline_minutes)" '
    def seconds: .[:19] + "Z" | fromdate;
    .[] | select((.properties.deploy_run_id? // .payload.body.deploy_run_id?) == env.deploy_run and .id != $own.id)
        | select(.action.identifier | . == "pre_deployment_check" or . == "approveSnowPipeline" or . == "lookAtDeployment")
        | select(($own.createdAt | seconds) - (.createdAt | seconds) > 60 * $minutes) | .id' >"$scratch/leftovers"
  while read -r left; do
    end "$left" FAILURE 'The pipeline of this run has ended without a word'
  done <"$scratch/leftovers"
}

look_at_change() {
  change_id=$(of sys_id)
  number=$(of number)
  service=$(printf '%s' "$first" | jq -er .entity.identifier)
  result=$(verdict)
  if [ "$result" = undecided ]; then
    if is_abandoned; then ask_for_approval; fi
    catalogue approval state
    end "$run" SUCCESS "$number still waits for a decision"
    do_not_deploy
    return
  fi
  catalogue approval state
  follow
}

look_without_change() {
  if ! is_abandoned; then
    end "$run" SUCCESS "A pipeline may still work on $deploy_run"
  elif close "$deploy_run" 'No pipeline works on it any more, and nothing was deployed'; then
    end_request FAILURE 'No pipeline works on it any more, and nothing was deployed: ask again'
    end "$run" SUCCESS "$deploy_run was abandoned, and is told so"
  else
    said=$(how_it_ended "$deploy_run") || fail 'GitLab does not say which deployments have ended'
    said=${said:-FAILURE Outcome unknown: a job died within the deployment. Look what it did, then ask again}
    end_request "${said%% *}" "${said#* }"
    end "$run" SUCCESS "$deploy_run has ended, and is told so"
  fi
  do_not_deploy
}

# is_abandoned: whether a pipeline that was started by the request must be over, by the clock of Port.
is_abandoned() {
  printf '%s' "$own" | jq -e --arg created "$(printf '%s' "$first" | jq -er .createdAt)" \
    --argjson minutes "$(setting longest_pipeline_minutes)" \
    'def seconds: .[:19] + "Z" | fromdate; (.createdAt | seconds) - ($created | seconds) > 60 * $minutes' >/dev/null
}

"gate_$mode"
