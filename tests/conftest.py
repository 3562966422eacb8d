"""What tests of several folders share: a container engine, and a small image in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from penstock.runner.shells.contract import HostError

from .needs import lacking

IMAGE = "penstock-test:latest"


@pytest.fixture(scope="session")
def engine() -> Iterator[Any]:
    """The API client of a container engine. Without one the test is skipped, in CI it fails."""
    from penstock.runner.shells.docker.engine import connect

    try:
        client = connect()
    except HostError as error:
        raise lacking(f"docker: {error}") from None
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: Any) -> str:
    """An image with sh (busybox), bash, and what tests/images/make.sh says."""
    from docker.errors import ImageNotFound

    try:
        engine.inspect_image(IMAGE)
    except ImageNotFound:
        make = os.path.join(os.path.dirname(__file__), "images", "make.sh")
        subprocess.run([make, IMAGE], check=True, stdout=subprocess.DEVNULL)
    return IMAGE


@pytest.fixture
def open_folder() -> Iterator[str]:
    """A folder that every user may enter, as pytest's may not."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
