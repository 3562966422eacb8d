"""The commands around a server, run as users run them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

SERVER = ("up", "--detach", "--port", "0", "--no-worker")


@pytest.fixture
def up(project: Any) -> Iterator[Any]:
    """A project with a server behind it, that believes no signature it has not verified."""
    started = project.penstock(*SERVER, "--verify", "true")
    assert started.code == 0, started.err
    yield project
    project.penstock("down", "--now")


def endpoint(project: Any) -> str:
    status = json.loads(project.penstock("status", "--json").out)
    return str(status["endpoint"])


def client(project: Any, key: dict[str, str], service: str = "ssm") -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint(project),
        region_name="us-east-1",
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=key.get("AWS_SESSION_TOKEN"),
    )


def test_env_is_what_a_shell_evaluates(up: Any) -> None:
    script = f"{up.penstock('env').out}\nprintf '%s\\n' $AWS_ENDPOINT_URL $AWS_REGION"
    done = subprocess.run(["sh", "-eu", "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [endpoint(up), "us-east-1"]


def test_the_key_of_env_is_a_good_one(up: Any) -> None:
    key = json.loads(up.penstock("env", "--shell", "json").out)
    who = client(up, key, "sts").get_caller_identity()
    assert who["Arn"] == "arn:aws:iam::000000000000:root"


@pytest.mark.parametrize(
    ("shell", "line"),
    [
        ("fish", "set -gx AWS_REGION 'us-east-1';"),
        ("powershell", "$Env:AWS_REGION = 'us-east-1'"),
    ],
)
def test_env_speaks_other_shells(up: Any, shell: str, line: str) -> None:
    assert line in up.penstock("env", "--shell", shell).out.splitlines()


def test_env_before_any_server_says_what_to_do(project: Any) -> None:
    ran = project.penstock("env")
    assert ran.code == 1
    assert "start one with `penstock up`" in ran.err


def test_status_tells_who_answers_for_what(up: Any) -> None:
    status = json.loads(up.penstock("status", "--json").out)
    assert status["services"]["codebuild"] == "penstock"
    text = up.penstock("status").out
    assert text.startswith(f"ready     {status['endpoint']}\n")
    assert "sandbox   every other service: in memory" in text


def test_status_without_a_server(project: Any) -> None:
    ran = project.penstock("status", "--json")
    assert (ran.code, json.loads(ran.out)["status"]) == (1, "down")


def test_a_key_is_created_listed_and_revoked(up: Any) -> None:
    made = up.penstock("keys", "create", "--user", "ci", "--description", "for CI", "--json")
    key = json.loads(made.out)
    client(up, key).describe_parameters()
    [listed] = [
        one
        for one in json.loads(up.penstock("keys", "--json").out)
        if one["access_key_id"] == key["AWS_ACCESS_KEY_ID"]
    ]
    assert listed["arn"] == "arn:aws:iam::000000000000:user/ci"
    assert listed["description"] == "for CI"
    assert up.penstock("keys", "revoke", key["AWS_ACCESS_KEY_ID"]).code == 0
    again = up.penstock("keys", "revoke", key["AWS_ACCESS_KEY_ID"])
    assert (again.code, "there is no key" in again.err) == (1, True)
    with pytest.raises(ClientError):
        wait_until_refused(client(up, key))


def wait_until_refused(ssm: Any) -> None:
    """A revoked key is noticed within a second."""
    for _ in range(2000):
        ssm.describe_parameters()


def test_a_temporary_key_has_a_token(up: Any) -> None:
    key = json.loads(up.penstock("keys", "create", "--expires", "30m", "--json").out)
    client(up, key).describe_parameters()
    del key["AWS_SESSION_TOKEN"]
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client(up, key).describe_parameters()


def test_the_key_of_env_is_replaced_when_it_is_revoked(up: Any) -> None:
    first = json.loads(up.penstock("env", "--shell", "json").out)
    ran = up.penstock("keys", "revoke", first["AWS_ACCESS_KEY_ID"])
    assert "which has a new one" in ran.out
    second = json.loads(up.penstock("env", "--shell", "json").out)
    assert second["AWS_ACCESS_KEY_ID"] != first["AWS_ACCESS_KEY_ID"]
    client(up, second).describe_parameters()


def test_rotating_the_master_key_needs_the_server_down_and_loses_nothing(up: Any) -> None:
    key = json.loads(up.penstock("env", "--shell", "json").out)
    client(up, key).put_parameter(Name="/a", Value="kept", Type="SecureString")
    refused = up.penstock("keys", "rotate-master")
    assert (refused.code, "A server is up" in refused.err) == (1, True)
    up.penstock("down")
    done = up.penstock("keys", "rotate-master")
    assert "2 secrets are sealed under a new master key" in done.out
    keys = up.home / ".local/share/penstock/master.keys"
    keys.write_text(keys.read_text().splitlines()[0])
    assert up.penstock(*SERVER, "--verify", "true").code == 0
    found = client(up, key).get_parameter(Name="/a", WithDecryption=True)
    assert found["Parameter"]["Value"] == "kept"


def test_reset_empties_the_folder_but_for_what_is_not_the_servers(up: Any) -> None:
    data = up.home / ".local/share/penstock"
    (data / "mine").write_text("")
    assert up.penstock("reset", "--yes").code == 1
    up.penstock("down")
    asked = up.penstock("reset")
    assert (asked.code, "say --yes" in asked.err) == (1, True)
    assert up.penstock("reset", "--yes").code == 0
    assert {path.name for path in data.iterdir()} == {"mine", "lock"}


def test_the_log_of_a_stream_and_of_a_group(up: Any) -> None:
    logs = client(up, json.loads(up.penstock("env", "--shell", "json").out), "logs")
    logs.create_log_group(logGroupName="app")
    for stream, at in (("a", 1), ("b", 2)):
        logs.create_log_stream(logGroupName="app", logStreamName=stream)
        now = int(time.time() * 1000) + at
        logs.put_log_events(
            logGroupName="app",
            logStreamName=stream,
            logEvents=[{"timestamp": now, "message": f"hello {stream}"}],
        )
    assert up.penstock("logs", "app", "a").out == "hello a\n"
    assert up.penstock("logs", "app").out.splitlines() == ["a hello a", "b hello b"]
    missing = up.penstock("logs", "app", "c")
    assert (missing.code, "ResourceNotFoundException" in missing.err) == (1, True)


def test_builds_before_the_first(up: Any) -> None:
    assert up.penstock("builds").out == "No builds.\n"
    assert json.loads(up.penstock("builds", "--json").out) == []
    shown = up.penstock("builds", "show", "web:1")
    assert (shown.code, shown.err != "") == (1, True)


def test_without_a_server_commands_say_what_to_do(project: Any) -> None:
    for command in (("builds",), ("logs", "build/web")):
        ran = project.penstock(*command)
        assert (ran.code, "start one with `penstock up`" in ran.err) == (1, True)


def test_the_doctor_names_what_is_there_and_what_is_not(project: Any) -> None:
    found = json.loads(project.penstock("doctor", "--json").out)
    by_name = {finding["what"]: finding for finding in found}
    assert by_name["postgresql"]["state"] == "ok"
    assert by_name["data"]["text"].startswith(str(project.home))
    without = project.penstock("doctor", env={"PATH": "/nowhere"})
    assert without.code == 1
    assert "missing  git" in without.out


def test_without_the_servers_libraries_each_command_says_how_to_get_them(project: Any) -> None:
    blocked = project.folder / "blocked"
    for name in ("psycopg", "uvloop", "botocore"):
        text = f"raise ModuleNotFoundError('No module named {name}', name='{name}')"
        project.write(f"blocked/{name}.py", text)
    source = project.environment()["PYTHONPATH"]
    env = {"PYTHONPATH": os.pathsep.join((str(blocked), source))}
    for words in (("up",), ("keys",), ("builds",), ("logs", "a")):
        ran = project.penstock(*words, env=env)
        assert (ran.code, 'pip install "penstock[server]"' in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    "words", [("keys", "make"), ("keys", "revoke"), ("builds", "a", "b"), ("up", "--prot", "1")]
)
def test_bad_usage_is_told(project: Any, words: tuple[str, ...]) -> None:
    assert project.penstock(*words).code == 2
