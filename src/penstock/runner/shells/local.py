"""Shells on this machine, as ordinary processes."""

from __future__ import annotations

import fcntl
import os
import select
import time
from signal import SIGPIPE, SIGXFSZ

from penstock.runner.shells.contract import DeadlinePassed, Emit, Ended, HostError, Setting
from penstock.runner.shells.driver import DrivenShell, Exchange, program, status_of
from penstock.runner.shells.processes import end_all, mark

PIPE_SIZE = 1 << 20
CLOSING_SECONDS = 1.0
NO_PIDFD_POLL = 0.02
# A trivial command is over sooner than a process can fall asleep and be woken.
AWAKE = 0.0002
# Python ignores these, and what is ignored stays so in every program the build starts.
NOT_IGNORED = (SIGPIPE, SIGXFSZ)


class LocalHost:
    """This machine, as the user who runs Penstock, or as another where that user is root."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._marker = os.fsencode(setting.marker)
        self._leaders: list[int] = []

    def start(self, user: str | None) -> LocalShell:
        setting = self._setting
        if user is not None:
            from penstock.runner.shells.users import hand_over

            hand_over(setting.folder, user)
        text = program(setting.folder, setting.source)
        arguments = [setting.shell, "-c", text, os.path.join(setting.folder, "script.sh")]
        shell = LocalShell(arguments, setting, user)
        self._leaders.append(shell.pid)
        mark(shell.pid, self._marker)
        return shell

    def freeze(self) -> None:
        self.stop()

    def stop(self) -> None:
        for leader in self._leaders:
            end_all(leader, self._marker)
        self._leaders.clear()

    def outlives(self, path: str) -> bool:
        return True

    def fetch(self, path: str) -> str:
        return path

    def put(self, here: str, path: str) -> None:
        """Nothing to do: what this process reads and what the build reads are one."""

    def attach(self, user: str | None) -> int:
        from penstock.runner.shells.attach import attach

        return attach(self._setting, user)


class LocalShell(DrivenShell):
    """One shell process and the three pipes to it."""

    def __init__(self, arguments: list[str], setting: Setting, user: str | None) -> None:
        super().__init__(Exchange(setting.folder))
        theirs_orders, self._orders = os.pipe()
        self._answers, theirs_answers = os.pipe()
        self._output, theirs_output = os.pipe()
        os.set_blocking(self._output, False)
        _widen(self._output)
        ends = (theirs_orders, theirs_answers, theirs_output)
        try:
            self.pid = _spawn(arguments, dict(setting.environment), ends, user)
        except BaseException:
            self._close_pipes()
            raise
        finally:
            for end in ends:
                os.close(end)
        self._status: int | None = None
        self._output_ended = False
        self._watch()

    def _watch(self) -> None:
        self._poll = select.poll()
        self._poll.register(self._output, select.POLLIN)
        self._poll.register(self._answers, select.POLLIN)
        try:
            self._pidfd = os.pidfd_open(self.pid)
            self._poll.register(self._pidfd, select.POLLIN)
        except (AttributeError, OSError):  # not Linux, or an old one: look now and then instead
            self._pidfd = -1

    def close(self) -> None:
        if self._orders < 0:
            return
        if self._status is None:
            os.close(self._orders)
            self._orders = -1
            self._await_end(time.monotonic() + CLOSING_SECONDS)
        self._close_pipes()

    def _order(self, order: bytes, emit: Emit, deadline: float | None) -> Ended:
        if self._status is not None:
            return Ended(self._status, alive=False)
        try:
            os.write(self._orders, order)
        except BrokenPipeError:
            pass  # it has just died; the poll below finds out how
        while True:
            ready = self._ready(deadline)
            if self._output in ready:
                self._pass_on(emit)
            if self._answers in ready:
                answer = os.read(self._answers, 64)
                status = status_of(answer)
                if status is not None:
                    self._drain(emit)
                    return Ended(status, alive=True)
                if not answer:
                    self._poll.unregister(self._answers)
            if self._has_ended(ready):
                self._drain(emit)
                self._exchange.keep_state("exit.tmp")
                return Ended(self._status or 0, alive=False)

    def _ready(self, deadline: float | None) -> list[int]:
        patience = None if self._pidfd >= 0 else NO_PIDFD_POLL
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise DeadlinePassed
            patience = left if patience is None else min(left, patience)
        awake_until = time.monotonic() + AWAKE
        while not (events := self._poll.poll(0)) and time.monotonic() < awake_until:
            os.sched_yield()
        events = events or self._poll.poll(None if patience is None else patience * 1000 + 1)
        return [fd for fd, _ in events]

    def _has_ended(self, ready: list[int]) -> bool:
        if self._pidfd >= 0 and self._pidfd not in ready:
            return False
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if pid:
            code = os.waitstatus_to_exitcode(status)
            self._status = code if code >= 0 else 128 - code
        return bool(pid)

    def _await_end(self, deadline: float) -> None:
        """Lets the shell run the EXIT trap of the user's, if there is one, and end."""
        try:
            while not self._has_ended(self._ready(deadline)):
                pass
        except DeadlinePassed:
            pass  # `stop` kills it

    def _pass_on(self, emit: Emit) -> int:
        try:
            data = os.read(self._output, PIPE_SIZE)
        except BlockingIOError:
            return 0
        if data:
            emit(data)
        elif not self._output_ended:
            self._output_ended = True
            self._poll.unregister(self._output)
        return len(data)

    def _drain(self, emit: Emit) -> None:
        """Passes on what is in the pipe now; a background job may go on filling it for ever."""
        left = PIPE_SIZE
        while left > 0:
            count = self._pass_on(emit)
            if not count:
                return
            left -= count

    def _close_pipes(self) -> None:
        for name in ("_orders", "_answers", "_output", "_pidfd"):
            if getattr(self, name, -1) >= 0:
                os.close(getattr(self, name))
            setattr(self, name, -1)


def _widen(pipe: int) -> None:
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_SIZE)
    except (AttributeError, OSError):
        pass  # only slower


def _spawn(
    arguments: list[str], environment: dict[str, str], ends: tuple[int, int, int], user: str | None
) -> int:
    if user is not None:
        from penstock.runner.shells.users import spawn_as

        return spawn_as(user, arguments, environment, ends)
    moves = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate(ends)]
    try:
        return os.posix_spawnp(
            arguments[0],
            arguments,
            environment,
            file_actions=moves,
            setsid=True,
            setsigdef=NOT_IGNORED,
        )
    except OSError as error:
        raise HostError(
            f"The shell {arguments[0]} cannot be started: {error.strerror}. "
            "Install it, or name another one in env.shell."
        ) from None
