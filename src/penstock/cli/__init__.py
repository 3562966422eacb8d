"""The `penstock` command: one file per command, imported only when it is used."""

from __future__ import annotations

import gc
import os
import sys
from typing import TextIO

from penstock import __version__

COMMANDS = {
    "run": "Run a buildspec here and now, as CodeBuild would",
    "lint": "Find what AWS would only tell you after ten minutes",
    "rehearse": "Run a whole pipeline from its template and your files, here and now",
    "up": "Start the server: AWS's API, with builds for real",
    "down": "Stop it",
    "status": "Tell whether it is up, and where",
    "env": "Print the variables by which AWS's tools find it",
    "builds": "List its builds, or show one",
    "logs": "Print a log, or follow it",
    "pipelines": "List its pipelines, show one, or watch one run",
    "stacks": "List its stacks, show one, or what a template would change",
    "start": "Start a pipeline",
    "approve": "Approve what a pipeline waits for",
    "reject": "Reject it",
    "retry": "Try a failed stage again",
    "rollback": "Bring a stage back to an earlier execution",
    "stop": "Stop an execution of a pipeline",
    "triggers": "Explain what a commit started, or why nothing",
    "transition": "Close or open the way into a stage",
    "git-url": "Print the URL of a repository that it hosts",
    "keys": "List, create and revoke access keys",
    "worker": "Run builds for a server on another machine",
    "doctor": "Look for what the server needs on this machine",
    "reset": "Empty the data folder",
    "completion": "Complete these words in bash, zsh and fish",
}
USAGE_EXIT = 2
FAULT_EXIT = 3
INTERRUPTED_EXIT = 130


def main() -> None:
    """Runs the command named by the first word and ends the process with its exit code."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    gc.disable()  # nothing that a start makes is garbage; a build that runs turns it on again
    code = _main(sys.argv[1:])
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        code = code or 1
    _exit(code)


def _nowhere() -> TextIO:
    """Stands in for a stream that whoever started us has closed."""
    return open(os.devnull, "w")


def _exit(code: int) -> None:
    """Without the interpreter's tidying up, which takes milliseconds and tidies nothing of ours."""
    os._exit(code)


def _main(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(_overview(), end="")
        return 0 if words else USAGE_EXIT
    if words[0] in ("-V", "--version", "version"):
        print(f"penstock {__version__}")
        return 0
    try:
        return _dispatch(words[0], words[1:])
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return INTERRUPTED_EXIT
    except BrokenPipeError:
        return INTERRUPTED_EXIT  # whoever read our output has gone
    except Exception as error:
        if type(error).__name__ == "OutputError":  # its module is only imported where it is used
            print(f"penstock: {error}", file=sys.stderr)
            return FAULT_EXIT
        return _fault(error)


def _dispatch(command: str, arguments: list[str]) -> int:
    if command == "run":
        from penstock.cli.run import run

        return run(arguments)
    if command == "lint":
        from penstock.cli.lint import lint

        return lint(arguments)
    if command in COMMANDS:
        from penstock.cli.server_command import dispatch

        return dispatch(command, arguments)
    print(f"penstock: not implemented: {command}\n\n{_overview()}", end="", file=sys.stderr)
    return USAGE_EXIT


def _overview() -> str:
    commands = "\n".join(f"  penstock {name:<10} {text}" for name, text in COMMANDS.items())
    return (
        f"penstock {__version__}: AWS-native CI/CD, for real, anywhere\n\n{commands}\n\n"
        "penstock COMMAND --help tells more. Exit codes: 0 green, 1 red, 2 bad usage or document,\n"
        "3 a fault of Penstock's own, 130 interrupted.\n"
    )


def _fault(error: Exception) -> int:
    """A fault of our own: a line for the user, the whole story for who would mend it."""
    import traceback

    print(f"penstock: a fault of Penstock's own: {error!r}", file=sys.stderr)
    if os.environ.get("PENSTOCK_TRACEBACK"):
        traceback.print_exception(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"  at {place.filename}:{place.lineno}", file=sys.stderr)
        print("  Run it again with PENSTOCK_TRACEBACK=1 and please report it.", file=sys.stderr)
    return FAULT_EXIT
