"""`penstock lint`: what AWS would only tell you after ten minutes."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from penstock.cli.options import Option, Usage, UsageError, describe, parse

USAGE = Usage(
    "lint",
    "Finds what is wrong with the buildspecs, templates and pipelines below the paths (default:"
    " this folder).",
    (
        Option(
            ("--format",), "how findings look", "FORMAT", False, ("text", "json", "sarif", "github")
        ),
        Option(("--strict",), "warnings fail too"),
        Option(("--no-shellcheck",), "leave shell mistakes in commands alone"),
        Option(("--no-cfn-lint",), "leave templates to the rules of Penstock alone"),
        Option(("--help", "-h"), "show this"),
    ),
    words="[PATH…]",
    notes="Exit codes: 0 nothing AWS would refuse, 1 an error (with --strict a warning too), "
    "2 bad\nusage or no such path. `# penstock: ignore RULE` in the file silences a rule.",
)


def lint(arguments: Sequence[str]) -> int:
    """Runs the command and returns its exit code."""
    try:
        given = parse(USAGE, arguments)
    except UsageError as error:
        print(f"penstock lint: {error}", file=sys.stderr)
        return 2
    if given.has("help"):
        print(describe(USAGE), end="")
        return 0
    from penstock.lint import exit_code, lint_paths
    from penstock.lint.formats import render

    result = lint_paths(
        given.words or (".",),
        shellcheck=not given.has("no_shellcheck"),
        cfn_lint=not given.has("no_cfn_lint"),
    )
    for problem in result.problems:
        print(f"penstock lint: {problem}", file=sys.stderr)
    color = os.isatty(1) and "NO_COLOR" not in os.environ
    print(render(result, given.last("format") or "text", color), end="")
    return exit_code(result, given.has("strict"))
