# Helpers of all jobs; read in with `. ci/lib.sh`. POSIX sh with curl and jq. Nothing here prints a secret.
# shellcheck shell=sh
set -eu

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# need NAME...: every variable must have a value.
need() {
  for name in "$@"; do
    eval "value=\${$name:-}"
    # shellcheck disable=SC2154 # eval sets it
    [ -n "$value" ] || fail "The variable $name is missing: is it protected, and this branch not?"
  done
}

# matches TEXT REGEX: the whole text, which must be one line.
matches() {
  [ "$(printf '%s' "$1" | grep -Ec '')" -le 1 ] && printf '%s\n' "$1" | grep -Eq "^($2)\$"
}

# call METHOD URL [JSON]: the header with credentials comes from $authorization and does not show in the process list.
# Only reads are repeated: nobody knows what became of a write that failed.
call() {
  json=${3:-}
  set -- --request "$1" --header 'Accept: application/json' "$2"
  [ "$2" != GET ] || set -- --retry 3 --retry-connrefused "$@"
  [ -z "$json" ] || set -- --header 'Content-Type: application/json' --data "$json" "$@"
  printf 'header = "Authorization: %s"\n' "$authorization" |
    curl --config - --silent --show-error --fail-with-body --max-time 30 "$@"
}

# port METHOD PATH [JSON]: a token of its own for every job; it is never written down.
port() {
  if [ -z "${port_token:-}" ]; then
    need PORT_API_URL PORT_CLIENT_ID PORT_CLIENT_SECRET
    port_token=$(jq -n '{clientId: env.PORT_CLIENT_ID, clientSecret: env.PORT_CLIENT_SECRET}' |
      curl --silent --show-error --fail-with-body --max-time 30 --retry 3 --retry-connrefused \
        --header 'Content-Type: application/json' --data @- "$PORT_API_URL/auth/access_token" |
      jq -er .accessToken) || fail 'Port gave no access token'
  fi
  authorization="Bearer $port_token"
  call "$1" "$PORT_API_URL$2" "${3:-}"
}

# snow METHOD PATH [JSON]
snow() {
  need SERVICENOW_INSTANCE_URL SERVICENOW_API_TOKEN
  authorization="Basic $SERVICENOW_API_TOKEN"
  call "$1" "$SERVICENOW_INSTANCE_URL$2" "${3:-}"
}

# tell RUN TEXT: a line in the log of a run; a run that has ended takes none, and that is no failure.
tell() {
  printf '%s\n' "$2"
  port POST "/actions/runs/$1/logs" "$(jq -n --arg text "$2" '{message: $text}')" >/dev/null ||
    printf 'Port took no log for %s\n' "$1" >&2
}

# end RUN SUCCESS|FAILURE TEXT: a run that has ended already stays as it is.
end() {
  printf '%s: %s\n' "$2" "$3"
  port POST "/actions/runs/$1/logs" \
    "$(jq -n --arg text "$3" --arg status "$2" '{message: $text, terminationStatus: $status}')" >/dev/null ||
    printf 'Port did not end %s: has it ended before?\n' "$1" >&2
}

# is_id TEXT: an id of Port or ServiceNow, safe in an address.
is_id() {
  matches "$1" '[A-Za-z0-9_-]{1,64}'
}
