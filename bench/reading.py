"""`penstock lint`, and what it takes to start at all."""

from __future__ import annotations

from pathlib import Path

from bench.programs import ACT, PENSTOCK, PYTHON, Folder
from bench.rounds import Table, medians

FILES = 200
EXAMPLE = Path(__file__).parents[1] / "examples" / "python-node" / "buildspec.yml"
PARSE = "import glob, yaml; [yaml.load(open(f), yaml.CSafeLoader) for f in glob.glob('*.yml')]"


def lint(folder: Path) -> Table:
    """Many buildspecs that are alike, yet none the same."""
    text = EXAMPLE.read_text(encoding="utf-8")
    files = {f"{number:03}.yml": f"{text}# {number}\n" for number in range(FILES)}
    place = Folder(folder).write(files)
    commands = {
        "penstock lint": (PENSTOCK, "lint", *files),
        "python, PyYAML with libyaml: load": (PYTHON, "-c", PARSE),
    }
    return Table(
        f"lint of {FILES} buildspecs of 80 lines", "ms", medians(place.milliseconds(commands), 5)
    )


def start(folder: Path) -> Table:
    place = Folder(folder)
    commands = {
        "penstock --version": (PENSTOCK, "--version"),
        "act --version": (ACT[0], "--version"),
        "python -c pass": (PYTHON, "-c", "pass"),
    }
    return Table("Start-up", "ms", medians(place.milliseconds(commands), 25))
