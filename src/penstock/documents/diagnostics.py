"""Problems found in a document: where, what is wrong, what to write instead."""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """How much a problem matters to AWS: an ERROR is what AWS refuses, or fails at once."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Position(NamedTuple):
    """A place in a file; both numbers count from 1, columns in characters."""

    line: int
    column: int


class Diagnostic(NamedTuple):
    """One problem. `hint` is what to write instead, or empty where nothing better is known."""

    file: str
    at: Position
    rule: str
    severity: Severity
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.at.line}:{self.at.column}"
        text = f"{place}: {self.severity}: {self.message} [{self.rule}]"
        return f"{text}\n    {self.hint}" if self.hint else text
