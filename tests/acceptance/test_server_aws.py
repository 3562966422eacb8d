"""The aws CLI, of both major versions, against a real server: what people type."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen
from uuid import uuid4

import pytest

from .aws_cli import SECONDS, Cli, program_of

GIT = ("git", "-c", "user.name=ada", "-c", "user.email=ada@example.com")


def spec(*commands: str, **sections: Any) -> dict[str, Any]:
    return {"version": "0.2", "phases": {"build": {"commands": list(commands)}}, **sections}


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("__", "."), text)
    return packed.getvalue()


# S3


def test_files_go_up_and_down(aws: Cli) -> None:
    bucket = aws.bucket()
    big = os.urandom(9 << 20)  # in parts
    aws.write("big", big)
    aws.write("tree/a b/ü.txt", "umlaut")
    aws.write("tree/c.txt", "c")
    aws("s3", "cp", "big", f"s3://{bucket}/in/big")
    aws("s3", "cp", f"s3://{bucket}/in/big", "back")
    assert (aws.folder / "back").read_bytes() == big
    aws("s3", "cp", "--recursive", "tree", f"s3://{bucket}/tree")
    aws("s3", "cp", "--recursive", f"s3://{bucket}/tree", "copy")
    assert (aws.folder / "copy/a b/ü.txt").read_text() == "umlaut"
    listed = aws("s3", "ls", "--recursive", f"s3://{bucket}")
    assert [line.split(maxsplit=3)[2:] for line in listed.splitlines()] == [
        [str(len(big)), "in/big"],
        ["6", "tree/a b/ü.txt"],
        ["1", "tree/c.txt"],
    ]
    aws("s3", "rb", "--force", f"s3://{bucket}")
    assert bucket not in aws("s3", "ls")


def test_sync_brings_what_has_changed_and_removes_what_is_gone(aws: Cli) -> None:
    bucket = aws.bucket()
    for name in ("same", "changed", "gone"):
        os.utime(aws.write(f"tree/{name}", name), (0, 0))  # S3 tells whole seconds only
    aws("s3", "sync", "tree", f"s3://{bucket}/t")
    assert aws("s3", "sync", "tree", f"s3://{bucket}/t") == ""
    aws.write("tree/changed", "changed a little")
    os.unlink(aws.folder / "tree/gone")
    done = aws("s3", "sync", "--delete", "--no-progress", "tree", f"s3://{bucket}/t")
    assert sorted(line.split(":")[0] for line in done.splitlines()) == ["delete", "upload"]
    aws("s3", "mv", f"s3://{bucket}/t/same", f"s3://{bucket}/moved")
    aws("s3", "rm", f"s3://{bucket}/t/changed")
    assert aws("s3", "ls", "--recursive", f"s3://{bucket}").split()[3:] == ["moved"]


def test_a_presigned_url_is_for_anybody(aws: Cli) -> None:
    bucket = aws.bucket()
    aws.write("a.txt", "for anybody")
    aws("s3", "cp", "a.txt", f"s3://{bucket}/a b.txt")
    url = aws("s3", "presign", f"s3://{bucket}/a b.txt").strip()
    with urlopen(url, timeout=SECONDS) as answer:
        assert answer.read() == b"for anybody"


# Parameters and secrets


def test_parameters(aws: Cli) -> None:
    top = f"/{uuid4().hex}"
    put = ("ssm", "put-parameter", "--name")
    aws(*put, f"{top}/url", "--type", "String", "--value", "example.com:8080")
    aws(*put, f"{top}/deep/token", "--type", "SecureString", "--value", "s3cr3t")
    taken = aws.ask(*put, f"{top}/url", "--type", "String", "--value", "b")
    assert "ParameterAlreadyExists" in taken.err
    aws(*put, f"{top}/url", "--value", "example.org", "--overwrite")
    got = aws.json("ssm", "get-parameter", "--name", f"{top}/url")["Parameter"]
    assert (got["Value"], got["Version"]) == ("example.org", 2)
    by_path = ("ssm", "get-parameters-by-path", "--path", top, "--recursive", "--with-decryption")
    found = {one["Name"]: one["Value"] for one in aws.json(*by_path)["Parameters"]}
    assert found == {f"{top}/url": "example.org", f"{top}/deep/token": "s3cr3t"}


def test_secrets(aws: Cli) -> None:
    name = f"web/{uuid4().hex}"
    aws("secretsmanager", "create-secret", "--name", name, "--secret-string", "first")
    aws("secretsmanager", "put-secret-value", "--secret-id", name, "--secret-string", "second")
    value = ("secretsmanager", "get-secret-value", "--secret-id", name)
    assert aws.text("SecretString", *value) == "second"
    assert aws.text("SecretString", *value, "--version-stage", "AWSPREVIOUS") == "first"
    gone = aws.ask("secretsmanager", "get-secret-value", "--secret-id", f"{name}-not")
    assert "ResourceNotFoundException" in gone.err


def test_who_calls(aws: Cli) -> None:
    assert aws.json("sts", "get-caller-identity") == {
        "UserId": "000000000000",
        "Account": "000000000000",
        "Arn": "arn:aws:iam::000000000000:root",
    }


# Builds


def test_a_build_from_a_zip_in_s3_to_artifacts_in_s3(aws: Cli) -> None:
    bucket = aws.bucket()
    commands = ("mkdir dist", "tr a-z A-Z < word > dist/word", "export ANSWER=42")
    env = {"exported-variables": ["ANSWER"]}
    artifacts = {"files": ["**/*"], "base-directory": "dist"}
    buildspec = json.dumps(spec(*commands, env=env, artifacts=artifacts))
    aws.write("source.zip", zipped(word="hello", buildspec__yml=buildspec))
    aws("s3", "cp", "source.zip", f"s3://{bucket}/source.zip")
    place = {"type": "S3", "location": bucket, "path": "out", "name": "web.zip", "packaging": "ZIP"}
    source = {"type": "S3", "location": f"{bucket}/source.zip"}
    project = aws.project("", source=source, artifacts=place)
    build = aws.built(project)
    assert build["buildStatus"] == "SUCCEEDED", aws.log(build)
    assert build["exportedEnvironmentVariables"] == [{"name": "ANSWER", "value": "42"}]
    assert build["artifacts"]["location"] == f"arn:aws:s3:::{bucket}/out/web.zip"
    aws("s3", "cp", f"s3://{bucket}/out/web.zip", "web.zip")
    with zipfile.ZipFile(aws.folder / "web.zip") as archive:
        assert archive.read("word") == b"HELLO"
    plain = json.dumps({**place, "packaging": "NONE", "name": "plain"})
    assert aws.built(project, "--artifacts-override", plain)["buildStatus"] == "SUCCEEDED"
    assert aws("s3", "cp", f"s3://{bucket}/out/plain/word", "-") == "HELLO"
    assert (
        aws.json("codebuild", "list-builds-for-project", "--project-name", project)["ids"][-1]
        == (build["id"])
    )


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "origin"
    (folder / "src").mkdir(parents=True)
    (folder / "buildspec.yml").write_text(json.dumps(spec("cat src/word", "git log --format=%s")))
    (folder / "src/word").write_text("from git\n")
    subprocess.run([*GIT, "init", "-q", "-b", "main", folder], check=True)
    subprocess.run([*GIT, "-C", folder, "add", "."], check=True)
    subprocess.run([*GIT, "-C", folder, "commit", "-q", "-m", "the first"], check=True)
    return folder


def test_a_build_of_a_git_repository(aws: Cli, repository: Path) -> None:
    source = {"type": "GITHUB", "location": f"file://{repository}"}
    build = aws.built(aws.project("", source=source), "--source-version", "main")
    log = aws.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert {"from git", "the first"} <= set(log)
    head = subprocess.run(["git", "-C", repository, "rev-parse", "HEAD"], capture_output=True)
    assert build["resolvedSourceVersion"] == head.stdout.decode().strip()


def test_a_build_has_secrets_that_its_log_has_not(aws: Cli) -> None:
    name = uuid4().hex
    aws(
        "ssm",
        "put-parameter",
        "--name",
        f"/{name}",
        "--type",
        "SecureString",
        "--value",
        "pa55word",
    )
    document = json.dumps({"key": "t0psecret"})
    aws("secretsmanager", "create-secret", "--name", name, "--secret-string", document)
    env = {"parameter-store": {"P": f"/{name}"}, "secrets-manager": {"S": f"{name}:key"}}
    commands = ("echo $P $S", "test $P$S = pa55wordt0psecret")
    build = aws.built(aws.project(spec(*commands, env=env)))
    log = aws.log(build)
    assert build["buildStatus"] == "SUCCEEDED", log
    assert "*** ***" in log
    assert not [line for line in log if "pa55word" in line or "t0psecret" in line]


def test_a_build_uses_the_server_as_its_role(aws: Cli) -> None:
    """CB-110"""
    bucket = aws.bucket()
    program = aws.program
    option = ' --endpoint-url "$AWS_ENDPOINT_URL"' if aws.version == 2 else ""
    commands = (
        f"{program}{option} sts get-caller-identity --query Arn --output text > who",
        f"{program}{option} s3 cp who s3://{bucket}/who",
    )
    build = aws.built(aws.project(spec(*commands)))
    assert build["buildStatus"] == "SUCCEEDED", aws.log(build)
    session = f"AWSCodeBuild-{build['id'].partition(':')[2]}"
    assert aws("s3", "cp", f"s3://{bucket}/who", "-").strip() == (
        f"arn:aws:sts::000000000000:assumed-role/build/{session}"
    )


def test_reports_of_a_build(aws: Cli) -> None:
    """CB-070"""
    junit = (
        "<testsuite name='s'><testcase name='good' classname='c' time='1.5'/>"
        "<testcase name='bad' classname='c'><failure message='no'/></testcase></testsuite>"
    )
    sections = {"reports": {"unit": {"files": ["junit.xml"]}}}
    project = aws.project(spec(f'echo "{junit}" > junit.xml', **sections))
    build = aws.built(project)
    [report] = build["reportArns"]
    group = report.replace(":report/", ":report-group/").rpartition(":")[0]
    listed = aws.json("codebuild", "list-reports-for-report-group", "--report-group-arn", group)
    assert listed["reports"] == [report]
    assert report in aws.json("codebuild", "list-reports")["reports"]
    [found] = aws.json("codebuild", "batch-get-reports", "--report-arns", report)["reports"]
    assert (found["status"], found["testSummary"]["statusCounts"]["FAILED"]) == ("FAILED", 1)
    cases = aws.json("codebuild", "describe-test-cases", "--report-arn", report)["testCases"]
    assert {case["name"]: case["status"] for case in cases} == {
        "good": "SUCCEEDED",
        "bad": "FAILED",
    }


# Logs


def test_a_log_is_followed_while_the_build_runs(
    installation: Any, tmp_path: Path, until: Callable[..., Any]
) -> None:
    """Each line once. The CLI asks every five seconds; version 1 has no such command."""
    aws = Cli(2, program_of(2), installation, tmp_path)
    go = tmp_path / "go"
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    project = aws.project(spec("echo line first", wait, "echo line last"))
    group = f"/aws/codebuild/{project}"
    build = aws.start(project)
    until(lambda: group in aws("logs", "describe-log-groups", "--log-group-name-prefix", group))
    tail = aws.begin("logs", "tail", group, "--follow", "--format", "short")
    try:
        lines = printed(tail)
        assert next(lines) == "line first"
        go.touch()
        assert next(lines) == "line last"
    finally:
        tail.terminate()
        tail.communicate(timeout=SECONDS)
    assert aws.ended(build)["buildStatus"] == "SUCCEEDED"
    whole = [line.split(" ", 2)[2:] for line in aws("logs", "tail", group).splitlines()]
    assert [line for line in whole if line and line[0][:5] == "line "] == [
        ["line first"],
        ["line last"],
    ]


def printed(tail: subprocess.Popen[str]) -> Iterator[str]:
    """What commands of the build have printed, as `logs tail` shows it after the time."""
    assert tail.stdout
    for line in tail.stdout:
        text = line.rstrip().partition(" ")[2]
        if text.startswith("line "):
            yield text


# Stopping and starting again


def test_a_build_is_stopped_and_tried_again(
    aws: Cli, tmp_path: Path, until: Callable[..., Any]
) -> None:
    """CB-136, CB-137"""
    begun = tmp_path / "begun"
    project = aws.project(spec(f"touch {begun}", f"[ -e {tmp_path}/go ] || sleep 600"))
    build = aws.start(project)
    until(begun.exists)
    aws("codebuild", "stop-build", "--id", build)
    assert aws.ended(build)["buildStatus"] == "STOPPED"
    (tmp_path / "go").touch()
    again = aws.text("build.id", "codebuild", "retry-build", "--id", build)
    assert again != build
    assert aws.ended(again)["buildStatus"] == "SUCCEEDED"


def test_a_token_starts_one_build(aws: Cli) -> None:
    """CB-138"""
    project = aws.project(spec("true"))
    token = ("--idempotency-token", uuid4().hex)
    first = aws.start(project, *token)
    assert aws.start(project, *token) == first
    other = aws.ask(
        "codebuild", "start-build", "--project-name", project, *token, "--source-version", "v2"
    )
    assert "InvalidInputException" in other.err


def test_what_is_not_there_says_so(aws: Cli) -> None:
    answer = aws.ask("codebuild", "start-build", "--project-name", "no-such")
    assert "ResourceNotFoundException" in answer.err
    answer = aws.ask("deploy", "list-deployments")
    assert "NotImplemented" in answer.err
    answer = aws.ask("codebuild", "list-shared-projects")
    assert "NotImplemented" in answer.err
