"""Git's own HTTP back end, as a CGI program: what comes in goes to it, what it says goes out.

Nothing is kept: bytes pass piece by piece both ways, and each way waits for who is slower.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress

from penstock.store.repository_folders import end_group, environment, no_git
from penstock.wire.elsewhere import Receive, Send

LOG = logging.getLogger("penstock.git")
PIECE = 1 << 16
_KEPT = 4096  # bytes of what it complains of
_LONGEST = 1 << 18  # bytes; more than its head, or what is read ahead


class BackendError(Exception):
    """It has not answered as a CGI program does. The text is what it complains of."""


class _Gone(Exception):
    """The client is."""


class Backend:
    """One request on its way through the program, in a process group of its own."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self.begun = False

    async def run(
        self,
        variables: Mapping[str, str],
        *,
        hold: Collection[int] = (),
        before_end: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Answers the request. `before_end` is awaited once the program has ended, and before the
        answer does, so that who has the answer finds all of it done.

        The program and what it has started are killed when the client goes away. Raises
        BackendError where nothing has been answered yet, AwsError without git.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                "git",
                "http-backend",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(variables),
                pass_fds=tuple(hold),
                start_new_session=True,
                limit=_LONGEST,
            )
        except FileNotFoundError:
            raise no_git() from None
        complaints = bytearray()
        listening = asyncio.create_task(_keep_last(process.stderr, complaints))  # type: ignore[arg-type]
        finished = False
        try:
            finished = await self._pass(process)
        finally:
            if not finished:
                end_group(process.pid)
            await process.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            said = complaints.decode("utf-8", "replace").strip()
            if said:
                LOG.info("git http-backend: %s", said)
        if not finished:
            return
        if not self.begun:
            raise BackendError(said)
        if before_end is not None:
            await before_end()
        await self._send({"type": "http.response.body", "body": b""})

    async def _pass(self, process: asyncio.subprocess.Process) -> bool:
        """Returns once the program has said all, or, with False, once the client is gone."""
        feeding = asyncio.create_task(self._feed(process.stdin))  # type: ignore[arg-type]
        answering = asyncio.create_task(self._answer(process.stdout))  # type: ignore[arg-type]
        try:
            await asyncio.wait((feeding, answering), return_when=asyncio.FIRST_COMPLETED)
            if answering.done():
                answering.result()
                return True
            return False
        finally:
            for task in (feeding, answering):
                task.cancel()
            await asyncio.gather(feeding, answering, return_exceptions=True)

    async def _feed(self, stdin: asyncio.StreamWriter) -> None:
        """Ends when the client is gone, be it after all has been passed on."""
        wanted = more = True
        while True:
            message = await self._receive()
            if message["type"] != "http.request":
                return
            try:
                if wanted and (piece := message.get("body", b"")):
                    stdin.write(piece)
                    await stdin.drain()
                if more and not message.get("more_body"):
                    more = False
                    stdin.close()
            except (BrokenPipeError, ConnectionResetError):
                wanted = False  # it has seen enough; the client is heard out all the same

    async def _answer(self, stdout: asyncio.StreamReader) -> None:
        try:
            head = await stdout.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            return
        status, headers = _read_head(head)
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        self.begun = True
        while piece := await stdout.read(PIECE):
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})


def _read_head(head: bytes) -> tuple[int, list[tuple[bytes, bytes]]]:
    """The status and the headers that a CGI program answers with."""
    status, headers = 200, []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if not colon:
            continue
        if name.lower() == b"status":
            with suppress(ValueError):
                status = int(value.split()[0])
        else:
            headers.append((name.lower(), value.strip()))
    return status, headers


async def _keep_last(stream: asyncio.StreamReader, kept: bytearray) -> None:
    while piece := await stream.read(PIECE):
        kept += piece
        del kept[:-_KEPT]
