"""Who is told of a rehearsal: a person at a terminal, or a program that reads JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any, Protocol

from penstock.cli.pipeline_view import action_line
from penstock.cli.pretty import duration
from penstock.cli.terminal import Terminal

Member = Mapping[str, Any]


class Teller(Protocol):
    """Is told of things in the order in which they happen."""

    def note(self, text: str) -> None:
        """Something that one would want to know."""

    def doing(self, text: str) -> None:
        """What goes on now, for as long as it does; "" where it is over."""

    def stack(self, stack: Any) -> None:
        """A stack is there."""

    def begun(self, pipeline: str, run: str) -> None:
        """An execution has begun."""

    def action(self, action: Member) -> None:
        """An action has begun, or ended."""

    def output(self, place: str, text: str) -> None:
        """A line that the build of an action has printed."""

    def ended(self, ending: Any) -> None:
        """The execution is over."""


class PrettyTeller:
    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._speaking = ""

    def note(self, text: str) -> None:
        self._line(self._terminal.style(text, "dim"))

    def doing(self, text: str) -> None:
        self._terminal.show_status(text)

    def stack(self, stack: Any) -> None:
        self._terminal.show_status("")
        many = f"{stack.resources} resource{'s' * (stack.resources != 1)}"
        self._line(f"✓ stack {stack.name}: {many} in {duration(stack.seconds)}")
        for kind, types in (("in the sandbox", stack.simulated), ("recorded only", stack.recorded)):
            if types:
                self.note(f"  {kind}: {', '.join(types)}")

    def begun(self, pipeline: str, run: str) -> None:
        self._line(self._terminal.style(f"pipeline {pipeline}", "bold"))

    def action(self, action: Member) -> None:
        colors = {"Succeeded": "green", "Failed": "red"}
        line, color = action_line(action), colors.get(action["status"])
        self._line(self._terminal.style(line, color) if color else line)

    def output(self, place: str, text: str) -> None:
        if place != self._speaking:
            self._line(self._terminal.style(f"  {place}:", "dim"))
            self._speaking = place
        self._terminal.print(f"  | {text}")

    def ended(self, ending: Any) -> None:
        self._terminal.show_status("")
        for line in ending.lines(self._terminal):
            self._terminal.print(line)

    def _line(self, text: str) -> None:
        self._speaking = ""
        self._terminal.print(text)


class JsonTeller:
    """Every object has `event` and `at`, in seconds since 1970; members are the API's where it has
    them."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def note(self, text: str) -> None:
        self._event("note", text=text)

    def doing(self, text: str) -> None:
        pass

    def stack(self, stack: Any) -> None:
        self._event("stack", **stack._asdict())

    def begun(self, pipeline: str, run: str) -> None:
        self._event("begun", pipeline=pipeline, pipelineExecutionId=run)

    def action(self, action: Member) -> None:
        self._event("action", **action)

    def output(self, place: str, text: str) -> None:
        self._event("output", action=place, text=text)

    def ended(self, ending: Any) -> None:
        self._event("ended", **ending.members())

    def _event(self, kind: str, /, **members: Any) -> None:
        line = json.dumps({"event": kind, "at": round(time.time(), 6), **members}, default=str)
        self._terminal.print(line)
