"""Measures in interleaved rounds, so that whatever slows this machine down slows all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

Measure = Callable[[], float]


class Row(NamedTuple):
    """A median, in the unit of its table. The first row of a table is Penstock's."""

    name: str
    figure: float


class Table(NamedTuple):
    """What was measured, and whether a bigger figure is a better one."""

    title: str
    unit: str
    rows: Sequence[Row]
    bigger_is_better: bool = False
    notes: str = ""


def medians(candidates: Mapping[str, Measure], rounds: int) -> list[Row]:
    """The median of each candidate's figures; one round before the others warms the caches."""
    figures: dict[str, list[float]] = {name: [] for name in candidates}
    for number in range(rounds + 1):
        for name, measure in candidates.items():
            figure = measure()
            if number:
                figures[name].append(figure)
    return [Row(name, statistics.median(values)) for name, values in figures.items()]


def markdown(table: Table) -> str:
    """The table, each row with how many times better (over 1) or worse Penstock is than it."""
    lines = [
        f"### {table.title}",
        "",
        f"| | {table.unit} | Penstock is |",
        "| --- | ---: | ---: |",
    ]
    first = table.rows[0]
    for row in table.rows:
        better, worse = (first, row) if table.bigger_is_better else (row, first)
        ratio = f"{better.figure / worse.figure:.2f} ×" if row is not first else ""
        lines.append(f"| {row.name} | {row.figure:,.4g} | {ratio} |")
    return "\n".join([*lines, *(("", table.notes) if table.notes else ()), ""])
