#!/bin/sh
# Runs the tests of a service and measures coverage: coverage.xml (Cobertura). This job has no secrets.
# What a decision is about was tested when it was a request.
. ci/lib.sh

mode=$(state request .mode)
[ "$mode" = request ] || exit 0
need CI_PROJECT_DIR
service=$(state request .service)

(cd source && env -i HOME="$scratch" PATH="$PATH" LANG=C.UTF-8 \
  python3 "$CI_PROJECT_DIR/ci/cover.py" "$CI_PROJECT_DIR/coverage.xml") || fail "The tests of $service failed"
printf 'TOTAL %s%%\n' "$(coverage_percent)"
