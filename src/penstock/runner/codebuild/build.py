"""Performs one build: asks the decider, makes the move, tells the sink."""

from __future__ import annotations

import time
from collections.abc import Callable

from penstock.decide.builds import (
    COMMAND_PHASES,
    Cut,
    Done,
    Enter,
    Finish,
    Leave,
    Move,
    Retry,
    Run,
    Work,
    command_context,
    next_move,
    record,
)
from penstock.documents.buildspec import Command
from penstock.runner.codebuild.download import download
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.masked import MaskedSink
from penstock.runner.codebuild.order import Order, Result, Services
from penstock.runner.codebuild.session import Session
from penstock.runner.codebuild.sinks import Failure, Sink
from penstock.runner.shells.contract import DeadlinePassed, Host, HostError, Setting
from penstock.state.builds import PhaseContext, PhaseType, Progress, Status

TAIL = 1 << 16
SUCCEEDING = "CODEBUILD_BUILD_SUCCEEDING"
TIMED_OUT = Cut(Status.TIMED_OUT, PhaseContext("BUILD_TIMED_OUT", "Build has timed out."))
STOPPED = Cut(Status.STOPPED, PhaseContext())

# With these a shell may end without the trap that leaves its state behind.
TRACELESS = ("exec", "trap", "kill", "set -n", "noexec")

# Asked when a command has failed; True runs it once more.
Rescue = Callable[[Failure, Session], bool]


class Build:
    """One build, performed once."""

    def __init__(
        self,
        order: Order,
        services: Services,
        sink: Sink,
        *,
        clock: Callable[[], float] = time.time,
        rescue: Rescue | None = None,
    ) -> None:
        self._order = order
        self._services = services._replace(host=self._host_of)
        self._make_host = services.host
        self._host: Host | None = None
        self._sink = MaskedSink(sink)
        self._clock = clock
        self._rescue = rescue
        self._spec = order.spec
        self._ground: Ground | None = None
        self._progress = Progress()
        self._succeeding = True
        self._tail = b""
        self._result = Result(Status.IN_PROGRESS, ())
        self._deadline = None if order.timeout is None else time.monotonic() + order.timeout

    def perform(self) -> Result:
        """Runs the build to its end, whatever that is; leaves nothing running."""
        try:
            while not isinstance(move := next_move(self._spec, self._progress), Finish):
                self._record(move, self._event_of(move))
            if self._ground is not None:
                self._ground.session.close()  # with what its EXIT trap has to do
            records = tuple(map(self._sink.record, self._progress.records))
            return self._result._replace(status=move.status, records=records)
        finally:
            self._stop()

    def _event_of(self, move: Move) -> Done | Cut:
        try:
            return Done(self._make(move))
        except DeadlinePassed:
            event = TIMED_OUT
        except KeyboardInterrupt:
            event = STOPPED
        except HostError as error:
            return Done(PhaseContext("CLIENT_ERROR", str(error)))
        self._stop()
        return event

    def _make(self, move: Move) -> PhaseContext:
        match move:
            case Enter(phase):
                self._enter(phase)
            case Run():
                return self._run(move)
            case Work(phase):
                return self._work(phase)
            case Retry(phase, attempt, of):
                self._sink.warn(f"Retrying {phase} ({attempt} of {of}), as its on-failure says")
        return PhaseContext()

    def _record(self, move: Move, event: Done | Cut) -> None:
        self._progress = record(self._spec, self._progress, move, event, self._clock())
        if isinstance(move, Leave) or isinstance(event, Cut):
            self._sink.phase_left(self._progress.records[-1])

    def _enter(self, phase: PhaseType) -> None:
        self._sink.phase_entered(phase, self._clock())
        name = COMMAND_PHASES.get(phase)
        if self._ground is not None and name and self._spec.phase(name).commands:
            self._ground.session.checkpoint()

    def _run(self, move: Run) -> PhaseContext:
        command = move.command
        while True:
            self._sink.command_started(command)
            status = self._status_of(command, move.run_as)
            self._sink.command_ended(command, status)
            if status == 0:
                return PhaseContext()
            failure = Failure(move.phase, self._sink.command(command), status, self._tail)
            if self._rescue is None or not self._rescue(failure, self._session()):
                break
        if self._result.failure is None:
            self._result = self._result._replace(failure=failure)
        return command_context(command.text, status)

    def _status_of(self, command: Command, user: str | None) -> int:
        session = self._session()
        self._tell_whether_succeeding(session)
        if any(word in command.text for word in TRACELESS):
            session.checkpoint()
        self._tail = b""
        try:
            return session.run(command.text, user, self._show, self._deadline)
        finally:
            self._emit(self._sink.masker.flush())

    def _session(self) -> Session:
        if self._ground is None:
            raise RuntimeError("a command before the source was there")
        return self._ground.session

    def _tell_whether_succeeding(self, session: Session) -> None:
        if self._progress.succeeding is not self._succeeding:
            self._succeeding = self._progress.succeeding
            session.export(SUCCEEDING, "1" if self._succeeding else "0")

    def _show(self, data: bytes) -> None:
        self._emit(self._sink.masker.feed(data))

    def _emit(self, data: bytes) -> None:
        if data:
            self._sink.output(data)
            self._tail = data[-TAIL:] if len(data) >= TAIL else (self._tail + data)[-TAIL:]

    def _work(self, phase: PhaseType) -> PhaseContext:
        if phase is PhaseType.DOWNLOAD_SOURCE:
            return self._download()
        if phase is PhaseType.UPLOAD_ARTIFACTS and self._ground is not None:
            return self._upload(self._ground)
        return PhaseContext()

    def _download(self) -> PhaseContext:
        ground = download(self._order, self._services, self._sink)
        if isinstance(ground, PhaseContext):
            return ground
        self._ground = ground
        self._spec = ground.spec
        self._result = self._result._replace(source_version=ground.source.resolved_version)
        return PhaseContext()

    def _upload(self, ground: Ground) -> PhaseContext:
        from penstock.runner.codebuild.upload import upload

        self._tell_whether_succeeding(ground.session)
        uploads = upload(self._order, self._services, self._sink, ground, self._progress)
        self._result = self._result._replace(
            exported=uploads.exported, artifacts=uploads.artifacts, reports=uploads.reports
        )
        return uploads.context

    def _host_of(self, setting: Setting) -> Host:
        """Kept from the first moment on: whatever happens, it is stopped."""
        self._host = self._make_host(setting)
        return self._host

    def _stop(self) -> None:
        """Ends all at once: a shell asked to close would first go on with its next line."""
        if self._host is not None:
            self._host.stop()
        if self._ground is not None:
            self._ground.session.close()
