#!/usr/bin/env bash
# Installs what package-lock.json says, unless node_modules, as the cache brought them, are that.
set -euo pipefail
cd "$(dirname "$0")/.."

if cmp -s package-lock.json node_modules/.installed-lock.json; then
  echo "node_modules are those of package-lock.json"
else
  npm ci
  cp package-lock.json node_modules/.installed-lock.json
fi
