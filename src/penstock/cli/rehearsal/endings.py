"""How a rehearsal ended: the failing line first where it is red, and where the time went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from penstock.cli.pipeline_runs import is_approval
from penstock.cli.pretty import duration
from penstock.cli.rehearsal.builds import Failure
from penstock.cli.terminal import Terminal

Member = Mapping[str, Any]


class Spent(NamedTuple):
    """How long an action took, of all its attempts; `share` is of the whole execution."""

    place: str
    seconds: float
    share: float


class Broken(NamedTuple):
    """An action that failed, what it says, and the command at which its build broke."""

    place: str
    message: str
    failure: Failure | None


class Ending(NamedTuple):
    """`between` is the time in which no action ran: Penstock's own."""

    pipeline: str
    run: str
    status: str
    seconds: float
    spent: tuple[Spent, ...]
    between: float
    broken: tuple[Broken, ...] = ()

    def lines(self, terminal: Terminal) -> list[str]:
        if self.status == "Succeeded":
            head = f"SUCCEEDED in {duration(self.seconds)}"
            return ["", terminal.style(head, "green", "bold"), *self._times()]
        where = f" in {self.broken[0].place}" if self.broken else ""
        head = f"{self.status.upper()}{where} after {duration(self.seconds)}"
        lines = ["", terminal.style(head, "red", "bold")]
        for one in self.broken:
            lines += _told(one, terminal)
        return lines

    def _times(self) -> list[str]:
        width = max((len(one.place) for one in self.spent), default=0)
        lines = [
            f"  {one.place:<{width}}  {one.seconds:7.2f} s  {round(one.share * 100):3} %"
            for one in self.spent
        ]
        return [*lines, f"  {'between actions':<{width}}  {self.between:7.2f} s"]

    def members(self) -> dict[str, Any]:
        return {
            "pipeline": self.pipeline,
            "pipelineExecutionId": self.run,
            "status": self.status,
            "seconds": round(self.seconds, 3),
            "actions": [one._asdict() for one in self.spent],
            "between": round(self.between, 3),
            "failures": [
                {
                    "action": one.place,
                    "message": one.message,
                    **(one.failure._asdict() if one.failure else {}),
                }
                for one in self.broken
            ],
        }


def _told(one: Broken, terminal: Terminal) -> list[str]:
    if one.failure is None:
        return [f"  {terminal.style(one.place, 'bold')}  {one.message}"]
    failure = one.failure
    first, *more = failure.text.rstrip("\n").split("\n")
    lines = [f"  {terminal.style(failure.place, 'bold')}  {first}{' …' if more else ''}"]
    if failure.reason:
        lines.append(f"  {failure.reason}")
    return [*lines, *(f"  | {line}" for line in failure.tail)]


def ending_of(
    pipeline: str, run: Member, actions: Sequence[Member], broken: tuple[Broken, ...]
) -> Ending:
    """`run` and `actions` are as the API lists them when the execution is over."""
    began, ended = run["startTime"], run["lastUpdateTime"]
    whole = (ended - began).total_seconds()
    spans = [(one["startTime"], one["lastUpdateTime"]) for one in actions]
    spent: dict[str, float] = {}
    for one, (start, end) in zip(actions, spans, strict=True):
        waits = " (approval)" if is_approval(one) else ""
        place = f"{one['stageName']}/{one['actionName']}{waits}"
        spent[place] = spent.get(place, 0.0) + (end - start).total_seconds()
    return Ending(
        pipeline,
        run["pipelineExecutionId"],
        run["status"],
        whole,
        tuple(Spent(place, time, time / whole if whole else 0.0) for place, time in spent.items()),
        max(0.0, whole - _covered(spans)),
        broken,
    )


def _covered(spans: Sequence[tuple[datetime, datetime]]) -> float:
    """Seconds in which something went on."""
    total, until = 0.0, None
    for start, end in sorted(spans):
        start = start if until is None else max(start, until)
        if end > start:
            total += (end - start).total_seconds()
            until = end
    return total
