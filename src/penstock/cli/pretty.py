"""A build as a person follows it: phases, commands, their output, and at the end what matters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from penstock.cli.terminal import Terminal
from penstock.documents.buildspec import Command
from penstock.state.builds import PhaseRecord, PhaseType, Status

if TYPE_CHECKING:
    from penstock.runner.codebuild.order import Result
    from penstock.runner.codebuild.reports.model import Report
    from penstock.runner.codebuild.sinks import Failure

MARKS = {Status.SUCCEEDED: ("✓", "green"), Status.STOPPED: ("■", "yellow")}
FAILED = ("✗", "red")
LAST_LINES = 12
# Phases that are over at once and say nothing; they are shown when something is wrong in them.
QUIET = {
    PhaseType.DOWNLOAD_SOURCE,
    PhaseType.UPLOAD_ARTIFACTS,
    PhaseType.FINALIZING,
    PhaseType.COMPLETED,
}


class PrettySink:
    """Prints a build to a terminal, or plainly into a pipe."""

    def __init__(self, terminal: Terminal, file: str) -> None:
        self._terminal = terminal
        self._file = file
        self._phase = PhaseType.SUBMITTED
        self._entered = 0.0
        self._doing = ""
        self._is_red = False

    def phase_entered(self, phase: PhaseType, at: float) -> None:
        self._phase, self._entered, self._doing = phase, at, ""
        if phase not in QUIET:
            self._line(self._terminal.style(str(phase), "bold"))
        self.tick()

    def note(self, text: str) -> None:
        self._line(self._terminal.style(text, "dim"))

    def warn(self, text: str) -> None:
        self._line(self._terminal.style(f"warning: {text}", "yellow"))

    def command_started(self, command: Command) -> None:
        first, *others = command.text.rstrip("\n").split("\n")
        self._doing = first
        self._line(self._terminal.style("\n  ".join((f"$ {first}", *others)), "blue"))
        self.tick()

    def output(self, data: bytes) -> None:
        self._terminal.write(data)

    def command_ended(self, command: Command, exit_status: int) -> None:
        self._doing = ""
        if exit_status:
            self._line(self._terminal.style(f"exit status {exit_status}", "red"))

    def phase_left(self, record: PhaseRecord) -> None:
        self._terminal.show_status("")
        failed = record.status is not Status.SUCCEEDED
        if record.phase in QUIET and not failed:
            return
        mark, color = MARKS.get(record.status, FAILED)
        status = f" {record.status}" if failed else ""
        seconds = duration((record.ended or record.started) - record.started)
        self._line(self._terminal.style(f"{mark} {record.phase}{status} {seconds}", color))
        if failed and self._is_red and record.context.code != "COMMAND_EXECUTION_ERROR":
            # The first failure is told at the end; a later one must not hide it (CB-207).
            self._line(self._terminal.style(record.context.message, color))
        self._is_red = self._is_red or failed

    def tick(self) -> None:
        """Redraws the live line: the phase, how long it has taken, the command at work."""
        if self._terminal.is_live and self._phase not in QUIET:
            seconds = duration(time.time() - self._entered)
            self._terminal.show_status(f"● {self._phase} {seconds}  {self._doing[:50]}")

    def _line(self, text: str) -> None:
        self._terminal.start_line()
        self._terminal.print(text)


def duration(seconds: float) -> str:
    """`0.3 s`, `12.3 s`, `2 min 5 s`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def ending(result: Result, file: str, seconds: float, terminal: Terminal) -> list[str]:
    """What is said last: of a green build how long it took, of a red one what to mend."""
    failed = [report for report in result.reports if report.status != "SUCCEEDED"]
    others = [report for report in result.reports if report.status == "SUCCEEDED"]
    lines = ["", *(line for report in others for line in _report(report))]
    lines += [f"artifact: {place}" for place in result.artifacts]
    problems = [line for report in failed for line in _report(report)]
    if result.status is Status.SUCCEEDED:
        success = terminal.style(f"SUCCEEDED in {duration(seconds)}", "green", "bold")
        return [*lines, *problems, success]
    culprit = next((r for r in result.records if r.status is not Status.SUCCEEDED), None)
    where = f" in {culprit.phase}" if culprit else ""
    head = f"{result.status}{where} after {duration(seconds)}"
    lines.append(terminal.style(head, "red", "bold"))
    if result.failure is not None:
        lines += failure_lines(result.failure, file, terminal)
    elif culprit and culprit.context.message:
        lines.append(f"  {culprit.context.message}")
    return [*lines, *problems]


def failure_lines(failure: Failure, file: str, terminal: Terminal) -> list[str]:
    """The command that failed, where it stands, its exit code, and the last it said."""
    first, *more = failure.command.text.rstrip("\n").split("\n")
    place = f"{file}:{failure.command.at.line}"
    text = failure.tail.decode("utf-8", "replace").replace("\x00", "")
    last = [line for line in text.splitlines() if line.strip()][-LAST_LINES:]
    return [
        f"  {terminal.style(place, 'bold')}  {first}{' …' if more else ''}",
        f"  exit status {failure.exit_status}",
        *(f"  | {line}" for line in last),
    ]


def _report(report: Report) -> tuple[str, ...]:
    from penstock.runner.codebuild.reports.summary import summary

    return summary(report)
