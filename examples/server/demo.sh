#!/usr/bin/env bash
# A server, a project, a build through it, and where to look: examples/server/demo.sh
# Needs `penstock` (with its extra `server`), the aws CLI, python3 and node. Its data stays in DATA.
set -euo pipefail
cd "$(dirname "$0")"

DATA=${DATA:-$(mktemp -d /var/tmp/penstock-demo-XXXXXX)}
PENSTOCK=${PENSTOCK:-penstock}
AWS=${AWS:-aws}

say() { printf '\n== %s\n' "$*"; }

say "a server (builds run on this machine; without --runner-where they run in containers)"
"$PENSTOCK" up --detach --data "$DATA" --port "${PORT:-0}" --runner-where host
eval "$("$PENSTOCK" env --data "$DATA")"
export AWS_PAGER=
# Version 2 of the CLI does not always read AWS_ENDPOINT_URL.
aws() { "$AWS" --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }

say "a source, and the secret that its buildspec asks Parameter Store for"
aws s3 mb s3://sources
aws s3 mb s3://artifacts
(cd ../python-node && python3 -m zipfile -c "$DATA/gauges.zip" VERSION buildspec.yml gauges tests tools web)
aws s3 cp --quiet "$DATA/gauges.zip" s3://sources/gauges.zip
aws ssm put-parameter --name /gauges/api-token --type SecureString --value tok-demo-5f1c9e7a2b \
  --query Version

say "a project, and a build of it"
aws codebuild create-project --cli-input-json file://project.json --query project.arn
aws codebuild start-build --project-name gauges --query build.id
"$PENSTOCK" logs -f build/gauges

say "what came of it"
"$PENSTOCK" builds show gauges
aws s3 ls --recursive s3://artifacts
"$PENSTOCK" builds show gauges --json | python3 -c '
import json, sys
sys.exit(json.load(sys.stdin)["buildStatus"] != "SUCCEEDED")'

say "the server is still up: eval \"\$($PENSTOCK env --data $DATA)\", then any aws command"
echo "   stop it with: $PENSTOCK down --data $DATA"
