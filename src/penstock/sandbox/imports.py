"""moto, imported by one thread at a time: its modules import each other in circles, and a thread
that comes in elsewhere finds halves of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock

_ONE = RLock()


@contextmanager
def importing() -> Iterator[None]:
    """Around whatever imports modules of the library."""
    with _ONE:
        from moto.core.config import default_user_config

        default_user_config["iam"]["load_aws_managed_policies"] = True  # roles are given AWS's own
        yield
