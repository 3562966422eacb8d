"""Opening a result file without trusting it."""

from __future__ import annotations

import errno
import os
import stat
from typing import BinaryIO

from penstock.runner.codebuild.reports.model import Unreadable

# A pipe must not keep us waiting for its writer.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def opened(path: str, limit: int) -> BinaryIO:
    """The file, open for reading.

    Raises Unreadable where it is above `limit` bytes, a symbolic link (a build could point it at
    any file of the machine that reads the report) or no regular file; OSError as `open` does.
    """
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable("it is a symbolic link; name the file it points to") from None
        raise
    fault = _fault(os.fstat(descriptor), limit)
    if fault:
        os.close(descriptor)
        raise Unreadable(fault)
    return open(descriptor, "rb")


def _fault(found: os.stat_result, limit: int) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file"
    if found.st_size > limit:
        return (
            f"it has {found.st_size:,} bytes and reports are read up to {limit:,}: "
            "split it, or leave logs and screenshots out of it"
        )
    return ""
