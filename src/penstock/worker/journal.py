"""A build's log as CodeBuild writes it (CB-120…124), and its phases, handed to the outbox."""

from __future__ import annotations

import time
from collections.abc import Mapping
from gzip import GzipFile
from typing import Any

from penstock.documents.buildspec import Buildspec, Command
from penstock.runner.codebuild.masking import Masker
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status
from penstock.worker.outbox import Outbox

LONGEST = 1 << 18
"""Bytes of a line without an end that are held back; then it is cut."""
_COMMANDS = {
    "INSTALL": "install",
    "PRE_BUILD": "pre_build",
    "BUILD": "build",
    "POST_BUILD": "post_build",
}
_SILENT = (PhaseType.PROVISIONING, PhaseType.FINALIZING, PhaseType.COMPLETED)


class Journal:
    """The sink of one build, used from one thread.

    `secrets` are values that Penstock itself has handed to the build; those of its variables are
    masked before they come here. `copy` takes all lines too: the log that goes to S3.
    """

    def __init__(self, outbox: Outbox, secrets: Mapping[str, str], copy: GzipFile | None) -> None:
        self._outbox = outbox
        self._masker = Masker(secrets)
        self._copy = copy
        self._rest = b""
        self._expected: tuple[Buildspec, str] | None = None
        self.records: tuple[PhaseRecord, ...] = ()

    def mask(self, text: str) -> str:
        return self._masker.mask_text(text)

    def change(self, changes: Mapping[str, Any], ref: str | None = None) -> None:
        """Changes members of the API's Build."""
        self._outbox.put_progress(self.records, (), changes, ref)

    # A sink's methods. A phase may be entered by who prepares it, and once more by the runner.

    def phase_entered(self, phase: PhaseType, at: float) -> None:
        if self.records and self.records[-1].phase is phase:
            return
        self.records = (*self.records, PhaseRecord(phase, at))
        if phase.value in _COMMANDS or phase is PhaseType.UPLOAD_ARTIFACTS:
            self._say(f"Entering phase {phase}", at)
        if phase is not PhaseType.COMPLETED:  # which is told with the build's end
            self._outbox.put_progress(self.records)

    def note(self, text: str) -> None:
        self._say(text, time.time())

    def warn(self, text: str) -> None:
        self._say(text, time.time())

    def command_started(self, command: Command) -> None:
        self._say(f"Running command {command.text}", time.time())

    def output(self, data: bytes) -> None:
        self._write(self._masker.feed(data))

    def command_ended(self, command: Command, exit_status: int) -> None:
        self._write(self._masker.flush())
        self._end_line()
        self._lines([b""])
        if exit_status:
            text = f"Command did not exit successfully {command.text} exit status {exit_status}"
            self._say(text, time.time())

    def phase_left(self, record: PhaseRecord) -> None:
        """The phase began when it was first entered."""
        began = self.records[-1].started
        context = record.context._replace(message=self.mask(record.context.message))
        left = record._replace(started=began, context=context)
        self.records = (*self.records[:-1], left)
        if left.phase is PhaseType.DOWNLOAD_SOURCE and left.status is Status.SUCCEEDED:
            self._tell_phases()
        if left.phase not in _SILENT:
            at = left.ended or left.started
            self._say(f"Phase complete: {left.phase} State: {left.status}", at)
            self._say(f"Phase context status code: {context.code} Message: {context.message}", at)
        if left.phase is not PhaseType.COMPLETED:
            self._outbox.put_progress(self.records, (left,))

    # Phases that no runner performs.

    def leave(self, status: Status = Status.SUCCEEDED, context: PhaseContext | None = None) -> None:
        """Leaves the phase that is open, if one is."""
        if self.records and self.records[-1].ended is None:
            now = time.time()
            open_ = self.records[-1]
            left = open_._replace(ended=now, status=status, context=context or PhaseContext())
            self.phase_left(left)

    def restate(self, status: Status, context: PhaseContext) -> None:
        """What stopped the phase was not a user."""
        self.records = tuple(
            record._replace(status=status, context=context)
            if record.status is Status.STOPPED
            else record
            for record in self.records
        )

    def tell_source(self, folder: str, place: str) -> None:
        for text in (
            "Waiting for DOWNLOAD_SOURCE",
            "Phase is DOWNLOAD_SOURCE",
            f"CODEBUILD_SRC_DIR={folder}",
            f"YAML location is {place}",
            "Processing environment variables",
        ):
            self.note(text)

    def expect(self, spec: Buildspec, folder: str) -> None:
        """What is to be done, once all is there to do it: the source is in `folder`."""
        self._expected = spec, folder

    def _tell_phases(self) -> None:
        """CB-123"""
        if self._expected is None:
            return
        spec, folder = self._expected
        self.note(f"Moving to directory {folder}")
        self.note("Registering with agent")
        self.note(f"Phases found in YAML: {len(spec.phases)}")
        for phase in spec.phases:
            self.note(f" {phase.name.upper()}: {len(phase.commands)} commands")

    def stop_copy(self) -> None:
        """The copy is closed: lines go to the outbox alone."""
        self._copy = None

    def close(self) -> None:
        self._write(self._masker.flush())
        self._end_line()

    # Lines.

    def _say(self, text: str, at: float) -> None:
        self._end_line()
        date = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(at))
        line = f"[Container] {date}.{int(at % 1 * 1e6):06} {self.mask(text)}"
        self._lines(line.encode("utf-8", "replace").split(b"\n"))

    def _write(self, data: bytes) -> None:
        if not data:
            return
        *lines, rest = (self._rest + data if self._rest else data).split(b"\n")
        if len(rest) > LONGEST:
            lines.append(rest)
            rest = b""
        self._rest = rest
        self._lines(lines)

    def _end_line(self) -> None:
        if self._rest:
            rest, self._rest = self._rest, b""
            self._lines([rest])

    def _lines(self, lines: list[bytes]) -> None:
        if not lines:
            return
        now = int(time.time() * 1000)
        texts = [line.decode("utf-8", "replace").rstrip("\r") for line in lines]
        if self._copy is not None:
            self._copy.writelines(line + b"\n" for line in lines)
        self._outbox.put_lines([(now, text) for text in texts])
