"""Lint as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

CLEAN = Path(__file__).parents[1] / "unit" / "lint" / "fixtures" / "clean"
PROGRAM = """
import sys
from penstock.lint import exit_code, lint_paths
from penstock.lint.formats import render
result = lint_paths(sys.argv[1:])
sys.stdout.write(render(result))
sys.exit(exit_code(result))
"""


def test_two_hundred_buildspecs_take_less_than_two_seconds(tmp_path: Path) -> None:
    texts = [file.read_text() for file in sorted(CLEAN.iterdir())]
    for number in range(200):
        # Every file has commands of its own, so that none is checked for another.
        text = texts[number % len(texts)].replace("make", f"make -C part{number}")
        (tmp_path / f"buildspec-{number}.yml").write_text(text)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    took = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    assert "200 files: 0 errors, 0 warnings" in done.stdout
    assert took < 2, f"took {took:.2f} s"
