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
def test_a_commands_page_has_its_options_and_no_others(usage: Usage, page: str) -> None:
    text = (DOCS / page).read_text()
    named = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text))
    options = {name for option in usage.options for name in option.names if name.startswith("--")}
    foreign = {option for other in (RUN, LINT) for one in other.options for option in one.names}
    assert options - named == set(), "not on the page"
    assert {name for name in named - options if name in foreign or page == "lint.md"} <= foreign
