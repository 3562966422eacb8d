from __future__ import annotations

import pytest

from penstock.documents.buildspec import Artifacts, Buildspec, CacheAction, ReportFormat
from penstock.documents.buildspec_reader import read_buildspec

GOOD = "version: 0.2\nphases:\n  build:\n    commands:\n      - make\n"


def read(text: str) -> tuple[Buildspec, list[str]]:
    spec, problems = read_buildspec((GOOD + text).encode(), "buildspec.yml")
    assert spec is not None, [str(problem) for problem in problems]
    return spec, [problem.rule for problem in problems]


def rules_of(text: str) -> list[str]:
    return [problem.rule for problem in read_buildspec((GOOD + text).encode(), "b.yml")[1]]


def artifacts_of(text: str) -> Artifacts:
    spec, problems = read(text)
    assert problems == []
    assert spec.artifacts is not None
    return spec.artifacts


def test_artifacts_are_read_whole() -> None:
    """CB-080, CB-082, CB-083, CB-084, CB-085, CB-086"""
    primary, secondary = artifacts_of(
        "artifacts:\n  files:\n    - '**/*'\n    - a.txt\n  name: a-$(date +%F)\n"
        "  base-directory: my-build*\n  exclude-paths:\n    - '**/.*'\n  discard-paths: yes\n"
        "  enable-symlinks: yes\n  s3-prefix: p\n"
    )
    assert [text.value for text in primary.files] == ["**/*", "a.txt"]
    assert (primary.name, primary.base_directory) == ("a-$(date +%F)", "my-build*")
    assert [text.value for text in primary.exclude_paths] == ["**/.*"]
    assert (primary.discard_paths, primary.enable_symlinks) == (True, True)
    assert (primary.s3_prefix, primary.identifier, secondary) == ("p", "", ())


def test_exclude_paths_may_be_a_single_text_as_the_reference_shows_it() -> None:
    """CB-084"""
    text = "artifacts:\n  files: ['*']\n  exclude-paths: node_modules/**/*\n"
    assert [t.value for t in artifacts_of(text).primary.exclude_paths] == ["node_modules/**/*"]


def test_secondary_artifacts_have_the_same_keys() -> None:
    """CB-087"""
    text = "artifacts:\n  files: ['*']\n  secondary-artifacts:\n    one:\n      files: [a]\n"
    text += "      discard-paths: yes\n    two:\n      files: [b]\n      base-directory: d\n"
    found = artifacts_of(text).secondary
    assert [(a.identifier, a.files[0].value, a.base_directory) for a in found] == [
        ("one", "a", None),
        ("two", "b", "d"),
    ]


def test_secondary_artifacts_without_files_beside_them_are_a_warning() -> None:
    """CB-215"""
    spec, problems = read("artifacts:\n  secondary-artifacts:\n    one:\n      files: [a]\n")
    assert problems == ["only-secondary-artifacts"]
    assert spec.artifacts is not None
    assert spec.artifacts.primary.files == ()


@pytest.mark.parametrize(
    "text",
    [
        "artifacts: {name: x}\n",
        "artifacts: {files: }\n",
        "artifacts:\n  files: ['*']\n  secondary-artifacts:\n    one:\n",
        "reports: {unit: {base-directory: x}}\n",
        "reports:\n  unit:\n",
    ],
)
def test_files_are_required(text: str) -> None:
    """CB-066, CB-080"""
    assert rules_of(text) == ["missing-files"]


def test_a_cache_is_read_whole() -> None:
    """CB-090, CB-092"""
    spec, problems = read(
        "cache:\n  paths:\n    - /root/.m2/**/*\n  key: k-$(codebuild-hash-files pom.xml)\n"
        "  fallback-keys:\n    - k-\n    - k\n  action: save\n"
    )
    assert (spec.cache is not None, problems) == (True, [])
    assert spec.cache is not None
    assert [text.value for text in spec.cache.paths] == ["/root/.m2/**/*"]
    assert spec.cache.key == "k-$(codebuild-hash-files pom.xml)"
    assert [text.value for text in spec.cache.fallback_keys] == ["k-", "k"]
    assert spec.cache.action is CacheAction.SAVE


@pytest.mark.parametrize(("count", "rules"), [(5, []), (6, ["too-many-fallback-keys"])])
def test_five_fallback_keys_at_most(count: int, rules: list[str]) -> None:
    """CB-092"""
    keys = ", ".join("abcdefg"[:count])
    assert rules_of(f"cache:\n  key: k\n  fallback-keys: [{keys}]\n") == rules


def test_fallback_keys_without_key_are_ignored_with_a_warning() -> None:
    """CB-092"""
    assert rules_of("cache:\n  paths: [a]\n  fallback-keys: [a]\n") == ["fallback-without-key"]


def test_a_report_group_is_read_whole() -> None:
    """CB-065, CB-066, CB-067"""
    name = "arn:aws:codebuild:us-east-1:111122223333:report-group/r"
    spec, problems = read(
        f"reports:\n  {name}:\n    files: ['**/*.trx']\n    base-directory: d\n"
        "    discard-paths: yes\n    file-format: VisualStudioTrx\n  $GROUP:\n    files: [a]\n"
    )
    first, second = spec.reports
    assert problems == []
    assert (first.name, first.base_directory, first.discard_paths) == (name, "d", True)
    assert first.file_format is ReportFormat.VISUALSTUDIOTRX
    assert (second.name, second.discard_paths, second.file_format) == ("$GROUP", False, "JUNITXML")


@pytest.mark.parametrize("format_", list(ReportFormat))
@pytest.mark.parametrize("spell", [str.upper, str.lower, str.title])
def test_a_file_format_is_read_in_any_case(format_: ReportFormat, spell: object) -> None:
    """CB-067"""
    assert callable(spell)
    spec, problems = read(f"reports:\n  r:\n    files: [a]\n    file-format: {spell(format_)}\n")
    assert (spec.reports[0].file_format, problems) == (format_, [])


def test_an_unknown_file_format_is_an_error_with_the_nearest_one() -> None:
    """CB-067, CB-212"""
    text = "reports:\n  r:\n    files: [a]\n    file-format: simplecov-json\n"
    (problem,) = read_buildspec((GOOD + text).encode(), "b.yml")[1]
    assert (problem.rule, problem.hint) == ("bad-file-format", "did you mean SIMPLECOV?")


@pytest.mark.parametrize(("count", "rules"), [(5, []), (6, ["too-many-report-groups"])])
def test_five_report_groups_at_most(count: int, rules: list[str]) -> None:
    """CB-065, CB-212"""
    groups = "".join(f"  r{number}: {{files: [a]}}\n" for number in range(count))
    assert rules_of("reports:\n" + groups) == rules
