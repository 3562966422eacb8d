"""What a build is given and what it leaves: secrets, artifacts, caches, reports."""

from __future__ import annotations

import json
from collections.abc import Callable

from .conftest import Project

Lines = Callable[..., list[str]]


def test_secrets_come_from_a_file_and_are_masked_everywhere(project: Project) -> None:
    """CB-012, CB-013, CB-016"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv:\n  parameter-store: {TOKEN: /app/token}\n"
        "  secrets-manager: {PASSWORD: 'db:password'}\n  exported-variables: [COPY]\n"
        "phases:\n  build:\n    commands:\n      - '[ \"$TOKEN\" = s3cr3t-value ] || exit 9'\n"
        '      - COPY=$TOKEN\n      - echo $TOKEN $PASSWORD; printf %s "$TOKEN" | base64\n'
        "      - echo $PASSWORD; exit 3\n",
    )
    values = {"parameter-store": {"/app/token": "s3cr3t-value"}}
    values["secrets-manager"] = {"db": {"password": "hunter22hunter"}}  # type: ignore[dict-item]
    project.write("../secrets.json", json.dumps(values))
    for options in ([], ["--json"], ["--log-format", "aws"], ["--log-format", "json"]):
        ran = project.run("--secrets", "../secrets.json", *options)
        assert ran.code == 1
        shown = ran.out + ran.err
        assert "exit 3" in shown
        for hidden in ("s3cr3t-value", "hunter22hunter", "czNjcjN0"):
            assert hidden not in shown


def test_a_secret_too_short_to_mask_is_warned_of_by_name(project: Project) -> None:
    """CB-016"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {parameter-store: {PIN: /pin}}\nphases: {build: {commands: [echo]}}\n",
    )
    project.write("../s.env", "/pin=1\n")
    assert "PIN is too short to be masked" in project.run("--secrets", "../s.env").out


def test_key_ids_of_aws_are_masked_in_any_build(lines_of: Lines) -> None:
    """CB-016"""
    assert lines_of("echo AKIA''IOSFODNN7EXAMPLE") == ["***"]


def test_every_missing_secret_is_named_and_where_it_was_looked_for(project: Project) -> None:
    """CB-012, CB-013: DOWNLOAD_SOURCE fails, no command runs."""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv:\n  parameter-store: {A: /app/a, B: /app/b}\n"
        "  secrets-manager: {C: 'db:key'}\nphases: {build: {commands: [echo ran]}}\n",
    )
    project.write("some.env", "/app/a=x\n")
    ran = project.run("--json", "--secrets", "some.env")
    assert ran.code == 1
    assert ran.phases["DOWNLOAD_SOURCE"] == "FAILED"
    assert "BUILD" not in ran.phases
    message = ran.result["phases"][0]["contexts"][0]["message"]
    for part in ("/app/b", "db:key", "some.env"):
        assert part in message
    assert "/app/a" not in message


def test_artifacts_are_kept_by_name_and_missing_ones_fail(project: Project) -> None:
    """CB-080, CB-081, CB-085: variables and commands in the name are expanded by the shell."""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: ['mkdir -p out/sub', 'echo 1 > out/a.txt', "
        "'echo 2 > out/sub/.b', 'V=7', 'cd /']}}\n"
        "artifacts: {files: ['**/*', none.txt], base-directory: out, name: 'app-$V-$(echo x)'}\n",
    )
    ran = project.run("--artifacts", "../kept")
    assert ran.code == 0, ran.out
    kept = project.folder.parent / "kept" / "app-7-x"
    assert sorted(str(p.relative_to(kept)) for p in kept.rglob("*") if p.is_file()) == [
        "a.txt",
        "sub/.b",
    ]
    assert "Skipping invalid file path none.txt" in ran.out
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: [echo]}}\nartifacts: {files: [none.txt]}\n",
    )
    ran = project.run("--json")
    assert ran.code == 1
    assert ran.phases["UPLOAD_ARTIFACTS"] == "FAILED"
    context = next(p for p in ran.result["phases"] if p["phaseType"] == "UPLOAD_ARTIFACTS")
    assert context["contexts"][0] == {
        "statusCode": "CLIENT_ERROR",
        "message": "no matching artifact paths found",
    }


def test_an_artifact_name_cannot_lead_out_of_the_folder(project: Project) -> None:
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: ['echo 1 > a']}}\n"
        "artifacts: {files: [a], name: ../../evil}\n",
    )
    ran = project.run("--artifacts", "../kept")
    assert ran.code == 1
    assert not (project.folder.parent.parent / "evil").exists()


