#!/bin/sh
# A job failed or was cancelled: ends the runs that are left open with what is known, and where it can be seen.
# Usage: report.sh failed|canceled. A payload that names runs of somebody else ends nothing of theirs.
. ci/lib.sh
. ci/marks.sh

if [ ! -f state/request.json ]; then
  printf 'The payload was refused: there is no run that could be told\n'
  exit 0
fi
mode=$(state request .mode)
run=$(state request .run)
deploy_run=$(state request .deploy_run)

case $mode in
  request) action=pre_deployment_check ;;
  decision) action=approveSnowPipeline ;;
  *) action=lookAtDeployment ;;
esac
own=$(run_of "$run") || own='{}'
first=$(run_of "$deploy_run") || first='{}'
if ! belongs "$own" "$action" || ! is_run "$first" deploy_service_to_cluster; then
  printf 'Nobody is told: %s is no open run of %s about %s\n' "$run" "$action" "$deploy_run"
  exit 0
fi
if [ "$mode" = request ] && ! asks_for "$first" "$(state request .service)" "$(state request .environment)"; then
  printf 'Nobody is told: %s asks for something else\n' "$deploy_run"
  exit 0
fi

case $1 in
  canceled) text="The pipeline was cancelled, nothing was deployed: $CI_PIPELINE_URL" ;;
  *) text="The pipeline failed, nothing was deployed: $CI_PIPELINE_URL" ;;
esac
if [ "$mode" = look ] && waits "$first"; then
  end "$run" FAILURE "$text"
  exit 0 # it is looked at again: nobody has said that it is over
fi
if close "$deploy_run" "$text"; then
  end_request FAILURE "$text"
  end "$run" FAILURE "$text"
  exit 0
fi
said=$(how_it_ended "$deploy_run") || fail 'GitLab does not say which deployments have ended'
if [ -z "$said" ]; then
  by=$(tag_text "$(started_tag "$deploy_run")") || fail 'GitLab does not say who has started the deployment'
  if [ "${by%% *}" != "$CI_PIPELINE_URL" ]; then
    end "$run" FAILURE "Another pipeline has started the deployment, and tells how it ends: ${by%% *}"
    exit 0
  fi
  said="FAILURE Outcome unknown: a job died within the deployment. Look what it did, then ask again: $CI_PIPELINE_URL"
fi
end_request "${said%% *}" "${said#* }"
end "$run" "${said%% *}" "${said#* }"
