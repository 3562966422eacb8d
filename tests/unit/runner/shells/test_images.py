"""Images that stand in for CodeBuild's names."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.runner.shells.contract import HostError
from penstock.runner.shells.images import how_to_build, image_overrides, resolve_image


@pytest.mark.parametrize(
    ("name", "image"),
    [
        (
            "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "public.ecr.aws/codebuild/amazonlinux-x86_64-standard:5.0",
        ),
        (
            "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "public.ecr.aws/codebuild/amazonlinux-aarch64-standard:3.0",
        ),
        (
            "aws/codebuild/amazonlinux2-x86_64-standard:4.0",
            "public.ecr.aws/codebuild/amazonlinux2-x86_64-standard:4.0",
        ),
        ("aws/codebuild/standard:7.0", "aws/codebuild/standard:7.0"),
        ("python:3.12", "python:3.12"),
    ],
)
def test_amazon_linux_is_pulled_and_ubuntu_is_what_was_built_under_its_name(
    name: str, image: str
) -> None:
    """CB-055"""
    assert resolve_image(name, {}) == image


def test_an_override_comes_first() -> None:
    overrides = {"aws/codebuild/amazonlinux-x86_64-standard:5.0": "mine:1", "python:3.12": "mine:2"}
    assert resolve_image("aws/codebuild/amazonlinux-x86_64-standard:5.0", overrides) == "mine:1"
    assert resolve_image("python:3.12", overrides) == "mine:2"


def test_how_to_build_names_the_folder_of_the_image() -> None:
    """CB-055"""
    text = how_to_build("aws/codebuild/standard:7.0")
    assert "docker build -t aws/codebuild/standard:7.0 https://" in text
    assert "#master:ubuntu/standard/7.0" in text


def test_the_variable_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "penstock.toml").write_text('[images]\n"a:1" = "file:a"\n"b:1" = "file:b"\n')
    overrides = image_overrides({"PENSTOCK_IMAGES": "a:1=var:a, c:1=var:c,"}, str(tmp_path))
    assert overrides == {"a:1": "var:a", "b:1": "file:b", "c:1": "var:c"}


def test_there_need_be_neither(tmp_path: Path) -> None:
    assert image_overrides({}, str(tmp_path)) == {}


@pytest.mark.parametrize("text", ["nothing", "a=", "=b", "a=b,c"])
def test_a_variable_that_maps_nothing_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(HostError, match=r"PENSTOCK_IMAGES: .*NAME=IMAGE"):
        image_overrides({"PENSTOCK_IMAGES": text}, str(tmp_path))


@pytest.mark.parametrize("text", ["[images", "images = 1", '[images]\n"a:1" = 1', "\xff"])
def test_a_file_that_maps_nothing_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "penstock.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(HostError, match=r"penstock\.toml"):
        image_overrides({}, str(tmp_path))
