"""Ranges of bytes."""

from __future__ import annotations

import re
from typing import NamedTuple

from penstock.errors import AwsError

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Span(NamedTuple):
    start: int
    length: int

    def of(self, size: int) -> str:
        """As Content-Range has it."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{size}"


def read_range(text: str | None, size: int) -> Span | None:
    """The part of `size` bytes that a Range header means; None means all of them.

    As HTTP has it, what is no single range of bytes is ignored. Raises AwsError: InvalidRange.
    """
    found = _RANGE.fullmatch(text.replace(" ", "")) if text else None
    if not found or found.groups() == ("", ""):
        return None
    first, last = (int(part) if part else None for part in found.groups())
    if first is None:
        length = min(last or 0, size)
        start = size - length
    else:
        if last is not None and last < first:
            return None
        start = first
        length = min(size if last is None else last + 1, size) - start
    if length <= 0:
        raise AwsError(
            "InvalidRange",
            "The requested range is not satisfiable",
            416,
            {
                "RangeRequested": text,
                "ActualObjectSize": str(size),
                "content-range": f"bytes */{size}",
            },
        )
    return Span(start, length)
