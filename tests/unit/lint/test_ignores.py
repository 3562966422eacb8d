from __future__ import annotations

from pathlib import Path

import pytest

from penstock.lint import lint_file


def rules(folder: Path, text: str) -> list[str]:
    file = folder / "buildspec.yml"
    file.write_text(text)
    return [one.rule for one in lint_file(str(file), shellcheck=False)]


BUILD = "version: 0.2\nphases:\n  build:\n    commands:\n"


@pytest.mark.parametrize(
    "text",
    [
        BUILD + "      - source x # penstock: ignore bashism\n",
        BUILD + "      # penstock: ignore bashism\n      - source x\n",
        BUILD + "      #penstock:ignore sudo,bashism: the image has bash\n      - source x\n",
        "# penstock: ignore bashism\n\n" + BUILD + "      - source x\n",
        "# our build\n# penstock: ignore bashism, sudo\n" + BUILD + "      - sudo -E source x\n",
        BUILD + "      - | # penstock: ignore bashism\n        make\n        source x\n",
        BUILD + "      # penstock: ignore bashism\n      - |\n        if a; then\n"
        "          source x\n        fi\n",
        BUILD + "      - |\n        make\n        # penstock: ignore bashism\n        source x\n",
    ],
)
def test_a_comment_silences_its_line_its_block_or_its_file(tmp_path: Path, text: str) -> None:
    assert "bashism" not in rules(tmp_path, text)


@pytest.mark.parametrize(
    "text",
    [
        BUILD + "      - source x # penstock: ignore sudo\n",
        BUILD + "      - make # penstock: ignore bashism\n      - source x\n",
        BUILD + "      # penstock: ignore bashism\n      - make\n      - source x\n",
    ],
)
def test_a_comment_silences_nothing_else(tmp_path: Path, text: str) -> None:
    assert "bashism" in rules(tmp_path, text)


def test_an_error_cannot_be_silenced(tmp_path: Path) -> None:
    text = "# penstock: ignore commands-not-list\nversion: 0.2\nphases: {build: {commands: x}}\n"
    assert "commands-not-list" in rules(tmp_path, text)


@pytest.mark.parametrize(
    ("comment", "hint"),
    [("bashisms", "did you mean `bashism`?"), ("", "write `# penstock: ignore RULE`")],
)
def test_a_comment_that_names_no_rule_is_reported(tmp_path: Path, comment: str, hint: str) -> None:
    file = tmp_path / "buildspec.yml"
    file.write_text(BUILD + f"      - make # penstock: ignore {comment}\n")
    (found,) = lint_file(str(file))
    assert (found.rule, found.severity, found.hint) == ("ignore-comment", "info", hint)
    assert found.at == (5, 14)


def test_numbers_of_shellcheck_are_known(tmp_path: Path) -> None:
    assert rules(tmp_path, "# penstock: ignore SC2086\n" + BUILD + "      - make\n") == []
