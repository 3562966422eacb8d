from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.documents.buildspec import Artifact, Text
from penstock.runner.codebuild.artifacts import Selection, select
from penstock.state.builds import PhaseContext

FILES = (
    "README.md",
    ".env",
    "dist/app.js",
    "dist/app.js.map",
    "dist/img/logo.png",
    "other/app.js",
    "my-build1/a",
    "my-build2/b",
)
Choose = Callable[..., Selection]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "src"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return root


@pytest.fixture
def choose(root: Path) -> Choose:
    def choose(*files: str, exclude: tuple[str, ...] = (), **keys: object) -> Selection:
        texts = tuple(Text(file) for file in files)
        excluded = tuple(Text(path) for path in exclude)
        artifact = Artifact(texts, exclude_paths=excluded)._replace(**keys)  # type: ignore[arg-type]
        return select(artifact, str(root))

    return choose


def _names(selection: Selection) -> list[str]:
    return [entry.name for entry in selection.files]


def test_files_are_named_as_they_stand_in_the_source(choose: Choose) -> None:
    """CB-080"""
    assert _names(choose("**/*")) == sorted(FILES)


def test_a_pattern_without_a_match_is_skipped_and_the_others_count(choose: Choose) -> None:
    """CB-081"""
    selection = choose("README.md", "missing.txt")
    assert _names(selection) == ["README.md"]
    assert selection.notes == ("Skipping invalid file path missing.txt",)
    assert selection.context == PhaseContext()


def test_no_match_at_all_is_a_client_error(choose: Choose) -> None:
    """CB-081, CB-207"""
    selection = choose("missing.txt", "none/**/*")
    assert selection.files == ()
    assert selection.context == PhaseContext("CLIENT_ERROR", "no matching artifact paths found")


def test_everything_excluded_is_a_client_error_too(choose: Choose) -> None:
    selection = choose("dist/*", exclude=("**/*",))
    assert selection.context.message == "no matching artifact paths found"


def test_a_folder_is_no_file_and_the_note_says_what_to_write(choose: Choose) -> None:
    assert choose("dist").notes == (
        "Skipping invalid file path dist: it is a folder; write dist/**/* for its files",
    )


@pytest.mark.parametrize(
    ("base", "files", "names"),
    [
        ("dist", ["**/*"], ["app.js", "app.js.map", "img/logo.png"]),
        ("./dist/", ["*"], ["app.js", "app.js.map"]),
        ("my-build*", ["**/*"], ["a", "b"]),
        (".", ["README.md"], ["README.md"]),
    ],
)
def test_the_base_directory_is_stripped(
    choose: Choose, base: str, files: list[str], names: list[str]
) -> None:
    """CB-082"""
    assert _names(choose(*files, base_directory=base)) == names


@pytest.mark.parametrize("base", ["none", "my-house*", "/etc", "..", "README.md"])
def test_a_base_directory_that_is_none_fails_the_phase(choose: Choose, base: str) -> None:
    selection = choose("**/*", base_directory=base)
    assert selection.files == ()
    assert selection.notes[0].startswith(f"Skipping invalid file path {base}")
    message = f"no matching base directory path found for {base}"
    assert selection.context == PhaseContext("CLIENT_ERROR", message)


def test_a_secondary_source_may_be_the_base_directory(root: Path, tmp_path: Path) -> None:
    """CB-082: $CODEBUILD_SRC_DIR_x"""
    other = tmp_path / "other"
    other.mkdir()
    (other / "f").write_text("f")
    artifact = Artifact((Text("*"),), base_directory=str(other))
    assert _names(select(artifact, str(root), sources=[str(other)])) == ["f"]
    assert select(artifact, str(root)).context.code == "CLIENT_ERROR"


def test_discard_paths_flattens_and_the_first_of_a_name_stays(choose: Choose, root: Path) -> None:
    """CB-083"""
    selection = choose("dist/**/*.js", "**/*.js", "dist/img/*", discard_paths=True)
    assert _names(selection) == ["app.js", "logo.png"]
    assert selection.files[0].source == str(root / "dist/app.js")
    assert len(selection.notes) == 1
    assert selection.notes[0].startswith("Skipping other/app.js: ")


