"""Parameter Store and Secrets Manager over HTTP, answered by moto's server."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("moto", reason="moto[server] answers in place of AWS")
boto3 = pytest.importorskip("boto3", reason="boto3 fills the stand-in for AWS")
pytest.importorskip("flask", reason="moto[server] answers in place of AWS")

from penstock.documents.buildspec import Entry, Env, Secret, SecretReference  # noqa: E402
from penstock.documents.buildspec_env import parse_secret_reference  # noqa: E402
from penstock.runner.codebuild.secrets import Refusal, SecretsError, resolve  # noqa: E402
from penstock.runner.codebuild.secrets.aws import AwsSecrets  # noqa: E402

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
REGION = "eu-west-1"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    command = [sys.executable, "-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as server:
        assert server.stderr
        try:
            printed = iter(server.stderr.readline, b"")
            found = (re.search(rb"http://127\.0\.0\.1:\d+", line) for line in printed)
            yield next(match[0].decode() for match in found if match)
        finally:
            server.kill()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    """Nothing of this machine's AWS configuration; a fresh folder as home."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}.items():
        monkeypatch.setenv(name, value)
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def stored(endpoint: str) -> dict[str, str]:
    """Fills both stores; returns the ARNs and version ids that the server chose."""
    keys = {key.lower(): value for key, value in CREDENTIALS.items()}
    clients = {
        service: boto3.client(service, endpoint_url=endpoint, region_name=REGION, **keys)
        for service in ("ssm", "secretsmanager")
    }
    ssm, manager = clients["ssm"], clients["secretsmanager"]
    for number in range(23):
        ssm.put_parameter(Name=f"/many/{number}", Value=f"value {number}", Type="String")
    ssm.put_parameter(Name="/app/token", Value="old", Type="SecureString")
    ssm.put_parameter(Name="/app/token", Value="hunter22", Type="SecureString", Overwrite=True)
    db = manager.create_secret(Name="app/db", SecretString='{"password": "old"}')
    manager.put_secret_value(SecretId="app/db", SecretString='{"password": "pa55", "port": 5432}')
    manager.create_secret(Name="app/plain", SecretString="plain text")
    manager.create_secret(Name="app/bytes", SecretBinary=b"text in bytes")
    manager.create_secret(Name="app/image", SecretBinary=b"\xff\xd8")
    parameter = ssm.get_parameter(Name="/app/token")["Parameter"]["ARN"]
    return {"secret": db["ARN"], "first version": db["VersionId"], "parameter": parameter}


@pytest.fixture
def aws(endpoint: str, stored: dict[str, str]) -> AwsSecrets:
    return AwsSecrets(endpoint, REGION)


def secret(source: AwsSecrets, text: str) -> str | Refusal:
    reference = parse_secret_reference(text)
    assert reference
    return source.secret(reference)


def test_parameters_arrive_decrypted_and_in_batches(aws: AwsSecrets) -> None:
    """CB-012: GetParameters takes ten names; a SecureString's value is seen, not its cipher."""
    names = ["/app/token", "/none", *(f"/many/{number}" for number in range(23))]
    expected = {f"/many/{number}": f"value {number}" for number in range(23)}
    assert aws.parameters(names) == {"/app/token": "hunter22", **expected}


