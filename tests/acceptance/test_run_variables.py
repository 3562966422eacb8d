"""Variables that a build meets, and those it exports."""

from __future__ import annotations

import re
from collections.abc import Callable

from .conftest import Project

Lines = Callable[..., list[str]]


def test_variables_are_literal_and_each_level_beats_the_one_below(project: Project) -> None:
    """CB-010, CB-011"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv:\n  variables: {A: '$HOME/x', B: spec, C: spec}\n"
        "phases: {build: {commands: ['echo \"$A|$B|$C|$D\"']}}\n",
    )
    project.write("more.env", "C=file\nD=file\n")
    ran = project.run("--env", "B=mine", "--env", "D", "--env-file", "more.env", env={"D": "own"})
    assert "$HOME/x|mine|file|own\n" in ran.out


def test_the_callers_other_variables_stay_out(lines_of: Lines, project: Project) -> None:
    """CB-011: what is not on CodeBuild must not make a build green here."""
    project.buildspec('echo "[$MY_TOKEN]"')
    assert "[]\n" in project.run(env={"MY_TOKEN": "x"}).out


def test_agent_variables_have_codebuilds_formats(project: Project) -> None:
    """CB-110, CB-111, CB-112, CB-113"""
    project.buildspec("env")
    out = project.run("--name", "shop", "--env", "CODEBUILD_BUILD_ID=forged").out
    for pattern in (
        r"CODEBUILD_BUILD_ID=shop:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",
        r"CODEBUILD_BUILD_ARN=arn:aws:codebuild:us-east-1:\d{12}:build/shop:[0-9a-f-]{36}",
        r"CODEBUILD_BUILD_NUMBER=1",
        r"CODEBUILD_START_TIME=\d{13}",
        r"CODEBUILD_LOG_PATH=[0-9a-f-]{36}",
        r"CODEBUILD_KMS_KEY_ID=arn:aws:kms:us-east-1:\d{12}:alias/aws/s3",
        r"CODEBUILD_CI=true",
        r"CODEBUILD_BUILD_SUCCEEDING=1",
        r"CODEBUILD_SRC_DIR=/.*/src\d+/src",
        r"CODEBUILD_SOURCE_REPO_URL=",
        r"AWS_REGION=us-east-1",
        r"AWS_DEFAULT_REGION=us-east-1",
        r"HOME=/.*",
    ):
        assert re.search(f"^{pattern}$", out, re.MULTILINE), pattern


def test_variables_that_belong_to_other_builds_are_absent(project: Project) -> None:
    """CB-115, CB-116, CB-114: no webhook, no batch, no git."""
    project.buildspec("env")
    out = project.run().out
    assert "CODEBUILD_WEBHOOK" not in out
    assert "CODEBUILD_BATCH" not in out
    assert "CODEBUILD_RESOLVED_SOURCE_VERSION" not in out


def test_succeeding_is_0_after_a_failure(project: Project) -> None:
    """CB-040"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases:\n  build:\n    commands: ['false']\n"
        "    finally: ['echo finally=$CODEBUILD_BUILD_SUCCEEDING']\n"
        "  post_build:\n    commands: ['echo post=$CODEBUILD_BUILD_SUCCEEDING']\n",
    )
    out = project.run().out
    assert "finally=0\n" in out
    assert "post=0\n" in out


def test_exported_variables_have_their_last_value(project: Project) -> None:
    """CB-015"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {exported-variables: [V, W, GONE]}\nphases:\n"
        "  build: {commands: ['V=1', 'export W=\"two words\"']}\n"
        "  post_build: {commands: ['V=2']}\n",
    )
    ran = project.run("--json")
    exported = {one["name"]: one["value"] for one in ran.result["exportedEnvironmentVariables"]}
    assert exported == {"V": "2", "W": "two words"}
    assert "GONE is not set" in ran.err
