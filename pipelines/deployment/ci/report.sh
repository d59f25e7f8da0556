#!/bin/sh
# A job failed or was cancelled: ends the runs that are left open with what is known, and where it can be seen.
# Usage: report.sh failed|canceled. A payload that names runs of somebody else ends nothing.
. ci/lib.sh

if [ ! -f state/request.json ]; then
  printf 'The payload was refused: there is no run that could be told\n'
  exit 0
fi
mode=$(state request .mode)
run=$(state request .run)
deploy_run=$(state request .deploy_run)

case $mode in
  request) action=pre_deployment_check ;;
  *) action=approveSnowPipeline ;;
esac
own=$(run_of "$run") || own='{}'
first=$(run_of "$deploy_run") || first='{}'
if ! is_run "$own" "$action" || ! is_run "$first" deploy_service_to_cluster; then
  printf 'Refused: the payload does not name runs that could have started this pipeline\n'
  exit 0
fi
if [ "$mode" = request ] &&
  ! printf '%s' "$own" | jq -e --arg run "$deploy_run" '.properties.deploy_run_id == $run' >/dev/null; then
  printf 'Refused: the payload names runs that have nothing to do with each other\n'
  exit 0
fi

status=FAILURE
case $1 in
  canceled) text="The pipeline was cancelled, nothing was deployed: $CI_PIPELINE_URL" ;;
  *) text="The pipeline failed, nothing was deployed: $CI_PIPELINE_URL" ;;
esac
ended=$(remote_tag "$(ended_tag "$deploy_run")")
if [ -n "$ended" ]; then
  said=$(tag_text "$(ended_tag "$deploy_run")")
  status=${said%% *}
  text=${said#* }
elif [ -n "$(remote_tag "$(started_tag "$deploy_run")")" ]; then
  text="Outcome unknown: a job died within the deployment. Look what it did, then ask again: $CI_PIPELINE_URL"
fi
case $status in SUCCESS | FAILURE) ;; *) fail "The end mark of $deploy_run cannot be read" ;; esac
end "$deploy_run" "$status" "$text"
end "$run" "$status" "$text"
