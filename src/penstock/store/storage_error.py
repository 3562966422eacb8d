"""What a folder or bucket answers that cannot keep bytes, or cannot give them back."""

from __future__ import annotations

import logging
import os

from penstock.errors import AwsError

LOG = logging.getLogger("penstock.storage")


class StorageError(AwsError):
    """The storage is full, out of reach, or not ours to use: nothing was changed in it.

    To callers of the API it is ServiceUnavailable with a few words of why; all there is to say of
    it, such as what a bucket has answered, is its text, which is for whoever runs the server.
    """

    def __init__(self, url: str, problem: str, error: OSError | str) -> None:
        why = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
        super().__init__(
            "ServiceUnavailable", f"The server's storage {problem}{why and f': {why}'}.", 503
        )
        self._text = f"The storage {url} {problem}: {error}"

    def __str__(self) -> str:
        return self._text


def failed(url: str, problem: str, error: OSError) -> StorageError:
    """The error for a caller, which the log has been told of."""
    found = StorageError(url, problem, error)
    LOG.error("%s", found)
    return found
