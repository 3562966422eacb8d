"""The pages of the commands name every option, and none that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from penstock.cli.lint import USAGE as LINT
from penstock.cli.options import Usage
from penstock.cli.run import USAGE as RUN

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("usage", "page"), [(RUN, "run.md"), (LINT, "lint.md")])
def test_a_commands_page_has_every_option_and_no_other(usage: Usage, page: str) -> None:
    """In code spans; programs of others are shown in blocks, with options of their own."""
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(), flags=re.DOTALL)
    named = set(re.findall(r"`(?:penstock \w+ )?(--[a-z][a-z-]+)", text))
    options = {name for option in usage.options for name in option.names if name.startswith("--")}
    assert named == options - {"--help"} or named == options
