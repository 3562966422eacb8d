"""The process of one build, forked from a server that has all modules read.

It reports by itself: whoever started it only watches that it lives. It is asked to stop by a
SIGTERM, and takes the end of its worker for a reason to end too.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

from penstock.decide import build_documents
from penstock.decide.artifact_places import split_location
from penstock.errors import AwsError
from penstock.flow.builds import Lost, finish, record_reports
from penstock.flow.overdue import TIMED_OUT, worker_gone
from penstock.runner.codebuild.reports.model import Report
from penstock.runner.shells.contract import DeadlinePassed, HostError
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status
from penstock.state.recorded_builds import Ending
from penstock.store import objects
from penstock.worker.artifacts import read_file
from penstock.worker.journal import Journal
from penstock.worker.memory import Memory
from penstock.worker.outbox import Outbox, Stream
from penstock.worker.patience import patiently
from penstock.worker.performance import Performance, own_variables
from penstock.worker.refusal import CLIENT_ERROR, Refused
from penstock.worker.work import Work

LOG = logging.getLogger("penstock.worker")
LAST_WORDS = 5.0  # seconds that a build without a worker has to tell its end
FAULT = "INTERNAL_SERVICE_ERROR"

T = TypeVar("T")


def run(work: Work) -> None:
    """Performs the build and records how it ended. Leaves nothing running."""
    os.setsid()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is the worker's to judge
    signal.signal(signal.SIGALRM, _ring)
    os.dup2(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC), 0)
    os.makedirs(work.runner.folder, exist_ok=True)
    os.mkdir(work.folder, 0o711)  # other users may pass through it (run-as), not look around
    os.mkdir(work.tmp, 0o700)
    with Memory(work.location) as memory:
        try:
            _Telling(work, memory).tell()
        except Lost:
            LOG.warning("%s was ended from elsewhere", work.begun.name.id)


def _ring(*_: object) -> NoReturn:
    raise DeadlinePassed


class _Telling:
    """The build, and all that is told of it."""

    def __init__(self, work: Work, memory: Memory) -> None:
        self._work = work
        self._memory = memory
        self._orphaned = False
        self._copy = _copy_of(work)
        name, config = work.begun.name, work.effective.get("logsConfig", {})
        stream = build_documents.log_stream(config, name)
        self._outbox = Outbox(memory, work.begun, Stream(*stream) if stream else None)
        variables = own_variables(work)
        secrets = {name: variables[name] for name in ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")}
        self._journal = Journal(self._outbox, secrets, self._copy)
        self._journal.records = (
            PhaseRecord(PhaseType.PROVISIONING, work.begun.document["phases"][2]["startTime"]),
        )
        self._performance = Performance(work, memory, self._journal)

    def tell(self) -> None:
        """Raises Lost."""
        self._watch_worker()
        self._begin()
        status = self._perform()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._finish(status)

    def _watch_worker(self) -> None:
        parent = multiprocessing.parent_process()
        if parent is None:
            return
        sentinel = parent.sentinel
        loop = self._memory.loop

        def gone() -> None:
            loop.remove_reader(sentinel)
            self._orphaned = True
            os.kill(os.getpid(), signal.SIGTERM)

        loop.call_soon_threadsafe(loop.add_reader, sentinel, gone)

    def _begin(self) -> None:
        work = self._work
        config = work.effective.get("logsConfig", {})
        there = build_documents.logs_there(config, work.begun.name, work.page)
        self._journal.note("Waiting for agent ping")
        self._journal.change({"logs": there})

    def _perform(self) -> Status:
        """The build's status, whatever happens; the journal has its phases."""
        began: float = self._work.begun.document["phases"][2]["startTime"]
        deadline = began + 60 * self._work.effective["timeoutInMinutes"]
        signal.setitimer(signal.ITIMER_REAL, max(deadline - time.time(), 0.001))
        try:
            status = self._performance.perform(deadline).status
            return self._cut(status, PhaseContext()) if self._orphaned else status
        except Refused as refused:
            return self._fail(refused.context)
        except HostError as error:
            return self._fail(PhaseContext(CLIENT_ERROR, str(error)))
        except DeadlinePassed:
            return self._cut(Status.TIMED_OUT, TIMED_OUT)
        except KeyboardInterrupt:
            return self._cut(Status.STOPPED, PhaseContext())
        except Lost:
            raise
        except Exception as error:
            LOG.exception("%s failed by a fault of Penstock's own", self._work.begun.name.id)
            for line in traceback.format_exception(error):
                self._journal.warn(line.rstrip())
            context = PhaseContext(FAULT, f"A fault of Penstock's own: {error!r}")
            return self._cut(Status.FAULT, context)

    def _fail(self, context: PhaseContext) -> Status:
        """Nothing could be begun; after DOWNLOAD_SOURCE a build is finalized all the same."""
        journal = self._journal
        phase = journal.records[-1].phase
        journal.leave(Status.FAILED, context)
        if phase is PhaseType.DOWNLOAD_SOURCE:
            journal.phase_entered(PhaseType.FINALIZING, time.time())
            journal.leave()
        return Status.FAILED

    def _cut(self, status: Status, context: PhaseContext) -> Status:
        if self._orphaned:
            status, context = Status.FAULT, worker_gone("of this build")
            self._journal.restate(status, context)
        self._journal.leave(status, context)
        return status

    def _finish(self, status: Status) -> None:
        """Raises Lost."""
        result = self._performance.result
        journal = self._journal
        arns = self._record_reports(result.reports) if result else ()
        journal.close()
        self._upload_log()
        self._outbox.close(LAST_WORDS if self._orphaned else None)
        exported = result.exported if result else {}
        ending = Ending(
            status,
            journal.records,
            {name: journal.mask(value) for name, value in exported.items()},
            self._performance.places,
            arns,
        )
        store, claim = self._memory.store, self._work.begun.claim
        self._patiently(lambda: finish(store, claim, ending, datetime.now(UTC)))

    def _record_reports(self, reports: Sequence[Report]) -> tuple[str, ...]:
        if not reports:
            return ()
        from penstock.runner.codebuild.reports.summary import summary  # most builds have none

        for report in reports:
            for line in summary(report):
                self._journal.note(line)
        store, name = self._memory.store, self._work.begun.name
        recorded = self._patiently(lambda: record_reports(store, name, reports, datetime.now(UTC)))
        for refusal in recorded.refusals:
            self._journal.warn(refusal)
        return recorded.arns

    def _upload_log(self) -> None:
        if self._copy is None:
            return
        self._copy.close()
        config = self._work.effective["logsConfig"]
        bucket, key = split_location(build_documents.s3_log(config, self._work.begun.name))
        store = self._memory.store
        try:
            self._patiently(
                lambda: objects.put_object(
                    store,
                    bucket,
                    key,
                    read_file(_log_path(self._work)),
                    now=datetime.now(UTC),
                    owner=self._work.begun.name.account,
                )
            )
        except AwsError as error:
            self._journal.stop_copy()
            self._journal.warn(f"The log is not in {bucket}/{key}: {error.code}: {error.message}")

    def _patiently(self, act: Callable[[], Awaitable[T]]) -> T:
        """Waits for the database as long as it takes, or until there is nobody to wait for."""

        async def wait() -> T:
            async with asyncio.timeout(LAST_WORDS if self._orphaned else None):
                return await patiently(act)

        try:
            return self._memory.call(wait())
        except TimeoutError:
            os._exit(1)  # `overdue` tells the end


def _log_path(work: Work) -> str:
    return os.path.join(work.folder, "log.gz")


def _copy_of(work: Work) -> gzip.GzipFile | None:
    """The log that goes to S3, if one does."""
    if not build_documents.s3_log(work.effective.get("logsConfig", {}), work.begun.name):
        return None
    return gzip.GzipFile(_log_path(work), "wb", compresslevel=1)
