"""`penstock run --debug`: after a failed command, a shell in its place."""

from __future__ import annotations

import os
import signal

from penstock.cli.pretty import failure_lines
from penstock.cli.terminal import Terminal
from penstock.runner.codebuild.build import Rescue
from penstock.runner.codebuild.session import Session
from penstock.runner.codebuild.sinks import Failure


def rescue(terminal: Terminal, file: str) -> Rescue:
    """What a build asks after each failed command."""

    def ask(failure: Failure, session: Session) -> bool:
        terminal.show_status("")
        terminal.start_line()
        for line in failure_lines(failure, file, terminal):
            terminal.print(line)
        if not os.isatty(0):
            terminal.print("--debug: standard input is no terminal, so no shell is opened.")
            return False
        terminal.print("A shell in its place: same directory, same variables. Leave it with exit.")
        _with_the_terminal(session)
        return _wants_retry(terminal)

    return ask


def _with_the_terminal(session: Session) -> None:
    """Ctrl-C is the shell's while it is open, and the build's clock stands still."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    clock = signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        session.attach()
    finally:
        signal.setitimer(signal.ITIMER_REAL, *clock)
        signal.signal(signal.SIGINT, before)


def _wants_retry(terminal: Terminal) -> bool:
    while True:
        terminal.write(b"Retry the command (r) or give up (g)? ")
        try:
            answer = input().strip().lower()
        except EOFError:
            return False
        if answer in ("r", "retry"):
            return True
        if answer in ("g", "give up", ""):
            return False
