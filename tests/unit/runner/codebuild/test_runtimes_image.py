from __future__ import annotations

import pytest

from penstock.runner.codebuild.runtimes.image import (
    UNSUPPORTED,
    Recipe,
    Recipes,
    Unreadable,
    read,
    select,
)

FILE = b"""
version: 0.1
runtimes:
  java:
    versions:
      corretto17:
        commands:
          - export JAVA_HOME="$JAVA_17_HOME"
          - |-
            for tool in "$JAVA_HOME"/bin/*;
              do link "$tool";
            done
      corretto8:
        commands: [use java 8]
  python:
    versions:
      3.9:
        commands: [use python 3.9]
      3.10:
        commands: [use python 3.10]
      default:
        commands:
          - pyenv install $VERSION && echo "${VERSION}" $VERSIONS
  android:
    versions:
      28:
        requires:
          java: ["corretto8"]
        commands: [use android 28]
  golang:
    versions:
"""
RECIPES = read(FILE)


def commands(*wanted: tuple[str, str], recipes: Recipes = RECIPES) -> tuple[str, ...]:
    selection = select(wanted, recipes)
    assert selection.error == ""
    return selection.commands


def test_the_file_is_read_with_versions_as_they_are_written() -> None:
    """CB-052: `3.10` is a version, and no number."""
    assert list(RECIPES["python"]) == ["3.9", "3.10", "default"]
    assert RECIPES["android"]["28"] == Recipe(("use android 28",), (("java", ("corretto8",)),))
    assert RECIPES["golang"] == {}


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        ("3.9", "use python 3.9"),
        ("3.10", "use python 3.10"),
        ("3.x", "use python 3.10"),
        ("3.9.x", "use python 3.9"),
        ("latest", "use python 3.10"),
        ("3.8.1", 'pyenv install 3.8.1 && echo "3.8.1" $VERSIONS'),
    ],
)
def test_a_version_gives_its_commands(wanted: str, chosen: str) -> None:
    """CB-050, CB-052: exact, `N.x` and `latest`; the default gets any other version."""
    assert commands(("python", wanted)) == (chosen,)


def test_commands_come_in_the_buildspecs_order() -> None:
    """CB-052: they run in the build's shell, a block scalar as one command."""
    assert commands(("python", "3.9"), ("java", "corretto17")) == (
        "use python 3.9",
        'export JAVA_HOME="$JAVA_17_HOME"',
        'for tool in "$JAVA_HOME"/bin/*;\n  do link "$tool";\ndone',
    )


def test_what_a_version_requires_comes_before_it() -> None:
    """CB-052: old files have `requires`."""
    assert commands(("android", "28")) == ("use java 8", "use android 28")
    assert commands(("android", "28"), ("java", "corretto8")) == ("use android 28", "use java 8")


def test_a_version_that_conflicts_with_what_another_requires_is_an_error() -> None:
    """CB-051: conflicting runtimes fail the build."""
    selection = select([("android", "28"), ("java", "corretto17")], RECIPES)
    assert "'android' version '28' requires 'java' version corretto8" in selection.error
    assert selection.commands == ()


def test_a_required_runtime_that_the_image_lacks_is_an_error() -> None:
    recipes = {"android": RECIPES["android"]}
    assert "requires 'java'" in select([("android", "28")], recipes).error


def test_an_unknown_runtime_is_named_with_those_there_are() -> None:
    """CB-051."""
    selection = select([("java", "corretto17"), ("docker", "20")], RECIPES)
    assert selection.error == (
        "Unknown runtime named 'docker'. This build image has the following runtimes: "
        "android, golang, java, python"
    )
    assert selection.commands == ()
    assert selection.lines == (
        "Selecting 'java' runtime version 'corretto17' based on manual selections...",
        "Selecting 'docker' runtime version '20' based on manual selections...",
    )


@pytest.mark.parametrize("version", ["corretto21", "corretto21.x", "17.x", "default.x", ""])
def test_an_unknown_version_is_named_with_those_there_are(version: str) -> None:
    assert select([("java", version)], RECIPES).error == (
        f"Unknown runtime version named '{version}' of java. "
        "This build image has the following versions: corretto8, corretto17"
    )


@pytest.mark.parametrize("version", ["$(id)", "3; id", "3 4", "`id`", "3\n4"])
def test_a_version_cannot_smuggle_in_a_command(version: str) -> None:
    assert "Unknown runtime version" in select([("python", version)], RECIPES).error


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (b"runtimes: [java]", ":1:11: a mapping is expected"),
        (b"runtimes:\n  java:\n    versions: 17", ":3:15: a mapping is expected"),
        (b"runtimes: {java: {versions: {a: {commands: [{}]}}}}", "a text is expected"),
        (b"runtimes: {", ""),
        (b"", ""),
    ],
)
def test_a_file_of_another_form_is_refused_with_the_place(text: bytes, place: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert place in str(refused.value)
    assert "runtimes.yml" in str(refused.value)


def test_an_image_without_the_file_is_warned_of_in_codebuilds_words() -> None:
    """CB-053."""
    assert UNSUPPORTED == (
        "Skipping install of runtimes. Runtime version selection is not supported by this "
        "build image"
    )
