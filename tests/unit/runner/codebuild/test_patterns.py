from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.codebuild.patterns import find, find_folders, inside, matcher, split

TREE = (
    ".env",
    "a.txt",
    "dist/.hidden",
    "dist/app.js",
    "dist/css/a.css",
    "dist/css/deep/b.css",
    "my-build1/x",
    "my-build2/y",
    "[id].js",
)


@pytest.fixture
def tree(tmp_path: Path) -> str:
    root = tmp_path / "src"
    for name in TREE:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return str(root)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a.txt", {"a.txt"}),
        ("./a.txt", {"a.txt"}),
        ("dist/app.js", {"dist/app.js"}),
        ("dist/../a.txt", {"a.txt"}),
        ("dist/*", {"dist/.hidden", "dist/app.js"}),
        ("dist/**/*", {name for name in TREE if name.startswith("dist/")}),
        ("dist/**", {name for name in TREE if name.startswith("dist/")}),
        ("**/*", set(TREE)),
        ("**/*.css", {"dist/css/a.css", "dist/css/deep/b.css"}),
        ("**/deep/*", {"dist/css/deep/b.css"}),
        ("dist/*/a.css", {"dist/css/a.css"}),
        ("?.txt", {"a.txt"}),
        ("[id].js", {"[id].js"}),
        ("dist", set()),
        ("dist/", set()),
        ("missing/*", set()),
        ("../src/a.txt", {"a.txt"}),
        ("../*", set()),
        ("/etc/*", set()),
        ("a\0b", set()),
        ("", set()),
    ],
)
def test_a_pattern_finds_the_files_that_codebuild_documents(
    tree: str, pattern: str, expected: set[str]
) -> None:
    """CB-080: file, dir/file, dir/*, dir/**/* and **/*; dotfiles are like any others."""
    assert find(tree, pattern) == tuple(sorted(expected))


def test_an_absolute_pattern_counts_inside_the_root(tree: str) -> None:
    """CB-208"""
    assert find(tree, f"{tree}/dist/*.js") == ("dist/app.js",)


@pytest.mark.parametrize(
    ("pattern", "folders"),
    [
        ("my-build*", ("my-build1", "my-build2")),
        ("dist", ("dist",)),
        ("dist/c*", ("dist/css",)),
        (".", (".",)),
        ("a.txt", ()),
        ("none*", ()),
        ("..", ()),
    ],
)
def test_a_base_directory_is_a_folder_or_a_wildcard_for_some(
    tree: str, pattern: str, folders: tuple[str, ...]
) -> None:
    """CB-082"""
    assert find_folders(tree, pattern) == folders


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*.map", "a.map", True),
        ("*.map", "js/a.map", False),
        ("**/*.map", "js/deep/a.map", True),
        ("**/.*", ".git", True),
        ("**/.*", "a/.env", True),
        ("**/.*", ".git/config", False),
        ("**/.*/**/*", "a/.git/refs/x", True),
        ("node_modules/**", "node_modules/a/b", True),
        ("node_modules/**", "node_modules", False),
        ("a**z", "abcz", True),
        ("a**z", "a/z", False),
        ("*a*b*", "xxaxxbxx", True),
        ("*a*b*", "xxbxxaxx", False),
        ("**/a/**/a/b", "a/a/a/b", True),
        ("a\nb*", "a\nbc", True),
    ],
)
def test_one_star_stays_in_a_folder_and_two_cross(pattern: str, path: str, matches: bool) -> None:
    """CB-084"""
    assert matcher(pattern)(path) is matches


parts = st.sampled_from(["a", "b", "ab", "ba", ".a", "*", "a*", "*b", "?", "a*b", "**"])
names = st.sampled_from(["a", "b", "ab", "ba", "aab", ".a", "abb"])


