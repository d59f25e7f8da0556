# Helpers of all jobs; read in with `. ci/lib.sh`. POSIX sh with curl and jq. Nothing here prints a secret.
# Addresses and limits come from ci/settings.json, not from variables: whoever starts a pipeline can set those.
# `run` and `deploy_run` are the ids of the run that started this pipeline, and of the developer's.
# shellcheck shell=sh disable=SC2154
set -eu
# shellcheck disable=SC3040 # only where the shell knows it: what is piped is looked at again all the same
if (set -o pipefail) 2>/dev/null; then set -o pipefail; fi

MOST_ATTEMPTS=4
MOST_WAIT_SECONDS=60
MOST_WAIT_FOR_TOKENS_SECONDS=300
call_most=$MOST_WAIT_SECONDS

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# need NAME...: every variable must have a value.
need() {
  for name in "$@"; do
    eval "value=\${$name:-}"
    [ -n "$value" ] || fail "The variable $name is missing: is it protected, and this branch not?"
  done
}

setting() {
  jq -er --arg name "$1" '.[$name]' ci/settings.json || fail "ci/settings.json does not say $1"
}

# state FILE FILTER: a value that an earlier job has left.
state() {
  jq -er "$2" "state/$1.json" || fail "state/$1.json is not there or does not say $2"
}

# coverage_percent: what the report of the tests says, with one decimal, cut off.
coverage_percent() {
  rate=$(sed -n 's/^<coverage .*line-rate="\([01]\.[0-9]*\)".*/\1/p' coverage.xml) || return 1
  jq -n --arg rate "$rate" '$rate | tonumber * 1000 | floor / 10'
}

# matches TEXT REGEX: the whole text, which must be one line.
matches() {
  [ "$(printf '%s' "$1" | grep -Ec '')" -le 1 ] && printf '%s\n' "$1" | grep -Eq "^($2)\$"
}

# is_id TEXT: an id of Port, safe in an address.
is_id() {
  matches "$1" '[A-Za-z0-9_-]{1,64}'
}

# wait_for STATUS ATTEMPT: as long as the service asks, within bounds. Port gives tokens again after five minutes.
wait_for() {
  call_asked=$(sed -n 's/^[Rr][Ee][Tt][Rr][Yy]-[Aa][Ff][Tt][Ee][Rr]: *\([0-9]\{1,6\}\).*/\1/p' "$scratch/headers" | tail -n 1)
  call_seconds=${call_asked:-$2}
  [ "$call_seconds" -le "$call_most" ] || call_seconds=$call_most
  printf 'status %s; trying again in %s s\n' "$1" "$call_seconds" >&2
  sleep "$call_seconds"
}

# once METHOD URL [JSON]: one request; the status is printed, the answer is left in $scratch/answer.
once() {
  : >"$scratch/headers"
  : >"$scratch/answer"
  call_json=${3:-}
  set -- --request "$1" "$2"
  if [ -n "$call_json" ]; then
    printf '%s' "$call_json" >"$scratch/body"
    set -- --header 'Content-Type: application/json' --data-binary "@$scratch/body" "$@"
  fi
  curl --silent --show-error --max-time 30 --header 'Accept: application/json' --header "@$scratch/credentials" \
    --output "$scratch/answer" --dump-header "$scratch/headers" --write-out '%{http_code}' "$@" || true
}

# call METHOD URL [JSON]: prints the answer, which is JSON.
# A refusal for now (429, 503) is repeated; what may have been performed only when it is a read.
call() {
  call_attempt=0
  while :; do
    call_attempt=$((call_attempt + 1))
    call_status=$(once "$@")
    case $1/$call_status in
      */2??)
        if jq -e 'type == "object" and .error == null' "$scratch/answer" >"$scratch/judged" 2>/dev/null; then
          cat "$scratch/answer"
          return 0
        fi
        [ "$1" = GET ] || break
        ;;
      */429 | */503 | GET/000 | GET/50?) ;;
      *) break ;;
    esac
    [ "$call_attempt" -lt "$MOST_ATTEMPTS" ] || break
    wait_for "$call_status" "$call_attempt"
  done
  printf '%s %s: status %s\n' "$1" "${2%%\?*}" "$call_status" >&2
  jq -r '.message // .error.message? // .error? // empty' "$scratch/answer" 2>/dev/null | head -n 3 >&2 || true
  return 1
}

# take FILTER CALL...: what a filter finds in the answer of a call, as JSON. Fails when the call does, and when it finds
# nothing: of empty input, jq itself says that all is well.
take() {
  take_filter=$1
  shift
  take_answer=$("$@") || return 1
  take_found=$(printf '%s' "$take_answer" | jq -ce "$take_filter") || return 1
  [ -n "$take_found" ] || return 1
  printf '%s' "$take_found"
}

