"""Programs and engines that a test needs, and not every machine has."""

from __future__ import annotations

import os

import pytest


def lacking(what: str) -> BaseException:
    """To be raised: skips the test by name. Where `CI` is set, all has to be there: it fails."""
    return pytest.fail.Exception(what) if os.environ.get("CI") else pytest.skip.Exception(what)
