"""Files of a container that lie outside of the folders it shares with this machine."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from penstock.runner.archives import (
    ArchiveError,
    Entry,
    Folder,
    UnsafeArchive,
    safe_link,
    safe_name,
)
from penstock.runner.archives.tar_reader import FOLDER, HARD_LINK, LINK, TarStream, extract_file
from penstock.runner.archives.tar_writer import write_tar
from penstock.runner.shells.contract import HostError
from penstock.runner.shells.docker.engine import reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from docker import APIClient

CHUNK = 1 << 20


def fetch(engine: APIClient, container: str, path: str, place: str) -> None:
    """Copies the files below folder `path` of a container into `place`, an empty folder.

    Nothing is copied where there is no such folder. Links that lead out of it are left behind: here
    they would mean files of this machine's. Raises HostError.
    """
    from docker.errors import DockerException, NotFound

    try:
        chunks, _ = engine.get_archive(container, f"{path.rstrip('/')}/.", chunk_size=CHUNK)
        with io.BufferedReader(_Chunks(chunks), CHUNK) as stream:
            _unpack(TarStream(stream), place)
    except NotFound:
        return
    except (DockerException, ArchiveError, OSError) as error:
        raise HostError(f"{path} cannot be copied out of the container: {reason(error)}") from None


def put(engine: APIClient, container: str, here: str, path: str) -> None:
    """Copies the files below folder `here` into folder `path` of a container. Raises HostError."""
    from docker.errors import DockerException

    entries = list(_entries(here, path.strip("/")))
    if not entries:
        return
    try:
        with tempfile.TemporaryFile() as file:
            write_tar(entries, file)
            file.seek(0)
            engine.put_archive(container, "/", file)
    except (DockerException, ArchiveError, OSError) as error:
        raise HostError(f"{path} cannot be filled in the container: {reason(error)}") from None


def _entries(here: str, below: str) -> Iterator[Entry]:
    for parent, folders, files in os.walk(here):
        for name in (*files, *folders):
            source = os.path.join(parent, name)
            link = os.readlink(source) if os.path.islink(source) else ""
            if link or os.path.isfile(source):
                yield Entry(source, os.path.join(below, os.path.relpath(source, here)), link)


def _unpack(members: TarStream, place: str) -> None:
    links: dict[str, str] = {}
    with Folder(place) as folder:
        for member in members:
            if not member.name.strip("./"):
                continue
            name = safe_name(member.name)
            if member.kind == FOLDER:
                folder.directory(name)
            elif member.kind == LINK:
                links[name] = member.link
            elif member.kind == HARD_LINK:
                folder.hardlink(name, safe_name(member.link))
            else:
                extract_file(members, member, folder, name)
        for name, link in links.items():  # last: no file can be written through one
            try:
                folder.symlink(name, safe_link(name, link))
            except UnsafeArchive:
                continue


class _Chunks(io.RawIOBase):
    """The pieces of an answer as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        room = memoryview(buffer)
        if not self._rest:
            self._rest = memoryview(next(self._chunks, b""))
        size = min(len(room), len(self._rest))
        room[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
