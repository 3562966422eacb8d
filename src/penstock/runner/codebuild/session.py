"""The shell session of a build, kept alive across commands, phases and users."""

from __future__ import annotations

import os

from penstock.runner.shells.contract import Emit, Host, Shell
from penstock.runner.shells.driver import quote

OF_USER = ("HOME", "USER", "LOGNAME")


class Session:
    """Gives commands to one shell of a host, and to a new one when that has ended.

    Version 0.2 has one shell per build: a shell that a command ended (`exit`, `exec`, a signal) or
    that ran as another user hands its directory and variables to the next (CB-026). Version 0.1
    has a fresh shell for each command (CB-005).
    """

    def __init__(self, host: Host, *, fresh_per_command: bool = False) -> None:
        self._host = host
        self._fresh = fresh_per_command
        self._shell: Shell | None = None
        self._user: str | None = None
        self._settings: dict[str, str] = {}

    def run(self, text: str, user: str | None, emit: Emit, deadline: float | None) -> int:
        """Runs a command and returns its exit status. Raises HostError, DeadlinePassed."""
        ended = self._shell_of(user).run(text, emit, deadline)
        if not ended.alive or self._fresh:
            self._drop()
        return ended.status

    def query(self, text: str) -> bytes | None:
        """What a command prints, unseen by the log; None where it failed."""
        answer = self._shell_of(self._user).query(text)
        if answer is None:
            self._drop()  # it may have ended the shell; the next one takes over
        return answer

    def expand(self, text: str) -> str:
        """`text` with the variables and `$(…)` in it as the session's shell expands them (CB-085).

        Raises ValueError where the shell refuses it.
        """
        if "$" not in text and "`" not in text:
            return text
        mark = f"END_{os.urandom(8).hex()}"
        answer = self.query(f"\\command -p cat <<{mark}\n{text}\n{mark}")
        if answer is None:
            raise ValueError(f"the shell cannot expand {text!r}")
        return answer.decode("utf-8", "surrogateescape").removesuffix("\n")

    def variables(self, names: tuple[str, ...]) -> dict[str, str]:
        """The values of those of the variables that are set; exported or not."""
        if not names:
            return {}
        return _values(self.query(_prints(names)))

    def export(self, name: str, value: str) -> None:
        """Sets a variable in the shell that runs and in each that is started after it."""
        self._settings[name] = value
        if self._shell is not None:
            self._shell.query(_exports({name: value}))

    def checkpoint(self) -> None:
        """Keeps the state, for a command that ends its shell without a trace (`exec`, kill -9)."""
        if self._shell is not None and not self._fresh:
            self._shell.save()

    def attach(self) -> int:
        """An interactive shell in the place of the last command; its exit status."""
        self.checkpoint()
        return self._host.attach(self._user)

    def close(self) -> None:
        self._drop()

    def _shell_of(self, user: str | None) -> Shell:
        changes = user != self._user
        if self._shell is not None and changes:
            self.checkpoint()
            self._drop()
        if self._shell is None:
            self._shell = self._host.start(user)
            self._user = user
            if not self._fresh:
                _take_over(self._shell, another_user=changes)
            if self._settings:
                self._shell.query(_exports(self._settings))
        return self._shell

    def _drop(self) -> None:
        if self._shell is not None:
            self._shell.close()
            self._shell = None


def _take_over(shell: Shell, another_user: bool) -> None:
    """Loads what the last shell left, but not the home and name of its user (CB-018, CB-110)."""
    own = _values(shell.query(_prints(OF_USER))) if another_user else {}
    shell.load()
    if another_user:
        shell.query(f"\\command unset {' '.join(OF_USER)}\n{_exports(own)}")


def _prints(names: tuple[str, ...]) -> str:
    """A command that prints `NAME=value` and NUL for each that is set.

    `command` is for builds that have functions with the names of builtins, `\\` for aliases.
    """
    lines = (
        f'case ${{{name}+x}} in x) \\command printf "%s\\0" "{name}=${name}" ;; esac'
        for name in names
    )
    return "\n".join(lines)


def _values(printed: bytes | None) -> dict[str, str]:
    text = (printed or b"").decode("utf-8", "surrogateescape")
    return dict(pair.split("=", 1) for pair in text.split("\0") if pair)


def _exports(settings: dict[str, str]) -> str:
    return "\n".join(f"\\command export {name}={quote(value)}" for name, value in settings.items())
