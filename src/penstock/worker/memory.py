"""The store for a thread that cannot await: a loop of its own, in a thread beside it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, TypeVar

from penstock.store import Store
from penstock.store.blobs import Blobs
from penstock.store.database import Database
from penstock.store.notices import Notices
from penstock.store.opening import Location
from penstock.store.sealing import Sealer, read_keys
from penstock.worker.patience import patiently

CONNECTIONS = 3
T = TypeVar("T")


class Memory:
    """The store of one build's process. It listens to no notices; its pool is small."""

    def __init__(self, location: Location) -> None:
        """Raises OSError, SealError."""
        database = Database(location.database, connections=CONNECTIONS)
        sealer = Sealer(read_keys(location.key_file))
        self.store = Store(database, Blobs(location.storage), sealer, Notices(database))
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)

    def __enter__(self) -> Memory:
        self._thread.start()
        # Not waited for: the first statement waits for the first connection, if it has to.
        self.start(self.store.database.open())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.call(self.store.database.close())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """What `work`, done in the loop, returns or raises."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    def ask(self, act: Callable[[], Awaitable[T]]) -> T:
        """What `act` returns or raises; done again for as long as the database is away."""
        return self.call(patiently(act))

    def start(self, work: Coroutine[Any, Any, T]) -> None:
        """Lets `work` be done meanwhile."""
        asyncio.run_coroutine_threadsafe(work, self.loop)
