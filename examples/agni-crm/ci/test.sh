#!/usr/bin/env bash
# Runs tests, with a JUnit report and coverage, both called NAME: ci/test.sh NAME FILE...
set -euo pipefail
name=$1
shift
mkdir -p reports
exec c8 --reporter=text-summary --reporter=cobertura --reports-dir="coverage/$name" \
  node --import tsx --test \
  --test-reporter=spec --test-reporter-destination=stdout \
  --test-reporter=junit --test-reporter-destination="reports/$name.xml" \
  "$@"
