"""The text of the program that every build shell runs, and the files it and Penstock share."""

from __future__ import annotations

import os
from typing import NamedTuple

# CodeBuild puts three lines of its own above a command; error messages count from there (CB-029).
LINES_ABOVE = "\n\n\n"
WHOLE = b"# whole\n"


def program(folder: str, source: str) -> str:
    """The driver, its shared folder and first directory written in (as the shell sees them)."""
    with open(os.path.join(os.path.dirname(__file__), "driver.sh"), encoding="utf-8") as file:
        text = file.read()
    return text.replace("'@FOLDER@'", quote(folder)).replace("'@SOURCE@'", quote(source))


def quote(word: str) -> str:
    """`word` as one word of a POSIX shell."""
    return "'" + word.replace("'", "'\\''") + "'"


class Exchange(NamedTuple):
    """The files of a shell's folder, as this process sees them."""

    folder: str

    def write_script(self, name: str, text: str) -> None:
        """Written over, then cut: emptying the file first costs ext4 a millisecond at its close."""
        data = (LINES_ABOVE + text + "\n").encode("utf-8", "surrogateescape")
        flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW
        with open(os.open(os.path.join(self.folder, name), flags, 0o644), "wb") as file:
            file.write(data)
            file.truncate()

    def answer(self) -> bytes:
        with open(os.path.join(self.folder, "answer"), "rb") as file:
            return file.read()

    def keep_state(self, name: str) -> None:
        """Makes the state just written the one that `load` reads, unless it was cut short."""
        path = os.path.join(self.folder, name)
        try:
            with open(path, "rb") as file:
                whole = file.read().endswith(WHOLE)
        except OSError:
            return  # the shell was killed, or replaced by `exec`: the state saved before stands
        if whole:
            os.replace(path, os.path.join(self.folder, "state.sh"))

    def has_state(self) -> bool:
        return os.path.exists(os.path.join(self.folder, "state.sh"))
