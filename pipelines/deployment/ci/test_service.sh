#!/bin/sh
# Tests the service of a request in its own repository and measures coverage. A decision was tested when it was a request.
# tested.env is written whatever happens: COVERAGE_MET is false until a report says otherwise.
. ci/lib.sh

met=false
coverage=unknown
trap 'printf "COVERAGE_MET=%s\nCOVERAGE=%s\n" "$met" "$coverage" >"$CI_PROJECT_DIR/tested.env"' EXIT

need CI_PROJECT_DIR MODE
[ "$MODE" = request ] || exit 0
need SERVICE SERVICE_GROUP SERVICE_BRANCH COVERAGE_THRESHOLD CI_REPOSITORY_URL CI_PROJECT_PATH DEPLOY_RUN_ID

# Next to this project, with the same job token.
repository="${CI_REPOSITORY_URL%"/$CI_PROJECT_PATH.git"}/$SERVICE_GROUP/$SERVICE.git"
tell "$DEPLOY_RUN_ID" "Testing $SERVICE"
git clone --quiet --depth 1 --branch "$SERVICE_BRANCH" "$repository" service || fail "Cannot clone $SERVICE_GROUP/$SERVICE"
cd service
python3 -m coverage run --source . --omit 'test_*' -m unittest
python3 -m coverage json --quiet -o coverage.json
coverage=$(jq -er '.totals.percent_covered | floor' coverage.json)
[ "$coverage" -lt "$COVERAGE_THRESHOLD" ] || met=true
tell "$DEPLOY_RUN_ID" "Tests of $SERVICE passed; coverage is $coverage%, $COVERAGE_THRESHOLD% are asked for"
