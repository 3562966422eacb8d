"""`penstock run`: a buildspec here and now, as CodeBuild would run it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from penstock.cli.options import Given, Option, Usage, UsageError, describe, parse
from penstock.cli.request import PHASES, RequestError, read_request

USAGE = Usage(
    "run",
    "Runs the buildspec of this folder here and now, as CodeBuild would.",
    (
        Option(("--buildspec",), "the buildspec, instead of ./buildspec.yml", "FILE"),
        Option(("--env", "-e"), "set a variable; NAME alone passes on yours", "NAME=VALUE", True),
        Option(("--env-file",), "set the variables of a dotenv file", "FILE", True),
        Option(
            ("--secrets",), "values of parameters and secrets (.env, .json, .yaml)", "FILE", True
        ),
        Option(("--aws",), "look parameters and secrets up in AWS"),
        Option(("--endpoint",), "look parameters and secrets up at this address", "URL"),
        Option(("--docker",), "run in a container of the default image"),
        Option(("--image",), "run in a container of this image", "IMAGE"),
        Option(("--privileged",), "let the container start containers (privilegedMode)"),
        Option(("--in-place",), "build in this folder itself, not in a clean copy"),
        Option(("--commit",), "build a commit, not the working tree", "REV"),
        Option(("--phase",), "run the commands of this phase only", "NAME", True, PHASES),
        Option(("--skip-phase",), "leave out the commands of this phase", "NAME", True, PHASES),
        Option(("--timeout",), "end the build after this long: 90s, 10m, 2h; default 60m", "TIME"),
        Option(("--artifacts",), "keep the artifacts below this folder", "DIR"),
        Option(("--cache",), "keep caches here, not in the user's cache folder", "DIR"),
        Option(("--no-cache",), "restore and save no cache"),
        Option(("--strict-runtimes",), "fail when a runtime version is not here"),
        Option(("--batch",), "run the buildspec's batch"),
        Option(("--jobs", "-j"), "builds of a batch at once; default: processors", "N"),
        Option(("--debug",), "after a failed command, a shell in its place"),
        Option(("--watch",), "run again whenever a file changes"),
        Option(("--plan",), "show what would run, and run nothing"),
        Option(("--json",), "print the result as JSON; the log goes to standard error"),
        Option(("--log-format",), "how the log looks", "FORMAT", False, ("pretty", "aws", "json")),
        Option(("--name",), "the project's name; default: the folder's", "PROJECT"),
        Option(("--help", "-h"), "show this"),
    ),
    notes="Exit codes: 0 green, 1 red, 2 bad usage or document, 3 a fault of\n"
    "Penstock's own, 130 interrupted.",
)


def run(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code."""
    try:
        given = parse(USAGE, arguments)
        if given.has("help"):
            print(describe(USAGE), end="")
            return 0
        return _run(given)
    except (UsageError, RequestError) as error:
        print(f"penstock run: {error}", file=sys.stderr)
        return 2


def _run(given: Given) -> int:
    try:
        folder = os.getcwd()
    except FileNotFoundError:
        raise RequestError("The current folder is gone: change to one that is there.") from None
    if given.has("watch"):
        from penstock.cli.watch import watch

        return watch(folder, lambda: _run_once(given, folder), in_place=given.has("in_place"))
    return _run_once(given, folder)


def _run_once(given: Given, folder: str) -> int:
    request = read_request(given, folder, os.environ)
    if request is None:
        return 2
    if given.has("plan"):
        from penstock.cli.plan import show_plan

        return show_plan(request)
    if given.has("batch"):
        from penstock.cli.batch import run_batch

        return run_batch(request)
    from penstock.cli.perform import perform

    return perform(request)
