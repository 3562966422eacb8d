"""Builds that this worker performs: claimed, watched, ended if they do not end themselves."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from uuid import UUID, uuid4

from penstock.decide.build_documents import log_stream
from penstock.flow import builds as flow
from penstock.runner.codebuild.source.removing import remove
from penstock.state.builds import PhaseContext, Status
from penstock.state.recorded_builds import Claim
from penstock.store import Store, builds, logs
from penstock.store.facts import recall
from penstock.store.opening import Location
from penstock.store.storage_error import StorageError
from penstock.worker.children import Child, warm_up
from penstock.worker.patience import patiently
from penstock.worker.session import session_of
from penstock.worker.settings import RunnerSettings
from penstock.worker.work import Engine, Work

LOG = logging.getLogger("penstock.worker")
STOPPING = 30.0
"""Seconds that a build which is to stop may take, before it is killed."""


class Crew:
    """`running` are the builds that are this worker's now."""

    def __init__(
        self,
        store: Store,
        location: Location,
        runner: RunnerSettings,
        engine: Engine | None,
        worker: UUID,
    ) -> None:
        self._store = store
        self._location = location
        self._runner = runner
        self._engine = engine
        self._worker = worker
        self.running: set[UUID] = set()

    async def perform(self, build: UUID) -> None:
        """Performs a build that is in the queue, and returns when it has ended."""
        begun = await self._begin(build)
        if begun is None:
            LOG.info("%s is not in the queue any more", build)
            return
        self.running.add(build)
        try:
            work = await patiently(lambda: self._work(begun))
            try:
                await self._watch(work)
            except Exception as error:
                LOG.exception("%s cannot be watched", begun.name.id)
                await self._give_up(work, f"A fault of Penstock's own: {error!r}")
            await self._tidy(work)
        finally:
            self.running.discard(build)

    async def _begin(self, build: UUID) -> flow.Begun | None:
        claim = Claim(build, uuid4())
        try:
            return await patiently(
                lambda: flow.begin(self._store, claim, self._worker, session_of, datetime.now(UTC))
            )
        except Exception:  # nobody else could begin it either
            LOG.exception("%s cannot be begun", build)
            await patiently(lambda: flow.refuse(self._store, build, datetime.now(UTC)))
            return None

    async def _work(self, begun: flow.Begun) -> Work:
        database = self._store.database
        page = await recall(database, "endpoint") or ""
        inside = await recall(database, "container_endpoint") or page
        return Work(
            begun,
            self._location,
            self._runner,
            self._engine,
            inside if self._engine else page,
            page,
        )

    async def _watch(self, work: Work) -> None:
        """Has the build performed by a process of its own, and passes on that it is to stop."""
        claim = work.begun.claim
        async with self._store.notices.of(work.begun.name.topic) as news:
            try:
                await asyncio.to_thread(warm_up)  # else this thread would wait for it
                child = Child(work)
            except OSError as error:
                await self._give_up(work, f"No process can be started for the build: {error}")
                return
            ended = asyncio.create_task(child.ended.wait())
            stopping: asyncio.TimerHandle | None = None
            try:
                while not ended.done():
                    heard = asyncio.create_task(news.wait())
                    await asyncio.wait((ended, heard), return_when=asyncio.FIRST_COMPLETED)
                    heard.cancel()
                    if ended.done() or stopping is not None:
                        continue
                    news.clear()
                    row = await patiently(lambda: builds.find_stage(self._store.database, claim))
                    if row is None or not row.held or row.to_stop:
                        child.stop()
                        stopping = asyncio.get_running_loop().call_later(STOPPING, child.kill)
            finally:
                if stopping is not None:
                    stopping.cancel()
        await asyncio.to_thread(child.end_leftovers)
        code = child.close()
        if code != 0:
            LOG.error("the process of %s has ended (%d)", work.begun.name.id, code)
        await self._give_up(
            work, f"The process of the build has ended unexpectedly ({_how(code)})."
        )

    async def _give_up(self, work: Work, message: str) -> None:
        """Ends the build, unless it has ended: as it was asked to, or by a fault."""
        claim = work.begun.claim
        row = await patiently(lambda: builds.find_stage(self._store.database, claim))
        if row is None or not row.held:
            return
        status = Status.STOPPED if row.to_stop else Status.FAULT
        context = PhaseContext() if row.to_stop else PhaseContext("BUILD_PROCESS_LOST", message)
        await patiently(
            lambda: flow.give_up_claim(self._store, claim, status, context, datetime.now(UTC))
        )

    async def _tidy(self, work: Work) -> None:
        name = work.begun.name
        try:
            await asyncio.to_thread(remove, work.folder)
        except OSError as error:
            LOG.warning("%s is left behind: %s", work.folder, error)
        stream = log_stream(work.effective.get("logsConfig", {}), name)
        if stream is None:
            return
        try:
            await patiently(
                lambda: logs.close_stream(self._store, name.account, name.region, *stream)
            )
        except StorageError:  # so its chunks stay where they are
            LOG.warning("the log of %s is not made into one blob", name.id)


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit status {code}"
