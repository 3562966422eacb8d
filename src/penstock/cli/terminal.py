"""Writing to the user: straight to the descriptor, coloured where a person looks on."""

from __future__ import annotations

import os
import re
import select

# An output may colour, and redraw its own line. All else it could make a terminal do (titles,
# clipboards, writing over lines of others, answering back) is taken out: log text is untrusted.
ESCAPES = re.compile(
    rb"\x1b(?:\[(?![0-9;:]*[mK])[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\|$)"
    rb"|[ -/]*[0-Z\\-~](?<!\x1b\[))"
)
COLORS = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "dim": "2", "bold": "1"}


# The beginning of one, cut off at the end of a write.
UNFINISHED = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*|[\]P^_X][^\x07\x1b]{0,4096}\x1b?|[ -/]*)?\Z")


class OutputError(Exception):
    """What there is to show cannot be written: a full disk, a closed descriptor."""


class Terminal:
    """A stream for the user. `is_live` says that a person looks on, and lines can be redrawn."""

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        dumb = os.environ.get("TERM", "dumb") == "dumb"
        self.is_live = os.isatty(descriptor) and not dumb
        self.has_colors = self.is_live and "NO_COLOR" not in os.environ
        self._at_line_start = True
        self._status = ""
        self._unfinished = b""

    def print(self, text: str = "") -> None:
        self.write(f"{text}\n".encode("utf-8", "backslashreplace"))

    def write(self, data: bytes) -> None:
        """Passes on what a command printed, byte for byte unless a person looks on."""
        if not self.is_live:
            self._write(data)
            return
        safe = self._harmless(data)
        self._clear_status()
        self._write(safe)
        self._at_line_start = safe.endswith(b"\n") if safe else self._at_line_start
        self._draw_status()

    def _harmless(self, data: bytes) -> bytes:
        data = self._unfinished + data
        self._unfinished = b""
        if b"\x1b" not in data:
            return data
        cut = UNFINISHED.search(data)
        if cut is not None:
            data, self._unfinished = data[: cut.start()], data[cut.start() :]
        return ESCAPES.sub(b"", data)

    def start_line(self) -> None:
        """Ends a line that a command left open. In a pipe nothing is added to what it printed."""
        if self.is_live and not self._at_line_start:
            self.write(b"\n")

    def show_status(self, text: str) -> None:
        """Keeps one line below the output; "" takes it away. Nothing where nobody looks on."""
        if self.is_live:
            self._clear_status()
            width = os.get_terminal_size(self._descriptor).columns or 80
            self._status = text[: width - 1]
            self._draw_status()

    def style(self, text: str, *names: str) -> str:
        if not self.has_colors:
            return text
        return f"\x1b[{';'.join(COLORS[name] for name in names)}m{text}\x1b[0m"

    def _clear_status(self) -> None:
        if self._status and self._at_line_start:
            self._write(b"\r\x1b[K")

    def _draw_status(self) -> None:
        if self._status and self._at_line_start:
            self._write(self._status.encode())

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except BrokenPipeError:
                raise
            except OSError as error:
                raise OutputError(f"the output cannot be written: {error.strerror}") from None
