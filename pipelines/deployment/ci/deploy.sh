#!/bin/sh
# Deploys, at most once for each request of a developer, and ends both runs with what really happened.
. ci/lib.sh

need DEPLOY RUN_ID DEPLOY_RUN_ID
[ "$DEPLOY" = true ] || exit 0
need SERVICE TARGET_ENVIRONMENT

# A tag in this repository is the mark: it can be made once, and outlives every job. Its push must have created it.
marked() {
  git push --porcelain origin "HEAD:refs/tags/deployment/$DEPLOY_RUN_ID" | grep -q '^\*'
}

if ! marked; then
  tell "$RUN_ID" "The deployment for $DEPLOY_RUN_ID was started before"
  end "$RUN_ID" SUCCESS 'Nothing is left to do'
  exit 0
fi
tell "$DEPLOY_RUN_ID" "Deploying $SERVICE to $TARGET_ENVIRONMENT${CHANGE_NUMBER:+ under $CHANGE_NUMBER}"
# This is where your own deployment stands; its exit status decides.
printf 'deployed %s to %s\n' "$SERVICE" "$TARGET_ENVIRONMENT"
end "$DEPLOY_RUN_ID" SUCCESS "$SERVICE is deployed to $TARGET_ENVIRONMENT"
end "$RUN_ID" SUCCESS "$SERVICE is deployed to $TARGET_ENVIRONMENT"
