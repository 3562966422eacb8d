"""cfn-lint below the rules of our own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from penstock.documents.diagnostics import Severity
from penstock.lint import exit_code, lint_paths
from penstock.lint.cfn_lint import CfnLint, is_installed
from penstock.lint.formats import render

from ..needs import lacking

TEMPLATE = """\
Parameters:
  Stage: {Type: String}
Resources:
  Site:
    Type: AWS::S3::Bucket
    Properties:
      BucketNam: !Ref Stages
      VersioningConfiguration:
        Status: Sometimes
"""


@pytest.fixture(autouse=True)
def installed() -> None:
    if not is_installed():
        raise lacking("cfn-lint is not installed")


def ids(file: Path, cfn_lint: bool = True) -> list[str]:
    return [one.rule for one in lint_paths([str(file)], cfn_lint=cfn_lint).diagnostics]


def test_its_findings_have_its_ids_and_ours_are_not_told_twice(tmp_path: Path) -> None:
    file = tmp_path / "site.yml"
    file.write_text(TEMPLATE)
    own = ["unused-parameter", "unknown-property", "unresolved-reference"]
    assert ids(file, cfn_lint=False) == own
    assert ids(file) == [*own, "cfn-lint/E3030"]
    [one] = [one for one in lint_paths([str(file)]).diagnostics if "/" in one.rule]
    assert (one.severity, one.at.line) == (Severity.ERROR, 9)


def test_files_keep_the_names_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b/site.yml").write_text(TEMPLATE)
    found = lint_paths(["./a b/../a b/site.yml"]).diagnostics
    assert {one.file for one in found} == {"./a b/../a b/site.yml"}
    assert "cfn-lint/E3030" in {one.rule for one in found}


def test_what_it_calls_an_error_can_be_ignored(tmp_path: Path) -> None:
    file = tmp_path / "site.yml"
    comment = "  # penstock: ignore cfn-lint/E3030: this one is new"
    file.write_text(
        "Resources:\n  Site:\n    Type: AWS::S3::Bucket\n    Properties:\n"
        f"      VersioningConfiguration:\n        Status: Sometimes{comment}\n"
    )
    result = lint_paths([str(file)])
    assert (result.diagnostics, exit_code(result)) == ((), 0)


@pytest.mark.parametrize("format", ["text", "json", "sarif", "github"])
def test_every_format_takes_its_ids(tmp_path: Path, format: str) -> None:
    file = tmp_path / "site.yml"
    file.write_text(TEMPLATE)
    assert "cfn-lint/E3030" in render(lint_paths([str(file)]), format)


def test_its_end_without_a_result_is_a_note(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr(sys, "executable", os.fspath(program))
    [one] = CfnLint(["a.yml"]).collect(())
    assert (one.rule, one.severity) == ("cfn-lint-failed", Severity.INFO)
    assert "status 3" in one.message
