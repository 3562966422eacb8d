from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.archives import (
    ArchiveError,
    Folder,
    UnsafeArchive,
    new_file,
    new_folder,
    safe_link,
    safe_name,
)


@pytest.mark.parametrize(
    ("name", "safe"),
    [("a", "a"), ("./a//b", "a/b"), ("a/./b/", "a/b"), ("...", "..."), ("a..b", "a..b")],
)
def test_an_ordinary_name_is_tidied(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../x",
        "a/../../x",
        "a/..",
        "a\\..\\x",
        "a\0b",
        "",
        ".",
        "//",
        "a" * 256,
        "\\\\host\\x",
    ],
)
def test_a_name_that_could_escape_is_refused(name: str) -> None:
    with pytest.raises(UnsafeArchive):
        safe_name(name)


@given(st.text(alphabet="a./\\\0", max_size=12))
def test_no_safe_name_leaves_its_folder(name: str) -> None:
    try:
        safe = safe_name(name)
    except UnsafeArchive:
        return
    assert os.path.normpath(f"/root/{safe}").startswith("/root/")


@pytest.mark.parametrize(
    ("name", "target"),
    [("l", "a"), ("l", "a/b"), ("d/l", "../a"), ("d/e/l", "../../a/b"), ("l", "./a")],
)
def test_a_link_inside_the_archive_is_kept(name: str, target: str) -> None:
    assert safe_link(name, target) == target


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("l", "/etc"),
        ("l", ".."),
        ("l", "../a"),
        ("d/l", "../../a"),
        ("l", ""),
        ("l", "a\0"),
        ("d/l", "a/../../.."),
    ],
)
def test_a_link_to_outside_is_refused(name: str, target: str) -> None:
    with pytest.raises(UnsafeArchive):
        safe_link(name, target)


components = st.sampled_from(["a", "b", "..", "."])
paths = st.lists(components, min_size=1, max_size=4).map("/".join)


@given(st.dictionaries(st.sampled_from(["l", "a/m", "b/a/n", "a/b/o"]), paths))
def test_links_that_are_kept_lead_nowhere_outside_even_through_each_other(
    links: dict[str, str],
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as base:
        root = os.path.join(os.path.realpath(base), "root")
        for folder in ("a/b", "b/a"):
            os.makedirs(f"{root}/{folder}")
        for name, target in links.items():
            try:
                os.symlink(safe_link(name, target), f"{root}/{name}")
            except UnsafeArchive:
                continue
        for name in links:
            assert (os.path.realpath(f"{root}/{name}") + "/").startswith(root + "/")


def test_a_folder_never_writes_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    target = tmp_path / "target"
    outside.mkdir()
    target.mkdir()
    os.symlink(outside, target / "d")
    with Folder(str(target)) as folder:
        for make in (folder.create, folder.directory, lambda name: folder.symlink(name, "x")):
            with pytest.raises(OSError, match="d"):
                make("d/file")
    assert list(outside.iterdir()) == []


def test_a_folder_replaces_a_link_instead_of_following_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_text("kept")
    (tmp_path / "target").mkdir()
    os.symlink(outside, tmp_path / "target/file")
    with Folder(str(tmp_path / "target")) as folder:
        os.close(folder.create("file"))
    assert (outside.read_text(), (tmp_path / "target/file").is_symlink()) == ("kept", False)


@given(st.lists(st.lists(st.sampled_from("ab"), min_size=1, max_size=4), max_size=12))
def test_a_folder_finds_its_way_between_any_two_names(names: list[list[str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as base:
        wanted = {"/".join(name) + ".txt" for name in names}
        with Folder(base) as folder:
            for name in names:
                os.close(folder.create("/".join(name) + ".txt"))
        made = {
            os.path.relpath(os.path.join(parent, leaf), base)
            for parent, _, leaves in os.walk(base)
            for leaf in leaves
        }
        assert made == wanted


def test_a_new_file_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("old")
    with pytest.raises(ArchiveError, match="nothing was left"), new_file(str(path)) as descriptor:
        os.write(descriptor, b"new")
        raise OSError(28, "No space left on device")
    assert ([p.name for p in tmp_path.iterdir()], path.read_text()) == (["f"], "old")


def test_a_new_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(str(tmp_path / "d")) as partial:
        Path(partial, "x").write_text("x")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_does_not_replace_one_with_files(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/mine").write_text("mine")
    with pytest.raises(ArchiveError, match="not empty"), new_folder(str(tmp_path / "d")):
        pass
    assert [p.name for p in tmp_path.rglob("*")] == ["d", "mine"]
