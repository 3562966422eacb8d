"""Lints texts as the files of a source tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.documents.diagnostics import Diagnostic
from penstock.lint import lint_paths

Place = tuple[int, int]


class Tree:
    """A folder that is a repository. `lint` gives what is found in the first of its texts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / ".git").mkdir()

    def lint(self, text: str, **files: str) -> tuple[Diagnostic, ...]:
        """`files` by path, with `__` for the slash and `_` for the dot before the ending."""
        for name, content in files.items():
            folder, _, file = name.rpartition("__")
            path = self._folder / folder.replace("__", "/") / ".".join(file.rsplit("_", 1))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        file_path = self._folder / "document.yml"
        file_path.write_text(text)
        return lint_paths([str(file_path)], shellcheck=False, cfn_lint=False).diagnostics


def place(text: str, part: str, number: int = 1) -> Place:
    """Line and column of the `number`th time that a part stands in a text."""
    index = -1
    for _ in range(number):
        index = text.index(part, index + 1)
    line = text.count("\n", 0, index) + 1
    return line, index - (text.rfind("\n", 0, index) + 1) + 1


def found(diagnostics: tuple[Diagnostic, ...], rule: str) -> list[Place]:
    return [(one.at.line, one.at.column) for one in diagnostics if one.rule == rule]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)