def test_a_parameter_is_found_by_version_and_by_arn(
    aws: AwsSecrets, stored: dict[str, str]
) -> None:
    """CB-012"""
    names = ["/app/token:1", stored["parameter"], "/app/token", "/app/token:9"]
    assert aws.parameters(names) == {
        "/app/token:1": "old",
        stored["parameter"]: "hunter22",
        "/app/token": "hunter22",
    }


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ("app/plain", "plain text"),
        ("app/bytes", "text in bytes"),
        ("app/db", '{"password": "pa55", "port": 5432}'),
        ("app/db:password", "pa55"),
        ("app/db:port", "5432"),
        ("app/db:password:AWSCURRENT", "pa55"),
        ("app/db:password:AWSPREVIOUS", "old"),
        ("app/db:password::{first version}", "old"),
        ("{secret}:password", "pa55"),
        ("{secret}:password:AWSPREVIOUS", "old"),
        ("{secret}", '{"password": "pa55", "port": 5432}'),
    ],
)
def test_each_shape_of_reference_finds_its_version_and_key(
    aws: AwsSecrets, stored: dict[str, str], reference: str, value: str
) -> None:
    """CB-013"""
    assert secret(aws, reference.format_map(stored)) == value


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("app/none", "ResourceNotFoundException: Secrets Manager can't find the specified secret."),
        ("app/db::NOSTAGE", "ResourceNotFoundException: "),
        ("app/db:none", "secret app/db has no JSON key none"),
        ("app/plain:key", "secret app/plain is not a JSON object"),
        ("app/image", "secret app/image is binary"),
    ],
)
def test_a_refusal_has_the_words_of_aws(aws: AwsSecrets, reference: str, reason: str) -> None:
    """CB-013"""
    answer = secret(aws, reference)
    assert isinstance(answer, Refusal)
    assert answer.reason.startswith(reason)


def test_all_missing_values_of_a_buildspec_are_reported(aws: AwsSecrets) -> None:
    """CB-012, CB-013"""
    env = Env(
        parameter_store=(Entry("A", "/app/token"), Entry("B", "/app/none")),
        secrets_manager=(
            Secret("C", SecretReference("app/none")),
            Secret("D", SecretReference("app/db", "password")),
        ),
    )
    values, missing = resolve(env, [aws])
    assert values == {"A": "hunter22", "D": "pa55"}
    assert [(entry.variable, *entry.context) for entry in missing] == [
        ("B", "Decrypted Variables Error", "parameter does not exist: /app/none"),
        (
            "C",
            "Secrets Manager Error",
            "ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        ),
    ]


def test_an_endpoint_where_nobody_answers_is_named_and_tried_once() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        source = AwsSecrets(f"http://127.0.0.1:{taken.getsockname()[1]}", REGION)
        answers = source.parameters([str(number) for number in range(25)])
        assert isinstance(source.secret(SecretReference("a")), Refusal)
    assert set(answers.values()) == {source.secret(SecretReference("a"))}
    assert "EndpointConnectionError: Could not connect" in str(answers["0"])


def test_missing_credentials_are_a_refusal(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    answer = AwsSecrets(endpoint, REGION).secret(SecretReference("app/db"))
    assert answer == Refusal("NoCredentialsError: Unable to locate credentials")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("http://127.0.0.1:1", None, None), "needs a region: set AWS_REGION"),
        (("not a url", REGION, None), "Invalid endpoint: not a url"),
        ((None, REGION, "nobody"), r"profile \(nobody\) could not be found"),
    ],
)
def test_a_source_that_cannot_be_asked_says_why(
    arguments: tuple[str | None, str | None, str | None], message: str
) -> None:
    with pytest.raises(SecretsError, match=message):
        AwsSecrets(*arguments)


def test_without_botocore_the_error_says_what_to_install() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from penstock.runner.codebuild.secrets.aws import AwsSecrets\n"
        "try: AwsSecrets('http://127.0.0.1:1', 'eu-west-1')\n"
        "except Exception as error: print(error)\n"
    )
    import penstock

    source = os.path.dirname(os.path.dirname(penstock.__file__))
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, source], capture_output=True, check=True
    )
    assert b"pip install penstock[aws]" in run.stdout


def test_a_run_asks_the_endpoint_it_is_given(
    stored: dict[str, str], endpoint: str, tmp_path: Path
) -> None:
    """CB-012, CB-013: `penstock run --endpoint`."""
    (tmp_path / "buildspec.yml").write_text(
        "version: 0.2\nenv:\n  parameter-store: {TOKEN: /app/token}\n"
        "  secrets-manager: {PASSWORD: 'app/db:password'}\n"
        """phases: {build: {commands: ['[ "$TOKEN $PASSWORD" = "hunter22 pa55" ]']}}\n"""
    )
    command = [sys.executable, "-m", "penstock", "run", "--endpoint", endpoint]
    env = {**os.environ, "AWS_REGION": REGION}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
