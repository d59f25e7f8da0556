# What ServiceNow says of a change request; read in after lib.sh. `change` is the record at hand, as JSON.
# shellcheck shell=sh disable=SC2034,SC2154 # set here or used here, and the other in the scripts that read this in

FIELDS='sys_id,number,state,approval,on_hold,short_description,description,priority,category,active,sys_created_by,sys_created_on,u_external_tags,correlation_id'
NEW=-5 ASSESS=-4 SCHEDULED=-2 IMPLEMENT=-1 REVIEW=0 CLOSED=3 CANCELED=4

# of NAME: a column of the change at hand.
of() {
  printf '%s' "$change" | jq -r --arg name "$1" '.[$name] // ""'
}

# read_change SYS_ID
read_change() {
  take '.result | select(.sys_id != null)' snow GET "/api/now/table/change_request/$1?sysparm_fields=$FIELDS"
}

# find_change: the change request of this deployment, if there is one. ServiceNow drops query terms that it does not
# know, so what it found is looked at again; and only what our account has made is ours, whoever wrote on others.
find_change() {
  account=$(setting servicenow_account)
  export account
  found=$(take '[.result[] | select(.correlation_id == env.deploy_run and .sys_created_by == env.account)]' \
    snow GET "/api/now/table/change_request?sysparm_query=correlation_id%3D$deploy_run&sysparm_limit=100&sysparm_fields=$FIELDS") ||
    return 1
  printf '%s' "$found" | jq -c '.[0] // empty'
}

# is_ours: whether the change at hand is the one of this deployment.
is_ours() {
  [ "$(of u_external_tags)/$(of correlation_id)/$(of sys_created_by)" = "$deploy_run/$deploy_run/$(setting servicenow_account)" ]
}

# verdict: what the record says now. The word alone decides nothing: approvers move the state as well.
verdict() {
  case $(of approval)/$(of state)/$(of on_hold) in
    approved/"$SCHEDULED"/false | approved/"$IMPLEMENT"/false) printf approved ;;
    approved/*/true) printf held ;;
    rejected/"$NEW"/*) printf rejected ;;
    approved/"$REVIEW"/* | approved/"$CLOSED"/*) printf implemented ;;
    */"$CANCELED"/*) printf canceled ;;
    *) printf undecided ;;
  esac
}

# note SYS_ID TEXT: in ServiceNow, for the people there; nothing depends on it.
note() {
  snow PATCH "/api/now/table/change_request/$1?sysparm_fields=number" \
    "$(jq -n --arg text "$2" '{work_notes: $text}')" >/dev/null || printf 'ServiceNow took no work note\n' >&2
}