def _plain_match(pattern: list[str], path: list[str]) -> bool:
    """The definition, by recursion and without a care for time."""
    if not pattern:
        return not path
    if pattern == ["**"]:
        return bool(path)
    if pattern[0] == "**":
        return any(_plain_match(pattern[1:], path[i:]) for i in range(len(path) + 1))
    return bool(path) and _plain_name(pattern[0], path[0]) and _plain_match(pattern[1:], path[1:])


def _plain_name(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(_plain_name(pattern[1:], name[i:]) for i in range(len(name) + 1))
    return bool(name) and pattern[0] in ("?", name[0]) and _plain_name(pattern[1:], name[1:])


@given(st.lists(parts, min_size=1, max_size=5), st.lists(names, min_size=1, max_size=5))
def test_the_fast_matcher_agrees_with_the_definition(pattern: list[str], path: list[str]) -> None:
    collapsed = [p for i, p in enumerate(pattern) if p != "**" or pattern[i + 1 : i + 2] != ["**"]]
    assert matcher("/".join(pattern))("/".join(path)) == _plain_match(collapsed, path)


def test_finding_agrees_with_matching(tree: str) -> None:
    for pattern in ("*", "**/*", "dist/*", "*/*", "**/css/*", "**", "*/*/*.css", "dist/**/b.css"):
        matches = matcher(pattern)
        assert find(tree, pattern) == tuple(sorted(name for name in TREE if matches(name)))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 40 + "b", "a" * 255),
        ("**/a/" * 40 + "b", "a/" * 1000 + "a"),
        ("**/*a*/**" * 9, "a/" * 999),
    ],
)
def test_a_hostile_pattern_costs_no_more_than_another(pattern: str, path: str) -> None:
    started = time.perf_counter()
    matcher(pattern)(path)
    assert time.perf_counter() - started < 1


def test_symbolic_links_are_found_but_not_followed(tree: str) -> None:
    os.symlink("dist", f"{tree}/to-dist")
    os.symlink(".", f"{tree}/loop")
    assert [name for name in find(tree, "**/*") if "to-dist" in name or "loop" in name] == [
        "loop",
        "to-dist",
    ]


def test_a_folder_that_is_a_link_is_entered_by_name_when_it_stays_inside(tree: str) -> None:
    os.symlink("dist", f"{tree}/current")
    os.symlink("/etc", f"{tree}/out")
    assert find(tree, "current/*.js") == ("current/app.js",)
    assert find_folders(tree, "current") == ("current",)
    assert find(tree, "out/*") == find(tree, "out/passwd") == find_folders(tree, "out") == ()


def test_pipes_and_unreadable_folders_are_passed_over(tree: str) -> None:
    os.mkfifo(f"{tree}/pipe")
    assert "pipe" not in find(tree, "*")
    assert find(tree, "pipe") == ()


def test_thirty_thousand_files_take_less_than_half_a_second(tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.touch()
    for folder in range(30):
        (tmp_path / str(folder)).mkdir()
        for name in range(1000):
            os.link(one, tmp_path / f"{folder}/{name}.txt")  # cheaper than a file each
    started = time.perf_counter()
    found = find(str(tmp_path), "**/*.txt")
    assert (len(found), time.perf_counter() - started < 0.5) == (30_000, True)


@pytest.mark.parametrize(
    ("pattern", "relative"),
    [
        ("a", "a"),
        (".", "."),
        ("/r", "."),
        ("/r/a/../b", "b"),
        ("../r/a", "a"),
        ("..", None),
        ("/rx", None),
    ],
)
def test_inside_tells_what_leads_out(pattern: str, relative: str | None) -> None:
    assert inside(pattern, "/r") == relative


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("a", ("", "a")),
        ("a/b/*", ("a/b", "*")),
        ("a/b", ("a", "b")),
        ("/root/.npm/**/*", ("/root/.npm", "**/*")),
        ("/*", ("/", "*")),
    ],
)
def test_split_keeps_what_is_matched(pattern: str, expected: tuple[str, str]) -> None:
    assert split(pattern) == expected