# sign_in: one token of Port for a whole job, asked for when it is needed first; it is never written to a kept place.
sign_in() {
  [ ! -s "$scratch/port" ] || return 0
  need PORT_CLIENT_ID PORT_CLIENT_SECRET
  : >"$scratch/credentials"
  call_most=$MOST_WAIT_FOR_TOKENS_SECONDS
  login=$(take .accessToken call POST "$(setting port)/auth/access_token" \
    "$(jq -n '{clientId: env.PORT_CLIENT_ID, clientSecret: env.PORT_CLIENT_SECRET}')") || {
    call_most=$MOST_WAIT_SECONDS
    printf 'Port gave no access token\n' >&2
    return 1
  }
  call_most=$MOST_WAIT_SECONDS
  printf '%s' "$login" | jq -r '"Authorization: Bearer \(.)"' >"$scratch/port"
}

# port METHOD PATH [JSON]
port() {
  sign_in || return 1
  cp "$scratch/port" "$scratch/credentials"
  call "$1" "$(setting port)$2" "${3:-}"
}

# snow METHOD PATH [JSON]
snow() {
  need SERVICENOW_API_TOKEN
  printf 'Authorization: Basic %s\n' "$SERVICENOW_API_TOKEN" >"$scratch/credentials"
  call "$1" "$(setting servicenow)$2" "${3:-}"
}

# tell RUN TEXT: a line in the log of a run; a run that has ended takes none, and that is no failure.
tell() {
  printf '%s\n' "$2"
  port POST "/actions/runs/$1/logs" "$(jq -n --arg text "$2" '{message: $text}')" >/dev/null ||
    printf 'Port took no log for %s\n' "$1" >&2
}

# end RUN SUCCESS|FAILURE TEXT: a run that has ended already stays as it is.
end() {
  printf '%s %s: %s\n' "$1" "$2" "$3"
  end_line=$(jq -n --arg text "$3" --arg status "$2" '{message: $text, terminationStatus: $status}')
  end_tries=0
  until port POST "/actions/runs/$1/logs" "$end_line" >/dev/null; do
    end_run=$(run_of "$1") || fail "Port does not know the run $1, or does not answer"
    if ! waits "$end_run"; then
      printf '%s has ended before\n' "$1"
      return 0
    fi
    end_tries=$((end_tries + 1))
    [ "$end_tries" -lt 3 ] || fail "Port could not be told the end of $1"
    sleep "$end_tries"
  done
}

# run_of RUN: the run as Port has it. A new one may take a moment to show.
run_of() {
  run_tries=0
  until take .run port GET "/actions/runs/$1?version=v2"; do
    run_tries=$((run_tries + 1))
    [ "$run_tries" -lt 4 ] || return 1
    sleep 1
  done
}

# waits JSON: whether a run has not ended.
waits() {
  printf '%s' "$1" | jq -e '.status | . == "IN_PROGRESS" or . == "WAITING_FOR_APPROVAL"' >/dev/null
}

# end_request STATUS TEXT: the developer's run, which is no open deployment any more. Where Port does not take that, the
# watch over open deployments finds it out.
end_request() {
  end "$deploy_run" "$1" "$2"
  port DELETE "/blueprints/openDeployment/entities/$deploy_run?run_id=$run" >/dev/null ||
    printf 'Port has no open deployment %s\n' "$deploy_run" >&2
}

# belongs JSON ACTION: whether a run is an open one of an action or automation, and about this deployment. That is what its
# input says, or the body that it has sent; where Port shows neither, that it is open has to do.
belongs() {
  is_run "$1" "$2" && waits "$1" && printf '%s' "$1" | jq -e --arg run "$deploy_run" \
    '(.properties.deploy_run_id? // .payload.body.deploy_run_id? // $run) == $run' >/dev/null
}

# asks_for JSON SERVICE ENVIRONMENT: whether a run of a developer asks for that.
asks_for() {
  printf '%s' "$1" | jq -e --arg service "$2" --arg environment "$3" \
    '.entity.identifier == $service and .properties.environment == $environment' >/dev/null
}

# is_run JSON ACTION: whether a run is one of an action.
is_run() {
  [ "$(printf '%s' "$1" | jq -r '.action.identifier // ""')" = "$2" ]
}

# git_as VARIABLE ARGUMENT...: git, with a token of GitLab that stands in a variable, and is written nowhere.
git_as() {
  need CI_SERVER_URL "$1"
  git_token=$1
  shift
  git -c credential.helper= \
    -c "credential.$CI_SERVER_URL.helper=!f() { echo username=oauth2; echo \"password=\$$git_token\"; }; f" "$@"
}

# clone_service SERVICE [COMMIT]: into service/; HEAD or that commit.
clone_service() {
  git_as SERVICE_READ_TOKEN clone --quiet --no-checkout --single-branch --branch "$(setting service_branch)" \
    "$CI_SERVER_URL/$1.git" service &&
    git -C service -c advice.detachedHead=false checkout --quiet "${2:-HEAD}"
}
