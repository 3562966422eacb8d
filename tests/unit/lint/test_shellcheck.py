from __future__ import annotations

from pathlib import Path

import pytest

from penstock.documents.diagnostics import Diagnostic
from penstock.lint import lint_file, lint_paths
from penstock.lint.shellcheck import program

pytestmark = pytest.mark.skipif(program() is None, reason="shellcheck is not installed")


def lint(folder: Path, commands: str, env: str = "") -> list[Diagnostic]:
    file = folder / "buildspec.yml"
    file.write_text(f"version: 0.2\n{env}phases:\n  build:\n    commands:\n{commands}")
    return [one for one in lint_file(str(file)) if one.rule.startswith("SC")]


@pytest.mark.parametrize(
    ("commands", "at"),
    [
        ("      - rm -rf $DIR/\n", (5, 16)),
        ("      - 'make; rm -rf $DIR/'\n", (5, 23)),
        ('      - "make && rm -rf \\"$DIR/\\""\n', (5, 25)),
        ("      - |\n        make\n\n        \tmake; rm -rf $DIR/\n", (8, 23)),
        ("      - >\n        make;\n        rm -rf $DIR/\n", (7, 16)),
    ],
)
def test_a_mistake_is_shown_where_it_stands(
    tmp_path: Path, commands: str, at: tuple[int, int]
) -> None:
    (found,) = lint(tmp_path, commands)
    assert (found.rule, found.severity) == ("SC2115", "warning")
    assert found.at == at


def test_what_commands_share_makes_no_noise(tmp_path: Path) -> None:
    """CB-026: variables and the directory last from command to command."""
    commands = ["NAME=web", "echo $NAME $OTHER", "cd app", "export A=$(date)", ". ./settings"]
    assert lint(tmp_path, "".join(f"      - {command}\n" for command in commands)) == []


def test_bash_is_checked_as_bash(tmp_path: Path) -> None:
    """CB-017."""
    commands = "      - echo -e $RANDOM\n"
    assert lint(tmp_path, commands)
    assert not lint(tmp_path, commands, env="env:\n  shell: bash\n")


def test_a_problem_is_reported_once(tmp_path: Path) -> None:
    """CB-205: `bashism` has said it."""
    assert lint(tmp_path, "      - if [[ -n $A ]]; then make; fi\n") == []


def test_a_syntax_error_in_one_command_leaves_the_others_checked(tmp_path: Path) -> None:
    found = lint(tmp_path, "      - if true; then\n      - rm -rf $DIR/\n")
    assert {one.at.line for one in found} == {5, 6}


def test_one_script_in_many_files_is_shown_in_each(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}-buildspec.yml").write_text(
            "version: 0.2\nphases:\n  build:\n    commands:\n      - rm -rf $DIR/\n"
        )
    found = lint_paths([str(tmp_path)]).diagnostics
    assert [Path(one.file).name for one in found] == ["a-buildspec.yml", "b-buildspec.yml"]


def test_comments_for_shellcheck_itself_work(tmp_path: Path) -> None:
    block = "      - |\n        # shellcheck disable=SC2115\n        rm -rf $DIR/\n"
    assert lint(tmp_path, block) == []


def test_it_is_left_out_when_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "buildspec.yml"
    file.write_text("version: 0.2\nphases:\n  build:\n    commands:\n      - rm -rf $DIR/\n")
    assert lint_file(str(file), shellcheck=False) == ()
