from __future__ import annotations

from pathlib import Path

import pytest

from penstock.lint.tree import tree_of


def write(path: Path, text: str = "a") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_file_is_looked_for_in_the_repository_and_beside_the_template(tmp_path: Path) -> None:
    write(tmp_path / "examples/web/buildspec.yml", "beside")
    write(tmp_path / "ci/build.yml", "root")
    tree = tree_of(str(tmp_path / "examples/web/pipeline.yml"), str(tmp_path))
    assert tree.read("buildspec.yml") == b"beside"
    assert tree.read("ci/build.yml") == b"root"
    assert tree.lookalike("ci/builds.yml") == "ci/build.yml"


def test_of_several_files_nobody_knows_which_is_meant(tmp_path: Path) -> None:
    write(tmp_path / "infra/buildspec.yml")
    write(tmp_path / "buildspec.yml")
    tree = tree_of(str(tmp_path / "infra/pipeline.yml"), str(tmp_path))
    assert tree.exists("buildspec.yml")
    assert tree.read("buildspec.yml") is None


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "b/../../a", "a\0b"])
def test_nothing_outside_is_looked_at(tmp_path: Path, path: str) -> None:
    write(tmp_path / "a")
    write(tmp_path / "repository/b/c")
    root = tmp_path / "repository"
    tree = tree_of(str(root / "b/pipeline.yml"), str(root))
    assert not tree.exists(path)
    assert tree.read(path) is None
    assert tree.lookalike(path) == ""


def test_what_is_no_small_file_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "large", "a" * 1_000_001)
    tree = tree_of(str(tmp_path / "pipeline.yml"), str(tmp_path))
    assert tree.read("large") is None
    assert tree.read(".") is None
