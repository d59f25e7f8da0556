#!/bin/sh
# What the jobs call beyond the shell. An image that brings it along saves the time of fetching it in every job.
set -eu

missing=
for tool in curl git jq; do
  command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
done
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 # names, one word each
if command -v apk >/dev/null 2>&1; then
  apk add --quiet --no-cache $missing
elif command -v apt-get >/dev/null 2>&1; then
  apt-get update -qq && apt-get install -y -qq --no-install-recommends ca-certificates $missing >/dev/null
else
  printf 'The image has no%s, and nothing to fetch it with\n' "$missing" >&2
  exit 1
fi
