"""Whole builds, and what one more command in a build costs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bench.programs import ACT, BASH, PENSTOCK, PYTHON, WORKFLOW, Folder, buildspec, workflow
from bench.rounds import Measure, Table, medians

NO_CACHE = ("env", "XDG_CACHE_HOME=nowhere")
TWO = ("echo one", "echo two")
MANY = 1000
MANY_FOR_ACT = 20  # it takes about 5 ms for each


def whole(folder: Path) -> Table:
    """A build of two trivial commands, from typing it to the prompt."""
    place = Folder(folder).write({"buildspec.yml": buildspec(TWO), WORKFLOW: workflow(TWO)})
    commands = {
        "penstock run": (PENSTOCK, "run"),
        "penstock run --in-place": (PENSTOCK, "run", "--in-place"),
        # A cache folder that cannot be used: the buildspec is read anew each time. env takes 1 ms.
        "penstock run, buildspec not read before": (*NO_CACHE, PENSTOCK, "run"),
        "act": ACT,
        "bash -c": (BASH, "-c", "; ".join(TWO)),
        "python -c pass": (PYTHON, "-c", "pass"),
    }
    rows = medians(place.milliseconds(commands), 15)
    return Table("A build of two trivial commands", "ms", rows)


def further(folder: Path) -> Table:
    """One further trivial command: a long build less a short one, over the commands between."""
    place = Folder(folder).write(
        {
            "none.yml": buildspec([":"]),
            "many.yml": buildspec([":"] * (MANY + 1)),
            "none.sh": ":\n",
            "many.sh": ":\n" * (MANY + 1),
            "none.act.yml": workflow([":"]),
            "many.act.yml": workflow([":"] * (MANY_FOR_ACT + 1)),
        }
    )
    candidates = {
        "penstock run": _each(
            place, lambda name: (PENSTOCK, "run", "--buildspec", f"{name}.yml"), MANY
        ),
        "act": _each(place, lambda name: (*ACT, "-W", f"{name}.act.yml"), MANY_FOR_ACT),
        "bash": _each(place, lambda name: (BASH, f"{name}.sh"), MANY),
    }
    return Table("Each further trivial command", "ms", medians(candidates, 7))


def _each(place: Folder, command: Callable[[str], tuple[str, ...]], count: int) -> Measure:
    def measure() -> float:
        between = place.seconds(command("many")) - place.seconds(command("none"))
        return between / count * 1000

    return measure
