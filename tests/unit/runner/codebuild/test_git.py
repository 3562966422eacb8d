from __future__ import annotations

from pathlib import Path

import pytest

from penstock.runner.codebuild.source.git import (
    Head,
    WorkTree,
    find_work_tree,
    parse_configuration,
    read_head,
    without_credentials,
)

COMMIT = "1" * 40
OTHER = "2" * 40


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.com/a/b.git", "https://example.com/a/b.git"),
        ("https://ada:s3cret@example.com/a", "https://example.com/a"),
        ("https://ghp_token@example.com/a", "https://example.com/a"),
        ("HTTPS://x-token:s3cret@example.com/a", "HTTPS://example.com/a"),
        ("http://ada:s3c@ret@example.com:8080/a@b", "http://example.com:8080/a@b"),
        ("ssh://git@example.com:22/a", "ssh://git@example.com:22/a"),
        ("ssh://git:s3cret@example.com/a", "ssh://git@example.com/a"),
        ("ssh://:s3cret@example.com/a", "ssh://example.com/a"),
        ("git@example.com:a/b.git", "git@example.com:a/b.git"),
        ("codecommit::us-east-1://profile@repo", "codecommit::us-east-1://profile@repo"),
        ("https://example.com/a@b", "https://example.com/a@b"),
        ("/srv/a@b.git", "/srv/a@b.git"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, shown: str) -> None:
    assert without_credentials(url) == shown


def test_configuration_keeps_newlines_and_takes_a_bare_key_for_true() -> None:
    output = b"core.bare\nfalse\0alias.x\nfirst\nsecond\0core.symlinks\0\0empty.value\n\0"
    assert parse_configuration(output) == [
        ("core.bare", "false"),
        ("alias.x", "first\nsecond"),
        ("core.symlinks", "true"),
        ("empty.value", ""),
    ]


def make(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "head"),
    [
        ({"HEAD": f"{COMMIT}\n"}, Head(COMMIT.encode(), COMMIT)),
        (
            {"HEAD": "ref: refs/heads/main\n", "refs/heads/main": f"{COMMIT}\n"},
            Head(b"ref: refs/heads/main", COMMIT),
        ),
        (
            {
                "HEAD": "ref: refs/heads/a\n",
                "refs/heads/a": "ref: refs/heads/b\n",
                "refs/heads/b": COMMIT,
            },
            Head(b"ref: refs/heads/a", COMMIT),
        ),
        (
            {
                "HEAD": "ref: refs/heads/main",
                "packed-refs": f"# pack-refs\n{OTHER} refs/heads/main2\n"
                f"{OTHER} refs/heads/x/refs/heads/main\n{COMMIT} refs/heads/main\n^{OTHER}\n",
            },
            Head(b"ref: refs/heads/main", COMMIT),
        ),
        (
            {
                "HEAD": "ref: refs/heads/main",
                "refs/heads/main": COMMIT,
                "packed-refs": f"{OTHER} refs/heads/main\n",
            },
            Head(b"ref: refs/heads/main", COMMIT),
        ),
        ({"HEAD": "ref: refs/heads/new"}, Head(b"ref: refs/heads/new", "")),
        ({"HEAD": "ref: refs/a", "refs/a": "ref: refs/a"}, Head(b"ref: refs/a", "")),
        ({"HEAD": "ref: ../secret", "../secret": "password"}, Head(b"ref: ../secret", "")),
        ({"HEAD": ""}, Head(b"", "")),
    ],
    ids=["detached", "loose", "twice", "packed", "both", "unborn", "loop", "outside", "empty"],
)
def test_head_is_read_from_files(tmp_path: Path, files: dict[str, str], head: Head) -> None:
    directory = tmp_path / ".git"
    make(directory, files)
    assert read_head(WorkTree(str(tmp_path), str(directory), str(directory))) == head


def test_head_may_be_a_link(tmp_path: Path) -> None:
    directory = tmp_path / ".git"
    make(directory, {"refs/heads/main": COMMIT})
    (directory / "HEAD").symlink_to("refs/heads/main")
    tree = WorkTree(str(tmp_path), str(directory), str(directory))
    assert read_head(tree) == Head(b"ref: refs/heads/main", COMMIT)


class TestFindingTheWorkTree:
    def test_takes_the_nearest_above(self, tmp_path: Path) -> None:
        make(tmp_path, {".git/HEAD": "", "a/.git/HEAD": "", "a/b/c/file": ""})
        top = str(tmp_path / "a")
        tree = WorkTree(top, f"{top}/.git", f"{top}/.git")
        assert find_work_tree(f"{top}/b/c") == find_work_tree(top) == tree

    def test_passes_by_a_git_folder_that_is_no_repository(self, tmp_path: Path) -> None:
        make(tmp_path, {".git/HEAD": "", "a/.git/other": ""})
        tree = find_work_tree(str(tmp_path / "a"))
        assert tree is not None
        assert tree.top == str(tmp_path)

    def test_follows_a_git_file_to_what_the_siblings_share(self, tmp_path: Path) -> None:
        make(
            tmp_path,
            {
                "main/.git/worktrees/side/commondir": "../..\n",
                "side/.git": "gitdir: ../main/.git/worktrees/side\n",
            },
        )
        directory = f"{tmp_path}/main/.git/worktrees/side"
        tree = WorkTree(f"{tmp_path}/side", directory, f"{tmp_path}/main/.git")
        assert find_work_tree(f"{tmp_path}/side") == tree

    def test_finds_none_outside(self, tmp_path: Path) -> None:
        assert find_work_tree(str(tmp_path)) is None
