"""The table of docs/conformance.md, and the rules it is made by."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests" / "conformance.py"


@pytest.fixture(scope="module")
def conformance() -> ModuleType:
    spec = importlib.util.spec_from_file_location("conformance", PROGRAM)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_fresh_and_every_row_is_accounted_for() -> None:
    done = subprocess.run([sys.executable, PROGRAM], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, ""), "see `problems` in tests/conformance.py"
    page = (ROOT / "docs" / "conformance.md").read_text(encoding="utf-8")
    assert done.stdout == page, "run `make docs`"


SOURCE = '''
"""Of the file, CB-001."""
CASES = [("a", 1)]  # CB-002
OTHER = ["CB-003"]

# CB-004
@pytest.mark.parametrize("case", CASES)
def test_one(case):
    """CB-005, CB-006."""
    assert case

class TestGroup:
    def test_two(self):
        assert OTHER  # CB-005

def helper():
    """CB-007"""
'''


def test_ids_belong_to_the_tests_whose_text_or_tables_name_them(conformance: ModuleType) -> None:
    assert conformance.cited(SOURCE) == [
        ("test_one", "CB-004"),
        ("test_one", "CB-005"),
        ("test_one", "CB-006"),
        ("test_one", "CB-002"),
        ("test_two", "CB-005"),
        ("test_two", "CB-003"),
        ("", "CB-001"),
        ("", "CB-007"),
    ]


@pytest.mark.parametrize(
    ("reasons", "cited", "problem"),
    [
        ({}, {"CB-001": ["test_it"]}, []),
        ({"CB-001": "no server"}, {}, []),
        ({}, {}, ["CB-001 has no test and no reason: it works"]),
        ({}, {"CB-001": [""]}, ["CB-001 has no test and no reason: it works"]),
        (
            {"CB-001": "no server"},
            {"CB-001": ["test_it"]},
            ["CB-001 has a reason, but test_a.py shows it: remove the reason"],
        ),
        (
            {},
            {"CB-001": ["test_it"], "CB-999": ["test_it"]},
            [
                "CB-999 is named by test_a.py, but is no row: mend it there, or add it to ROWS",
            ],
        ),
        (
            {"CB-998": "no server"},
            {"CB-001": ["test_it"]},
            ["CB-998 has a reason but is no row"],
        ),
    ],
)
def test_each_row_has_a_test_or_a_reason(
    conformance: ModuleType,
    reasons: dict[str, str],
    cited: dict[str, list[str]],
    problem: list[str],
) -> None:
    shown = {
        row: [conformance.Test("test_a.py", name) for name in names] for row, names in cited.items()
    }
    assert conformance.problems({"CB-001": "it works"}, reasons, shown) == problem
