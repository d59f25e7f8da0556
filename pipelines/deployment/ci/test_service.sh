#!/bin/sh
# Tests the service of a request in its own repository and measures coverage: coverage.xml (Cobertura) and
# state/coverage.json. What a decision is about was tested when it was a request.
. ci/lib.sh

[ "$(state request .mode)" = request ] || exit 0
need CI_PROJECT_DIR
service=$(state request .service)
threshold=$(setting coverage_threshold)

# The code of a service is not ours: it gets a directory and an environment of its own, without our secrets.
clone_service "$service" || fail "Cannot clone $service"
sha=$(git -C service rev-parse HEAD)
(cd service && env -i HOME="$scratch" PATH="$PATH" LANG=C.UTF-8 \
  python3 "$CI_PROJECT_DIR/ci/cover.py" "$CI_PROJECT_DIR/coverage.xml") || fail "The tests of $service failed"

rate=$(sed -n 's/^<coverage .*line-rate="\([01]\.[0-9]*\)".*/\1/p' coverage.xml)
jq -n --arg rate "${rate:?the report names no line-rate}" --argjson threshold "$threshold" --arg sha "$sha" \
  '($rate | tonumber * 1000 | floor / 10) as $percent | {$percent, $threshold, $sha, met: ($percent >= $threshold)}' |
  tee state/coverage.json
printf 'TOTAL %s%%\n' "$(state coverage .percent)"
