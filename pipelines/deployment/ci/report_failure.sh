#!/bin/sh
# Some job failed: ends the runs that it leaves open, with a link to where it can be seen.
. ci/lib.sh

text="The pipeline failed: ${CI_PIPELINE_URL:-see GitLab}"
for run in "${DEPLOY_RUN_ID:-}" "${RUN_ID:-}"; do
  [ -z "$run" ] || end "$run" FAILURE "$text"
done
