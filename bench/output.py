"""How fast the output of a command gets through, with five secrets to look out for."""

from __future__ import annotations

from pathlib import Path

from bench.programs import ACT, BASH, PENSTOCK, WORKFLOW, Folder, buildspec, workflow
from bench.rounds import Measure, Table, medians

MEGABYTE = 1_000_000
SIZE = 200
SIZE_FOR_ACT = 20  # it takes seconds for 200
LINE = "[INFO] 2026-11-21 09:30:00 Compiling src/main/java/com/example/CartController.java".ljust(
    99, "."
)
SECRETS = {f"SECRET_{number}": f"correct-horse-{number}-battery-staple" for number in range(5)}


def _command(megabytes: int) -> str:
    return f"yes '{LINE}' | head -c {megabytes * MEGABYTE}"


def through(folder: Path) -> Table:
    names = "".join(f"    {name}: /bench/{name}\n" for name in SECRETS)
    head = f"env:\n  parameter-store:\n{names}"
    values = "".join(f"/bench/{name}={value}\n" for name, value in SECRETS.items())
    place = Folder(folder).write(
        {
            "buildspec.yml": buildspec([_command(SIZE)], head),
            "secrets.env": values,
            WORKFLOW: workflow([_command(SIZE_FOR_ACT)]),
            "act.env": "".join(f"{name}={value}\n" for name, value in SECRETS.items()),
        }
    )
    output = str(folder / "output")

    def rate(command: tuple[str, ...], megabytes: int) -> Measure:
        return lambda: megabytes / place.seconds(command, output)

    candidates = {
        "penstock run --secrets": rate((PENSTOCK, "run", "--secrets", "secrets.env"), SIZE),
        f"act --secret-file, {SIZE_FOR_ACT} MB": rate(
            (*ACT, "--secret-file", "act.env"), SIZE_FOR_ACT
        ),
        "bash, tee into a file": rate(
            (BASH, "-c", f"({_command(SIZE)}) | tee {folder / 'tee'}"), SIZE
        ),
    }
    title = f"{SIZE} MB of output in lines of 100 bytes, five secrets, into a file"
    notes = "Start-up included. bash masks nothing; tee writes its file and this one."
    return Table(title, "MB/s", medians(candidates, 5), bigger_is_better=True, notes=notes)
