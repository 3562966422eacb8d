"""The connection to a program that an engine runs in a container."""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

from penstock.runner.shells.contract import DeadlinePassed

HEADER = struct.Struct(">B3xL")
STDOUT = 1
READ_SIZE = 1 << 20


class Frames:
    """Takes apart the stream in which an engine sends a program's stdout and stderr.

    Each frame is 8 bytes of header (1 stdout, 2 stderr; 3 zeros; size, big-endian), then its bytes.
    Reads may cut frames, and headers, anywhere.
    """

    def __init__(self) -> None:
        self._header = b""
        self._kind = 0
        self._left = 0

    def split(self, data: memoryview) -> tuple[bytes, bytes]:
        """What of stdout and what of stderr is in the next bytes of the stream."""
        stdout: list[memoryview] = []
        stderr: list[memoryview] = []
        while data:
            if self._left:
                piece, data = data[: self._left], data[self._left :]
                self._left -= len(piece)
                (stdout if self._kind == STDOUT else stderr).append(piece)
                continue
            missing = HEADER.size - len(self._header)
            self._header += data[:missing]
            data = data[missing:]
            if len(self._header) == HEADER.size:
                self._kind, self._left = HEADER.unpack(self._header)
                self._header = b""
        return b"".join(stdout), b"".join(stderr)


class Stream:
    """One attached program: bytes to its stdin, bytes of its stdout and stderr.

    `handle` is what docker's library returns for a connection: a SocketIO, or a socket under TLS.
    What comes from a terminal is not `framed`, and passes for stdout.
    """

    def __init__(self, handle: Any, *, framed: bool = True) -> None:
        self._handle = handle
        self._socket: socket.socket = getattr(handle, "_sock", handle)
        self._split = Frames().split if framed else _as_stdout
        self._buffer = memoryview(bytearray(READ_SIZE))
        self._early = self._read_ahead()

    def fileno(self) -> int:
        return self._socket.fileno()

    @property
    def has_more(self) -> bool:
        """Whether `receive` has something that no poll of the socket would tell of."""
        return bool(self._early)

    def send(self, data: bytes) -> None:
        """What cannot be sent any more is dropped: the end is found when reading."""
        try:
            self._socket.settimeout(None)
            self._socket.sendall(data)
        except OSError:
            pass

    def receive(self, deadline: float | None) -> tuple[bytes, bytes] | None:
        """The next bytes of stdout and of stderr; None at the end. Raises DeadlinePassed.

        `deadline` is in seconds of `time.monotonic()`.
        """
        if self._early:
            early, self._early = self._early, b""
            return self._split(memoryview(early))
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise DeadlinePassed
        try:
            self._socket.settimeout(left)
            size = self._socket.recv_into(self._buffer)
        except TimeoutError:
            raise DeadlinePassed from None
        except OSError:
            return None  # the engine is gone, and the container with it
        return self._split(self._buffer[:size]) if size else None

    def end_input(self) -> None:
        """Tells the program that nothing more will come; its output still does."""
        try:
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self) -> None:
        self._handle._response.close()
        self._socket.close()

    def _read_ahead(self) -> bytes:
        """What the library's buffered reader took off the connection along with the header."""
        self._socket.settimeout(0)
        try:
            return bytes(self._handle._response.raw._fp.fp.peek())
        except OSError:  # under TLS: nothing yet
            return b""


def _as_stdout(data: memoryview) -> tuple[bytes, bytes]:
    return bytes(data), b""
