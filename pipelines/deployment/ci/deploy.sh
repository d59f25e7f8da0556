#!/bin/sh
# Deploys, at most once for each request of a developer and for each change, and ends both runs with what really happened.
. ci/lib.sh

[ "$(jq -r .deploy state/decision.json)" = true ] || exit 0
need CI_JOB_URL CI_PROJECT_DIR CI_SERVER_URL SERVICE_READ_TOKEN
run=$(state request .run)
deploy_run=$(state request .deploy_run)
service=$(state decision .service)
environment=$(state decision .environment)
change=$(jq -r '.change.sys_id // ""' state/decision.json)
number=$(jq -r '.change.number // ""' state/decision.json)
under=${number:+ under $number}
first=$(started_tag "$deploy_run")
second=$(started_tag "${change:-none}")

# mark: makes the tags, all of them or none; whether it was us.
mark() {
  tries=0
  set -- "refs/tags/$first"
  make_tag "$first" "$CI_JOB_URL"
  if [ -n "$change" ]; then
    set -- "$@" "refs/tags/$second"
    make_tag "$second" "$CI_JOB_URL"
  fi
  while ! git push --quiet --atomic origin "$@" 2>"$scratch/push"; do
    there=$(remote_tag "$first")
    [ "$there" != "$(git rev-parse "refs/tags/$first")" ] || return 0
    [ -z "$there$(remote_tag "$second")" ] || return 1
    tries=$((tries + 1))
    [ "$tries" -lt 3 ] || fail "GitLab did not take the mark, nothing was deployed: $(cat "$scratch/push")"
    sleep "$tries"
  done
}

# note TEXT: in ServiceNow, for the people there; a deployment does not depend on it.
note() {
  [ -n "$change" ] || return 0
  snow PATCH "/api/now/table/change_request/$change?sysparm_fields=number" \
    "$(jq -n --arg text "$1" '{work_notes: $text}')" >/dev/null || printf 'ServiceNow took no work note\n' >&2
}

if ! mark; then
  if [ -z "$(remote_tag "$(ended_tag "$deploy_run")")" ]; then
    fail "A deployment of $service was started before (${first#*/}) and nobody knows how it ended"
  fi
  end "$run" SUCCESS "The deployment$under was started before; it is not started again"
  exit 0
fi

tell "$deploy_run" "Deploying $service to $environment$under"
note "Deployment started: $CI_JOB_URL"
git -c credential.helper= \
  -c "credential.$CI_SERVER_URL.helper=!f() { echo username=oauth2; echo \"password=\$SERVICE_READ_TOKEN\"; }; f" \
  clone --quiet --depth 1 --branch "$(setting service_branch)" "$CI_SERVER_URL/$service.git" service ||
  printf 'Cannot clone %s\n' "$service" >&2

# The deployment itself: the service's own deploy.sh, with the name of the environment and without our secrets.
printf 'DEPLOY STEP: %s to %s\n' "$service" "$environment"
code=0
if [ -f service/deploy.sh ]; then
  (cd service && env -i HOME="$scratch" PATH="$PATH" LANG=C.UTF-8 sh deploy.sh "$environment") || code=$?
elif [ -d service ]; then
  printf 'deployed %s to %s\n' "$service" "$environment"
else
  code=1
fi

status=SUCCESS text="$service is deployed to $environment$under"
[ "$code" -eq 0 ] || status=FAILURE text="The deployment of $service to $environment failed with exit code $code: $CI_JOB_URL"
make_tag "$(ended_tag "$deploy_run")" "$status $text"
git push --quiet origin "refs/tags/$(ended_tag "$deploy_run")" ||
  git push --quiet origin "refs/tags/$(ended_tag "$deploy_run")" || printf 'GitLab did not take the end mark\n' >&2
note "$text"
end "$deploy_run" "$status" "$text"
end "$run" "$status" "$text"
exit "$code"
