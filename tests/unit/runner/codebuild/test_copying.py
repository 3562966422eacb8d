from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.runner.codebuild.source.copying import Copier, copy_bytes
from penstock.runner.codebuild.source.removing import remove

NAMES = st.binary(min_size=1, max_size=12).filter(
    lambda name: b"/" not in name and b"\0" not in name and name not in (b".", b"..")
)
LEAVES = st.one_of(
    st.tuples(st.just("file"), st.binary(max_size=99), st.sampled_from([0o400, 0o644, 0o777])),
    st.tuples(st.just("link"), NAMES, st.just(0)),
)
TREES = st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=4), max_leaves=12)


def grow(path: bytes, node: object) -> None:
    if isinstance(node, dict):
        os.mkdir(path)
        for name, inner in node.items():
            grow(path + b"/" + name, inner)
        return
    assert isinstance(node, tuple)
    kind, content, mode = node
    if kind == "link":
        os.symlink(content, path)
    else:
        Path(os.fsdecode(path)).write_bytes(content)
        os.chmod(path, mode)


def described(path: bytes) -> object:
    found = os.lstat(path)
    if stat.S_ISDIR(found.st_mode):
        return {name: described(path + b"/" + name) for name in os.listdir(path)}
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path), found.st_mtime_ns
    content = Path(os.fsdecode(path)).read_bytes()
    return content, found.st_mode, found.st_mtime_ns


class TestCopying:
    @settings(max_examples=60, deadline=None)
    @given(st.dictionaries(NAMES, TREES, max_size=4))
    def test_gives_an_equal_tree_which_can_be_removed(self, tree: dict[bytes, object]) -> None:
        with TemporaryDirectory() as folder:
            source, destination = f"{folder}/source", f"{folder}/destination"
            grow(os.fsencode(source), tree)
            os.mkdir(destination)
            copier = Copier(source, destination)
            copier.tree()
            assert described(os.fsencode(destination)) == described(os.fsencode(source))
            assert copier.notes() == []
            remove(destination)
            assert not os.path.exists(destination)

    def test_takes_a_tree_of_many_levels(self, tmp_path: Path) -> None:
        source, destination = tmp_path / "s", tmp_path / "d"
        deep = "/".join("x" * 1500)
        source.mkdir()
        destination.mkdir()
        subprocess.run(["mkdir", "-p", source / deep], check=True)
        Path(f"{source}/{deep}/file").touch()
        Copier(str(source), str(destination)).entries([f"{deep}/file".encode()])
        assert os.path.exists(f"{destination}/{deep}/file")
        remove(str(source))
        remove(str(destination))

    def test_leaves_out_what_vanished(self, tmp_path: Path) -> None:
        source, destination = tmp_path / "s", tmp_path / "d"
        source.mkdir()
        destination.mkdir()
        (source / "stays").touch()
        copier = Copier(str(source), str(destination))
        copier.entries([b"gone", b"folder/gone", b"stays", b"stays/below"])
        assert os.listdir(destination) == ["stays"]
        assert copier.notes() == []

    def test_between_pipes_does_without_the_file_systems_help(self, tmp_path: Path) -> None:
        (tmp_path / "source").write_bytes(b"x" * 5000)
        source = os.open(tmp_path / "source", os.O_RDONLY)
        outlet, inlet = os.pipe()
        copy_bytes(source, inlet, 4000)
        assert os.read(outlet, 9999) == b"x" * 4000
        for descriptor in (source, outlet, inlet):
            os.close(descriptor)
