#!/usr/bin/env bash
# Rehearses the pipeline of this folder. Needs penstock, Node, PostgreSQL and Redis on the PATH.
set -euo pipefail
cd "$(dirname "$0")"
exec penstock rehearse codepipeline-template.yaml --source . --secrets secrets.env --approve auto \
  --param GitHubOwner=innovation-grupo-uma --param GitHubRepo=twenty-uma \
  --param NotificationEmail=dev-team@agnicrm.com "$@"
