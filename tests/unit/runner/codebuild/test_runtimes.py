from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.runner.codebuild.runtimes import (
    NAMES,
    Installed,
    Link,
    NoFit,
    choose,
    select,
    version_parts,
)


def here(runtime: str, *versions: str, source: str = "manager", first: str = "") -> list[Installed]:
    return [
        Installed(
            runtime, version, source, f"/{source}/{runtime}/{version}", first=first == version
        )
        for version in versions
    ]


@pytest.mark.parametrize(
    ("wanted", "versions", "chosen"),
    [
        ("18", ["16.20.2", "18.9.0", "18.19.0", "20.1.0"], "18.19.0"),
        ("18.x", ["16.20.2", "18.9.0", "18.19.0", "20.1.0"], "18.19.0"),
        ("18.9", ["18.9.0", "18.9.1", "18.19.0"], "18.9.1"),
        ("18.9.0", ["18.9.0", "18.9.1", "18.19.0"], "18.9.0"),
        ("3.1", ["3.1.4", "3.10.2", "3.11.0"], "3.1.4"),
        ("3.1.x", ["3.1.4", "3.10.2", "3.11.0"], "3.1.4"),
        ("3.x", ["2.7.18", "3.9.1", "3.10.2"], "3.10.2"),
        ("latest", ["9.0.0", "10.0.0", "8.5.1"], "10.0.0"),
        ("3.12", ["3.12"], "3.12"),
        ("3.12", ["3.12", "3.12.1"], "3.12.1"),
        ("corretto17", ["8.0", "11.0.2", "17.0.15"], "17.0.15"),
        ("corretto17.x", ["17.0.15"], "17.0.15"),
        ("openjdk11", ["11.0.2"], "11.0.2"),
        ("corretto8", ["8.0"], "8.0"),
        ("22", ["18.9.0"], None),
        ("1", ["18.9.0"], None),
        ("3.12.1", ["3.12"], None),
        ("18.9.0.0", ["18.9.0"], None),
        ("latest", [], None),
        ("newest", ["18.9.0"], None),
        ("", ["18.9.0"], None),
        ("18; rm", ["18.9.0"], None),
    ],
)
def test_the_highest_version_that_fits_is_chosen(
    wanted: str, versions: list[str], chosen: str | None
) -> None:
    """CB-050: exact, `N.x` and `latest`."""
    for order in (versions, versions[::-1]):
        found = choose("any", wanted, here("any", *order))
        assert (found.version if isinstance(found, Installed) else None) == chosen


def test_among_equals_the_one_that_path_leads_to_is_chosen() -> None:
    installed = [
        *here("nodejs", "18.19.0", source="nvm"),
        *here("nodejs", "18.19.0", source="n", first="18.19.0"),
        *here("nodejs", "18.19.0", source="asdf"),
    ]
    found = choose("nodejs", "18", installed)
    assert isinstance(found, Installed)
    assert found.source == "n"


def test_another_runtime_of_that_version_does_not_fit() -> None:
    found = choose("ruby", "3.1", here("python", "3.1.0"))
    assert found == NoFit("ruby", "3.1", ())


@given(st.lists(st.tuples(*[st.integers(0, 30)] * 3), min_size=1))
def test_each_installed_version_can_be_had_by_name(versions: list[tuple[int, int, int]]) -> None:
    texts = [".".join(map(str, version)) for version in versions]
    for text in texts:
        found = choose("any", text, here("any", *texts))
        assert isinstance(found, Installed)
        assert found.version == text
    newest = choose("any", "latest", here("any", *texts))
    assert isinstance(newest, Installed)
    assert version_parts(newest.version) == max(versions)


class TestSelection:
    def test_says_what_was_wanted_and_what_was_taken(self) -> None:
        """CB-123: the agent's lines, then which installations they led to."""
        installed = [
            *here("nodejs", "18.19.0", source="nvm"),
            *here("python", "3.12.1", source="pyenv"),
        ]
        selection = select([("nodejs", "18"), ("python", "3.x")], installed)
        assert selection.lines == (
            "Selecting 'nodejs' runtime version '18' based on manual selections...",
            "Selecting 'python' runtime version '3.x' based on manual selections...",
            "nodejs 18.19.0 from nvm",
            "python 3.12.1 from pyenv",
        )
        assert (selection.missing, selection.error) == ((), "")

    def test_puts_programs_first_on_path_and_sets_variables(self) -> None:
        java = Installed("java", "17.0.1", "sdkman", "/j/bin", (("JAVA_HOME", "/j"),))
        python = Installed("python", "3.12", "python3.12", links=(Link("pip", "/p"),))
        node = Installed("nodejs", "18.1.0", "/usr/bin/node", first=True)
        selection = select(
            [("java", "17"), ("python", "3"), ("nodejs", "18")], [java, python, node]
        )
        assert selection.settings("/usr/bin:/bin", "/tmp/links") == {
            "PATH": "/tmp/links:/j/bin:/usr/bin:/bin",
            "JAVA_HOME": "/j",
        }

    def test_changes_nothing_where_path_has_it_already(self) -> None:
        node = Installed("nodejs", "18.1.0", "/usr/bin/node", first=True)
        assert select([("nodejs", "18")], [node]).settings("/usr/bin", "/tmp/links") == {}

    def test_names_what_is_missing_and_what_is_there(self) -> None:
        selection = select([("nodejs", "22")], here("nodejs", "16.2.0", "18.9.0", source="nvm"))
        (missing,) = selection.missing
        assert "nodejs 22 is not installed: this machine has 18.9.0 (nvm), 16.2.0 (nvm)" in str(
            missing
        )
        assert missing.refusal() == (
            "Unknown runtime version named '22' of nodejs. "
            "This machine has the following versions: 18.9.0, 16.2.0"
        )
        assert selection.chosen == ()

    def test_says_so_where_there_is_nothing(self) -> None:
        (missing,) = select([("ruby", "3.2")], []).missing
        assert "this machine has no ruby." in str(missing)
        assert missing.refusal().endswith("has the following versions: none")

    def test_fails_for_an_unknown_runtime_as_codebuild_does(self) -> None:
        """CB-051: with CodeBuild's words, after the lines of all selections."""
        selection = select([("python", "3.12"), ("docker", "20")], here("python", "3.12.1"))
        assert selection.error == (
            "Unknown runtime named 'docker'. This build image has the following runtimes: "
            "dotnet, golang, java, nodejs, php, python, ruby, rust"
        )
        assert len(selection.lines) == 2
        assert selection.chosen == ()

    @pytest.mark.parametrize("name", NAMES)
    def test_knows_the_runtimes_of_codebuilds_images(self, name: str) -> None:
        """CB-054: of standard 7.0, and rust of 8.0."""
        assert select([(name, "1")], []).error == ""
