"""Taking the engine's stream apart."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.shells.docker.stream import Frames

frames = st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)))


@given(frames, st.lists(st.integers(0, 60)))
def test_both_streams_are_whole_however_reads_cut_the_frames(
    sent: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = b"".join(struct.pack(">BxxxL", kind, len(data)) + data for kind, data in sent)
    reader = Frames()
    stdout = stderr = b""
    for size in [*cuts, len(stream)]:
        piece, stream = stream[:size], stream[size:]
        out, err = reader.split(memoryview(piece))
        stdout, stderr = stdout + out, stderr + err
    assert stdout == b"".join(data for kind, data in sent if kind == 1)
    assert stderr == b"".join(data for kind, data in sent if kind == 2)


def test_what_has_come_of_a_frame_is_passed_on_before_the_rest() -> None:
    reader = Frames()
    assert reader.split(memoryview(struct.pack(">BxxxL", 2, 100) + b"begun")) == (b"", b"begun")
    assert reader.split(memoryview(b", goes on")) == (b"", b", goes on")
