#!/bin/sh
# Deploys, at most once for each request of a developer and for each change, and ends both runs with what really happened.
. ci/lib.sh
. ci/marks.sh
. ci/change.sh

deploys=$(jq -r .deploy state/decision.json)
[ "$deploys" = true ] || {
  printf 'There is nothing to deploy in this pipeline\n'
  exit 0
}
need CI_JOB_URL CI_PIPELINE_URL
run=$(state request .run)
deploy_run=$(state request .deploy_run)
service=$(state decision .service)
environment=$(state decision .environment)
sha=$(state decision .sha)
change_id=$(jq -r '.change.sys_id // ""' state/decision.json)
number=$(jq -r '.change.number // ""' state/decision.json)
under=${number:+ under $number}
first=$(started_tag "$deploy_run")
second=$(started_tag "${change_id:-none}")

# still: whether what the gate has found is so now; this job may have waited for another deployment. Says what is not.
still() {
  if [ -z "$change_id" ]; then
    own=$(run_of "$deploy_run") || fail "Port does not know the run $deploy_run"
    waits "$own" || printf 'The request has ended'
    return 0
  fi
  change=$(read_change "$change_id") || fail "ServiceNow does not show $number"
  is_ours || fail "Refused: $number belongs to another deployment"
  case $(verdict) in
    approved) ;;
    held) printf '%s is on hold' "$number" ;;
    undecided) printf '%s is not approved any more' "$number" ;;
    *) printf '%s is %s' "$number" "$(verdict)" ;;
  esac
}

# mark: makes the tags, all of them or none; whether it was us.
mark() {
  tries=0
  set -- "$first"
  make_tag "$first" "$CI_PIPELINE_URL $CI_JOB_URL"
  if [ -n "$change_id" ]; then
    set -- "$@" "$second"
    make_tag "$second" "$CI_PIPELINE_URL $CI_JOB_URL"
  fi
  while ! push_tags "$@" 2>"$scratch/push"; do
    there=$(remote_tag "$first") || fail 'GitLab does not say which deployments were started'
    [ "$there" != "$(git rev-parse "refs/tags/$first")" ] || return 0
    other=$(remote_tag "$second") || fail 'GitLab does not say which deployments were started'
    [ -z "$there$other" ] || return 1
    tries=$((tries + 1))
    [ "$tries" -lt 3 ] || fail "GitLab did not take the mark, nothing was deployed: $(cat "$scratch/push")"
    sleep "$tries"
  done
}

# told TEXT: as a work note, where there is a change.
told() {
  [ -z "$change_id" ] || note "$change_id" "$1"
}

marked=$(remote_tag "$first") || fail 'GitLab does not say which deployments were started'
if [ -z "$marked" ]; then
  clone_service "$service" "$sha" || fail "Cannot get $service at $sha, which is what was tested"
  sign_in || fail 'Nobody could be told how the deployment goes'
  changed=$(still) || exit 1
  if [ -n "$changed" ]; then
    text="Nothing was deployed: $changed meanwhile; ask again"
    told "$text"
    close "$deploy_run" "$text" || fail "A deployment of $service was started meanwhile"
    end_request FAILURE "$text"
    end "$run" FAILURE "$text"
    exit 0
  fi
fi
if [ -n "$marked" ] || ! mark; then
  said=$(how_it_ended "$deploy_run") || fail 'GitLab does not say which deployments have ended'
  if [ -n "$said" ]; then
    end "$run" "${said%% *}" "The deployment$under is not started again: ${said#* }"
    exit 0
  fi
  # Deploy jobs run one at a time: the one that began is over.
  text="Outcome unknown: a deployment of $service was started before and nobody knows how it ended. Look what it did, then ask again: $CI_PIPELINE_URL"
  end_request FAILURE "$text"
  end "$run" FAILURE "$text"
  exit 1
fi

tell "$deploy_run" "Deploying $service to $environment$under"
told "Deployment started: $CI_JOB_URL"

# The deployment itself: the service's own deploy.sh, with the name of the environment, what the project's variables give
# it to deploy with, and without our secrets.
token=$(cat "$scratch/port")
rm -f "$scratch/port" "$scratch/credentials"
printf 'DEPLOY STEP: %s at %s to %s\n' "$service" "$sha" "$environment"
code=0
if [ -f service/deploy.sh ]; then
  (
    unset PORT_CLIENT_ID PORT_CLIENT_SECRET SERVICENOW_API_TOKEN SERVICE_READ_TOKEN DEPLOYMENT_TOKEN
    unset CI_JOB_TOKEN CI_REPOSITORY_URL CI_REGISTRY_PASSWORD CI_DEPENDENCY_PROXY_PASSWORD
    cd service && sh deploy.sh "$environment"
  ) || code=$?
else
  printf 'deployed %s to %s\n' "$service" "$environment"
fi

printf '%s\n' "$token" >"$scratch/port"

status=SUCCESS text="$service is deployed to $environment$under"
[ "$code" -eq 0 ] || status=FAILURE text="The deployment of $service to $environment failed with exit code $code: $CI_JOB_URL"
make_tag "$(ended_tag "$deploy_run")" "$status $text"
push_tags "$(ended_tag "$deploy_run")" || push_tags "$(ended_tag "$deploy_run")" ||
  printf 'GitLab did not take the end mark\n' >&2
told "$text"
end_request "$status" "$text"
end "$run" "$status" "$text"
exit "$code"
