"""`penstock env`: the variables by which any AWS tool finds the server."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Mapping

from penstock.cli.options import Given, Option, Usage
from penstock.cli.server_command import HELP, CommandError, folder_of, options, settings_of
from penstock.serving.credentials_file import read_credentials
from penstock.serving.folder import DataFolder
from penstock.settings import Settings

SHELLS = ("sh", "fish", "powershell", "json")
USAGE = Usage(
    "env",
    'Prints variables for this shell: eval "$(penstock env)".',
    (
        *options("data", "region"),
        Option(("--shell",), "how they are written; default: sh", "SHELL", False, SHELLS),
        HELP,
    ),
)


def perform(given: Given) -> int:
    settings = settings_of(given)
    variables = variables_of(folder_of(settings), settings)
    print(render(variables, given.last("shell") or "sh"))
    return 0


def variables_of(folder: DataFolder, settings: Settings) -> dict[str, str]:
    """Raises CommandError where no server was ever up on the folder."""
    holder, credentials = folder.holder(), read_credentials(folder)
    if credentials is None:
        raise CommandError(f"no server has been up on {folder}: start one with `penstock up`")
    if holder is None or not holder.endpoint:
        print("penstock env: no server is up: start it with `penstock up`", file=sys.stderr)
    endpoint = holder.endpoint if holder else ""
    return {
        "AWS_ENDPOINT_URL": endpoint or f"http://{settings.host}:{settings.port}",
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_REGION": settings.region,
        "AWS_DEFAULT_REGION": settings.region,
    }


def render(variables: Mapping[str, str], shell: str) -> str:
    """As a shell evaluates it. A session token of other credentials would go with ours."""
    pairs = variables.items()
    match shell:
        case "json":
            return json.dumps(dict(variables), indent=2)
        case "fish":
            lines = [f"set -gx {name} {_fish(value)};" for name, value in pairs]
            return "\n".join([*lines, "set -e AWS_SESSION_TOKEN;"])
        case "powershell":
            lines = [f"$Env:{name} = {_powershell(value)}" for name, value in pairs]
            return "\n".join([*lines, "$Env:AWS_SESSION_TOKEN = $null"])
        case _:
            lines = [f"export {name}={shlex.quote(value)}" for name, value in pairs]
            return "\n".join([*lines, "unset AWS_SESSION_TOKEN"])


def _fish(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _powershell(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
