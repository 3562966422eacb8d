"""Compressed streams: by the zstd program, or without it as gzip by isal. Both use every core."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

from penstock.runner.archives import ArchiveError

CHUNK = 1 << 20
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
GZIP_MAGIC = b"\x1f\x8b"


def zstd_program() -> str | None:
    import shutil

    return shutil.which("zstd")


@contextmanager
def compressed_to(target: int, zstd: str | None) -> Iterator[IO[bytes]]:
    """A stream to write to; when the block ends, all of it stands compressed in file `target`.

    `zstd` is the program, None for gzip. Raises ArchiveError or OSError when that did not work.
    """
    if zstd is not None:
        with _through_zstd(zstd, target) as stream:
            yield stream
        return
    from isal import igzip_threaded

    with (
        open(target, "wb", closefd=False) as file,
        igzip_threaded.open(  # type: ignore[no-untyped-call]
            file, "wb", 1, threads=-1, block_size=CHUNK
        ) as stream,
    ):
        yield stream


@contextmanager
def decompressed(source: int) -> Iterator[IO[bytes]]:
    """A stream of what file `source` holds: from zstd, from gzip, or its bytes as they are.

    Raises ArchiveError for damaged data that the block has come to.
    """
    magic = os.pread(source, 4, 0)
    os.lseek(source, 0, os.SEEK_SET)
    if magic == ZSTD_MAGIC:
        with _from_zstd(source) as stream:
            yield stream
    elif magic[:2] == GZIP_MAGIC:
        with _from_gzip(source) as stream:
            yield stream
    else:
        with open(source, "rb", CHUNK, closefd=False) as stream:
            yield stream


@contextmanager
def _through_zstd(program: str, target: int) -> Iterator[IO[bytes]]:
    from subprocess import PIPE, Popen

    command = [program, "-1", "-T0", "-q", "-c"]
    with Popen(command, stdin=PIPE, stdout=target, stderr=PIPE, pipesize=CHUNK) as process:
        stdin, stderr = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stderr)
        try:
            yield stdin
            stdin.close()
        except BrokenPipeError:
            pass  # zstd gave up, and says why below
        except BaseException:
            process.kill()
            raise
        said = stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise ArchiveError(f"zstd could not compress: {said or process.returncode}")


@contextmanager
def _from_zstd(source: int) -> Iterator[IO[bytes]]:
    from subprocess import PIPE, Popen

    program = zstd_program()
    if program is None:
        raise ArchiveError("it is compressed by zstd; install the zstd program to read it")
    command = [program, "-d", "-c", "-q"]
    with Popen(command, CHUNK, stdin=source, stdout=PIPE, stderr=PIPE, pipesize=CHUNK) as process:
        stdout, stderr = cast("IO[bytes]", process.stdout), cast("IO[bytes]", process.stderr)
        try:
            yield stdout
            at_end = not stdout.read(1)
        except BaseException:
            process.kill()
            raise
        if not at_end:
            process.kill()
        said = stderr.read().decode(errors="replace").strip()
    if at_end and process.returncode:
        raise ArchiveError(f"its zstd data is damaged: {said}")


@contextmanager
def _from_gzip(source: int) -> Iterator[IO[bytes]]:
    from isal import igzip, igzip_threaded, isal_zlib

    damaged = cast("type[Exception]", isal_zlib.error)  # its stub says an instance
    try:
        with (
            open(source, "rb", closefd=False) as file,
            igzip_threaded.open(  # type: ignore[no-untyped-call]
                file, "rb", block_size=CHUNK
            ) as stream,
        ):
            yield stream
    except (igzip.BadGzipFile, EOFError, damaged) as error:
        raise ArchiveError(f"its gzip data is damaged: {error}") from error
