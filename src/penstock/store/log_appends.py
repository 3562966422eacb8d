"""Appends to one log stream that come while another is under way: they go together.

One stream's appends wait for each other's commit in any case. Of those that wait, all are one
statement and one commit, so sixteen clients cost the database little more than one does.
"""

from __future__ import annotations

import asyncio

from penstock.store import Store, logs
from penstock.store.logs import Append, StreamName

AT_ONCE = 32  # appends that go together

Waiting = list[tuple[Append, "asyncio.Future[bool]"]]


class Appends:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[StreamName, Waiting] = {}  # of streams that are added to just now
        self._tasks: set[asyncio.Task[None]] = set()

    async def add(self, name: StreamName, append: Append) -> bool:
        """As `logs.add`, which it waits for."""
        if name in self._waiting:
            added: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._waiting[name].append((append, added))
            return await added
        self._waiting[name] = []
        try:
            return await logs.add(self._store, name, [append])
        finally:
            self._go_on(name)

    def _go_on(self, name: StreamName) -> None:
        waiting = self._waiting[name]
        if not waiting:
            del self._waiting[name]
            return
        self._waiting[name] = waiting[AT_ONCE:]
        task = asyncio.create_task(self._add(name, waiting[:AT_ONCE]))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _add(self, name: StreamName, waiting: Waiting) -> None:
        try:
            added = await logs.add(self._store, name, [append for append, _ in waiting])
            for _, future in waiting:
                if not future.done():
                    future.set_result(added)
        except Exception as error:
            for _, future in waiting:
                if not future.done():
                    future.set_exception(error)
        finally:
            for _, future in waiting:
                future.cancel()  # those that are not done, where this task is ended
            self._go_on(name)