def test_exclude_paths_are_relative_to_the_base_directory(choose: Choose) -> None:
    """CB-084"""
    assert _names(choose("**/*", exclude=("*.map",), base_directory="dist")) == [
        "app.js",
        "img/logo.png",
    ]
    assert "dist/app.js.map" in _names(choose("**/*", exclude=("*.map",)))
    assert ".env" not in _names(choose("**/*", exclude=("**/.*",)))


@pytest.mark.parametrize("pattern", ["/etc/passwd", "../../etc/passwd", "/etc/*"])
def test_a_path_that_leaves_the_source_is_skipped(choose: Choose, pattern: str) -> None:
    """CB-208"""
    selection = choose("README.md", pattern)
    assert _names(selection) == ["README.md"]
    assert selection.notes == (f"Skipping invalid file path {pattern}: it is outside the source",)


def test_a_path_outside_the_base_directory_may_stay_in_the_source(
    choose: Choose, root: Path
) -> None:
    """CB-208"""
    files = ("../README.md", f"{root}/dist/app.js", f"{root}/other/*")
    assert _names(choose(*files, base_directory="dist")) == ["README.md", "app.js", "other/app.js"]


def test_an_absolute_path_of_the_build_is_resolved_to_one_readable_here(root: Path) -> None:
    def resolve(path: str) -> str:
        return path.replace("/codebuild/output/src", str(root))

    artifact = Artifact((Text("/codebuild/output/src/dist/*.js"), Text("/etc/passwd")))
    selection = select(artifact, str(root), resolve)
    assert [(entry.source, entry.name) for entry in selection.files] == [
        (str(root / "dist/app.js"), "dist/app.js")
    ]


def test_without_enable_symlinks_a_link_is_packed_as_its_file(choose: Choose, root: Path) -> None:
    os.symlink("app.js", root / "dist/latest.js")
    entry = choose("dist/latest.js").files[0]
    assert (entry.source, entry.name, entry.link) == (
        str(root / "dist/app.js"),
        "dist/latest.js",
        "",
    )


def test_enable_symlinks_keeps_internal_links(choose: Choose, root: Path) -> None:
    """CB-086"""
    os.symlink("app.js", root / "dist/latest.js")
    os.symlink("img", root / "dist/pictures")
    links = {entry.name: entry.link for entry in choose("dist/*", enable_symlinks=True).files}
    assert links["dist/latest.js"] == "app.js"
    assert links["dist/pictures"] == "img"


def test_a_link_out_of_the_archive_but_not_the_source_is_packed_as_its_file(
    choose: Choose, root: Path
) -> None:
    os.symlink("../README.md", root / "dist/readme")
    entry = choose("readme", base_directory="dist", enable_symlinks=True).files[0]
    assert (entry.source, entry.link) == (str(root / "README.md"), "")


@pytest.mark.parametrize("enable_symlinks", [False, True])
@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/etc/passwd", "to outside the source"),
        ("../../../etc/passwd", "to outside the source"),
        ("../chain", "to outside the source"),
    ],
)
def test_a_link_to_outside_is_never_followed(
    choose: Choose, root: Path, target: str, why: str, enable_symlinks: bool
) -> None:
    """CB-086"""
    os.symlink("/etc/passwd", root / "chain")
    os.symlink(target, root / "dist/bad")
    selection = choose("README.md", "dist/bad", enable_symlinks=enable_symlinks)
    assert _names(selection) == ["README.md"]
    assert selection.notes == (f"Skipping dist/bad: it is a symbolic link {why}",)


def test_links_to_nothing_and_to_folders_are_skipped_with_the_reason(
    choose: Choose, root: Path
) -> None:
    os.symlink("gone", root / "dangling")
    os.symlink("dist", root / "folder")
    assert choose("README.md", "dangling", "folder").notes == (
        "Skipping dangling: it is a symbolic link to nothing",
        "Skipping folder: it is a symbolic link to a folder (enable-symlinks keeps such links)",
    )
