"""What may reach a terminal, and what a pipe gets."""

from __future__ import annotations

import os
import pty
from collections.abc import Iterator

import pytest

from penstock.cli.terminal import ESCAPES, Terminal


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"plain\r\n", b"plain\r\n"),
        (b"\x1b[1;31mred\x1b[0m", b"\x1b[1;31mred\x1b[0m"),
        (b"50%\r\x1b[K100%", b"50%\r\x1b[K100%"),
        (b"\x1b]0;title\x07after", b"after"),
        (b"\x1b]52;c;ZXZpbA==\x1b\\after", b"after"),
        (b"\x1b[2J\x1b[1;1Hfaked", b"faked"),
        (b"\x1b[6nasked", b"asked"),
        (b"\x1bcreset", b"reset"),
        (b"\x1bPdcs\x1b\\after", b"after"),
    ],
)
def test_output_may_colour_and_redraw_its_line_and_no_more(data: bytes, shown: bytes) -> None:
    assert ESCAPES.sub(b"", data) == shown


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Terminal, int]]:
    """A terminal that a person looks on, and the end that shows what they see."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    master, slave = pty.openpty()
    yield Terminal(slave), master
    os.close(master)
    os.close(slave)


def assert_shown(master: int, expected: bytes) -> None:
    seen = b""
    while len(seen) < len(expected):
        seen += os.read(master, 1000)
    assert seen == expected


def test_a_live_terminal_keeps_its_status_below_the_output(live: tuple[Terminal, int]) -> None:
    terminal, master = live
    terminal.show_status("working")
    terminal.write(b"line\n")
    terminal.show_status("")
    assert_shown(master, b"working\r\x1b[Kline\r\nworking\r\x1b[K")


def test_a_status_waits_for_the_end_of_an_open_line(live: tuple[Terminal, int]) -> None:
    terminal, master = live
    terminal.show_status("working")
    terminal.write(b"half")
    terminal.write(b" done\n")
    assert_shown(master, b"working\r\x1b[Khalf done\r\nworking")


def test_a_pipe_gets_bytes_as_they_are_and_no_decoration() -> None:
    reader, writer = os.pipe()
    terminal = Terminal(writer)
    terminal.show_status("working")
    terminal.write(b"\x1b]0;t\x07a\x00\xff")
    terminal.start_line()
    terminal.print(terminal.style("b", "red"))
    os.close(writer)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"\x1b]0;t\x07a\x00\xffb\n"