def test_secondary_artifacts_are_kept_beside_the_primary(project: Project) -> None:
    """CB-087"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: ['echo 1 > a; echo 2 > b']}}\n"
        "artifacts:\n  files: [a]\n  name: main\n  secondary-artifacts:\n"
        "    docs: {files: [b]}\n",
    )
    project.run("--artifacts", "../kept")
    assert (project.folder.parent / "kept/main/a").exists()
    assert (project.folder.parent / "kept/docs/b").exists()


def test_the_second_build_finds_its_cache(project: Project) -> None:
    """CB-090, CB-092, CB-094: a miss, then a hit; another key misses and falls back."""
    project.write("lock", "1")
    project.write(
        "buildspec.yml",
        "version: 0.2\n"
        "phases: {build: {commands: ['cat c/x 2>/dev/null; mkdir -p c; echo hit > c/x']}}\n"
        "cache:\n  key: k-$(codebuild-hash-files lock)\n"
        "  fallback-keys: [k-]\n  paths: ['c/**/*']\n",
    )
    first = project.run("--cache", "../cache")
    assert (first.code, "Cache miss" in first.out) == (0, True)
    second = project.run("--cache", "../cache")
    assert "\nhit\n" in second.out
    project.write("lock", "2")
    third = project.run("--cache", "../cache")
    assert "\nhit\n" in third.out
    assert "allback" in third.out
    assert "\nhit\n" not in project.run("--no-cache").out


def test_a_failed_build_saves_no_cache(project: Project) -> None:
    """CB-091: half of what a build caches must not be what the next one starts from."""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: ['mkdir c; echo hit > c/x', 'false']}}\n"
        "cache: {paths: ['c/**/*']}\n",
    )
    project.run("--cache", "../cache")
    assert "Cache miss" in project.run("--cache", "../cache").out


def test_failed_test_cases_stand_at_the_end(project: Project) -> None:
    """CB-065, CB-066, CB-068"""
    project.write(
        "junit.xml",
        '<testsuite name="s" tests="2"><testcase classname="c" name="good"/>'
        '<testcase classname="c" name="bad"><failure message="1 is not 2">x</failure></testcase>'
        "</testsuite>",
    )
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: ['mkdir r; cp junit.xml r', 'exit 1']}}\n"
        "reports: {unit: {files: ['*.xml'], base-directory: r}}\n",
    )
    ran = project.run()
    assert ran.code == 1
    tail = ran.out[ran.out.index("FAILED in BUILD") :]
    assert "web-unit" in tail
    assert "bad" in tail
    assert "1 is not 2" in tail


def test_reports_do_not_change_the_builds_status(project: Project) -> None:
    """CB-068: a report that failed, or has no file, leaves the build green."""
    project.write(
        "buildspec.yml",
        "version: 0.2\nphases: {build: {commands: [echo]}}\nreports: {unit: {files: [none.xml]}}\n",
    )
    ran = project.run("--json")
    assert ran.code == 0
    assert ran.result["reports"][0]["status"] == "INCOMPLETE"


def test_report_files_are_found_by_themselves_unless_switched_off(project: Project) -> None:
    """CB-072"""
    xml = '<testsuite tests="1"><testcase classname="c" name="t"/></testsuite>'
    project.buildspec(f"echo '{xml}' > made.xml")
    ran = project.run("--json")
    assert ran.result["reports"][0]["name"] == "web-JUNITXML-AutoDiscovered"
    ran = project.run("--json", "--env", "CODEBUILD_CONFIG_AUTO_DISCOVER=false")
    assert ran.result["reports"] == []


def test_secrets_hide_in_notes_contexts_names_and_results_too(project: Project) -> None:
    """CB-016"""
    project.write(
        "buildspec.yml",
        "version: 0.2\nenv: {parameter-store: {S: /s}}\n"
        "phases: {build: {commands: ['false hunter22hunter']}}\n"
        "reports: {'r-$S': {files: ['$S.xml']}}\n"
        "artifacts: {files: ['$S/nope'], base-directory: 'no-$S'}\n"
        "cache: {key: 'k-$S', paths: ['c-$S/**/*']}\n",
    )
    project.write("../s.env", "/s=hunter22hunter\n")
    for options in ([], ["--json"], ["--log-format", "json"]):
        ran = project.run("--secrets", "../s.env", *options)
        assert ran.code == 1
        assert "hunter22" not in ran.out + ran.err
