from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from penstock.lint import exit_code, lint_paths
from penstock.lint.find import find

RIGHT = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"


def write(path: Path, text: str = RIGHT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(folder: Path) -> list[str]:
    return [str(Path(file).relative_to(folder)) for file in find([str(folder)]).files]


def test_buildspecs_are_found_by_name_and_in_order(tmp_path: Path) -> None:
    for name in (
        "buildspec.yml",
        "a/BuildSpec.yaml",
        "a/buildspec-prod.yml",
        "b/deploy.buildspec.yml",
        "b/ci-buildspec.yaml",
        "buildspecs/unit.yml",
        "c/other.yml",
        "c/buildspec.txt",
        "c/buildspec.json",
    ):
        write(tmp_path / name)
    write(tmp_path / "buildspecs/values.yml", "stage: test\n")
    assert names(tmp_path) == [
        "a/BuildSpec.yaml",
        "a/buildspec-prod.yml",
        "b/ci-buildspec.yaml",
        "b/deploy.buildspec.yml",
        "buildspec.yml",
        "buildspecs/unit.yml",
    ]


def test_what_others_made_is_skipped(tmp_path: Path) -> None:
    for folder in (".git", "node_modules", "cdk.out", "env", "a/.venv"):
        write(tmp_path / folder / "buildspec.yml")
    write(tmp_path / "env" / "pyvenv.cfg", "")
    assert names(tmp_path) == []


def test_what_git_ignores_is_skipped_unless_named(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    write(tmp_path / ".gitignore", "made/\n")
    made = write(tmp_path / "made/ü buildspec.yml")
    write(tmp_path / "buildspec.yml")
    assert names(tmp_path) == ["buildspec.yml"]
    assert find([str(made)]).files == (str(made),)


def test_each_file_is_taken_once(tmp_path: Path) -> None:
    file = str(write(tmp_path / "buildspec.yml"))
    assert find([str(tmp_path), file, file]).files == (file,)


def test_a_file_that_is_named_is_linted_whatever_its_name(tmp_path: Path) -> None:
    file = write(tmp_path / "pipeline.txt", "version: 9\n")
    assert exit_code(lint_paths([str(file)])) == 1


@pytest.mark.parametrize("path", ["missing", "a\0b", ""])
def test_a_path_that_does_not_exist_is_a_problem(tmp_path: Path, path: str) -> None:
    write(tmp_path / "buildspec.yml")
    result = lint_paths([str(tmp_path), path])
    assert exit_code(result) == 2
    assert result.problems == (f"no such file or folder: {path!r}",)
    assert len(result.files) == 1


def make_folder(path: Path) -> None:
    write(path / "buildspec.yml")


def make_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_huge(path: Path) -> None:
    write(path)
    os.truncate(path, 20_000_000)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (make_folder, "this is a folder, not a file to lint"),
        (make_dangling_link, "this link leads nowhere"),
        (make_pipe, "this is not a regular file, not a file to lint"),
        (make_loop, "this cannot be read: Too many levels of symbolic links"),
        (make_huge, "this is larger than 10 MB: no buildspec and no template is"),
    ],
)
def test_what_cannot_be_read_is_an_error_in_its_place(
    tmp_path: Path, make: object, message: str
) -> None:
    assert callable(make)
    make(tmp_path / "buildspec.yml")
    result = lint_paths([str(tmp_path)])
    assert [(one.rule, one.message) for one in result.diagnostics] == [("unreadable-file", message)]
    assert exit_code(result) == 1


def test_a_file_without_permission_is_an_error(tmp_path: Path) -> None:
    file = write(tmp_path / "buildspec.yml")
    file.chmod(0)
    if os.access(file, os.R_OK):
        pytest.skip("this user may read everything")
    assert exit_code(lint_paths([str(file)])) == 1


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "buildspec.yml").write_bytes(b"version: 0.2\n# \xff\n")
    assert [one.rule for one in lint_paths([str(tmp_path)]).diagnostics] == ["not-utf8"]


def test_warnings_fail_only_when_asked_to(tmp_path: Path) -> None:
    write(tmp_path / "buildspec.yml", RIGHT.replace("make", "source x"))
    result = lint_paths([str(tmp_path)])
    assert (exit_code(result), exit_code(result, strict=True)) == (0, 1)
