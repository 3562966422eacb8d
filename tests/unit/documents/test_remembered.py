"""Buildspecs kept between runs: the same, or read anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from penstock.documents.buildspec import Buildspec
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.remembered import MOST, recall, remember

TEXT = b"""version: 0.2
run-as: me
env:
  shell: bash
  variables: {A: "1"}
  parameter-store: {B: /b}
  secrets-manager: {C: "id:key:AWSCURRENT"}
phases:
  install:
    on-failure: RETRY-2-x
    runtime-versions: {python: 3.12}
    commands: [a, "b"]
    finally: [c]
reports:
  unit: {files: ["*.xml"], file-format: NUNITXML}
artifacts: {files: [x], secondary-artifacts: {d: {files: [y]}}}
cache: {key: k, paths: [p], action: restore}
batch: {build-matrix: {dynamic: {env: {variables: {V: [a, b]}}}}}
"""


@pytest.fixture
def spec() -> Buildspec:
    spec, _ = read_buildspec(TEXT, "buildspec.yml")
    assert spec is not None
    return spec


def test_what_was_remembered_is_recalled_equal_to_the_last_part(
    tmp_path: Path, spec: Buildspec
) -> None:
    remember(str(tmp_path / "new"), TEXT, spec)
    found = recall(str(tmp_path / "new"), TEXT)
    assert found == spec
    assert repr(found) == repr(spec)


def test_another_text_is_not_found(tmp_path: Path, spec: Buildspec) -> None:
    remember(str(tmp_path), TEXT, spec)
    assert recall(str(tmp_path), TEXT + b"\n") is None


@pytest.mark.parametrize("damage", [b"", b"\xff\xff", b"i\x01\x00\x00\x00", b"("])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, spec: Buildspec, damage: bytes) -> None:
    remember(str(tmp_path), TEXT, spec)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(damage)
    assert recall(str(tmp_path), TEXT) is None


def test_a_file_cut_anywhere_is_as_good_as_none(tmp_path: Path, spec: Buildspec) -> None:
    remember(str(tmp_path), TEXT, spec)
    (kept,) = tmp_path.iterdir()
    whole = kept.read_bytes()
    for length in range(0, len(whole), 7):
        kept.write_bytes(whole[:length])
        assert recall(str(tmp_path), TEXT) is None


def test_an_unwritable_folder_and_a_large_text_are_let_be(tmp_path: Path, spec: Buildspec) -> None:
    (tmp_path / "file").write_text("")
    remember(str(tmp_path / "file"), TEXT, spec)
    remember(str(tmp_path), b"#" * MOST + TEXT, spec)
    assert os.listdir(tmp_path) == ["file"]
