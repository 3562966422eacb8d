#!/usr/bin/env bash
# Makes the layers and the functions' code as Lambda unpacks them: layers/build.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

to=$1
rm -rf "$to"
mkdir -p "$to"/{functions,powertools/python,utils/python}
cp functions/*.py "$to/functions"
cp -R layers/utils/e_com67_utils "$to/utils/python"
# boto3 comes with Lambda's Python.
"${PYTHON:-python3}" -m pip install --quiet --no-compile --disable-pip-version-check --root-user-action ignore \
  --target "$to/powertools/python" --requirement layers/powertools/requirements.txt
find "$to" -name __pycache__ -prune -exec rm -rf {} +
