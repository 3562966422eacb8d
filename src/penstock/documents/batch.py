"""The `batch` of a buildspec as frozen values (CB-100…106; AWS: batch-build-buildspec)."""

from typing import NamedTuple

from penstock.documents.buildspec import START, Entry, Text
from penstock.documents.diagnostics import Position


class BatchEnv(NamedTuple):
    """`env` of a batch task; an absent key keeps the project's value."""

    compute_type: str | None = None
    fleet: str | None = None
    image: str | None = None
    privileged_mode: bool | None = None
    type: str | None = None
    variables: tuple[Entry, ...] = ()


class BatchTask(NamedTuple):
    """An entry of `build-graph` or `build-list` (CB-101); only a graph's tasks depend on others."""

    identifier: str
    buildspec: str | None = None
    env: BatchEnv = BatchEnv()
    debug_session: bool = False
    ignore_failure: bool = False
    depend_on: tuple[Text, ...] = ()
    at: Position = START


class MatrixAxis(NamedTuple):
    name: str
    values: tuple[str, ...]


class Matrix(NamedTuple):
    """`build-matrix` (CB-102). An absent dynamic key is an empty tuple and no axis."""

    ignore_failure: bool = False
    static_env: BatchEnv = BatchEnv()
    buildspecs: tuple[str, ...] = ()
    compute_types: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    variables: tuple[MatrixAxis, ...] = ()


class Fanout(NamedTuple):
    """`build-fanout` (CB-103)."""

    parallelism: int
    ignore_failure: bool = False


class Batch(NamedTuple):
    """Exactly one of graph, list, matrix, fanout is given (CB-100)."""

    fast_fail: bool = False
    graph: tuple[BatchTask, ...] = ()
    list: tuple[BatchTask, ...] = ()
    matrix: Matrix | None = None
    fanout: Fanout | None = None
    at: Position = START
