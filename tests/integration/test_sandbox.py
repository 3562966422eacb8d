"""The rest of AWS: simulated in this process, or forwarded; asked by the real SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from penstock.errors import AwsError
from penstock.sandbox import Sandbox
from penstock.state.calls import Principal
from penstock.wire.elsewhere import Message, Scope

ACCOUNT = "111122223333"
PRINCIPAL = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "AKIDEXAMPLE000000000")
ORIGIN = "http://127.0.0.1:4545"
REGION = "eu-central-1"


class Raw(BytesIO):
    """As urllib3's answers are read by botocore."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def scope_of(method: str, url: str, headers: dict[str, Any]) -> Scope:
    parts = urlsplit(url)
    pairs = [
        (name.lower().encode(), value if isinstance(value, bytes) else str(value).encode())
        for name, value in headers.items()
    ]
    return {
        "type": "http",
        "method": method,
        "scheme": parts.scheme,
        "path": parts.path or "/",
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "headers": [(b"host", parts.netloc.encode()), *pairs],
    }


async def ask(
    sandbox: Sandbox, service: str, scope: Scope, *body: bytes
) -> tuple[int, dict[str, str], bytes]:
    sent: list[Message] = []
    pieces = iter(
        [{"type": "http.request", "body": piece, "more_body": True} for piece in body]
        + [{"type": "http.request", "body": b"", "more_body": False}]
    )

    async def receive() -> Message:
        return next(pieces)

    async def send(message: Message) -> None:
        sent.append(message)

    await sandbox(service, scope, receive, send, PRINCIPAL, REGION)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(part["body"] for part in sent[1:])


Client = Callable[[str], Any]


@pytest.fixture
def client() -> Client:
    """Makes boto3 clients whose requests go to one sandbox."""
    sandbox = Sandbox({})

    def make(service: str) -> Any:
        made = boto3.client(
            service,
            region_name=REGION,
            endpoint_url=ORIGIN,
            aws_access_key_id="AKIDEXAMPLE000000000",
            aws_secret_access_key="secret",
        )

        def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
            body = request.body.encode() if isinstance(request.body, str) else request.body
            scope = scope_of(request.method, request.url, dict(request.headers))
            status, headers, data = asyncio.run(ask(sandbox, service, scope, body or b""))
            return AWSResponse(request.url, status, headers, Raw(data))

        made.meta.events.register("before-send", answer)
        return made

    return make


def test_what_was_made_in_the_sandbox_is_there_later(client: Client) -> None:
    made = client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert made["TableDescription"]["TableArn"] == (
        f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/orders"
    )
    client("dynamodb").put_item(TableName="orders", Item={"id": {"S": "1"}})
    found = client("dynamodb").get_item(TableName="orders", Key={"id": {"S": "1"}})
    assert found["Item"] == {"id": {"S": "1"}}
    assert found["ResponseMetadata"]["HTTPHeaders"]["x-penstock-answered-by"] == "sandbox"


def test_addresses_in_answers_lead_back_to_the_server(client: Client) -> None:
    url = client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
    assert url == f"{ORIGIN}/{ACCOUNT}/jobs"
    client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    [message] = client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert message["Body"] == "hello"


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("ec2", "describe_vpcs"),
        ("iam", "list_users"),
        ("elb", "describe_load_balancers"),
        ("elbv2", "describe_load_balancers"),
        ("lambda", "list_functions"),
        ("apigatewayv2", "get_apis"),
        ("cloudwatch", "list_metrics"),
        ("route53", "list_hosted_zones"),
        ("sesv2", "list_email_identities"),
        ("events", "list_rules"),
    ],
)
def test_services_of_each_protocol_answer(client: Client, service: str, operation: str) -> None:
    assert getattr(client(service), operation)()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_errors_of_the_simulation_are_those_of_the_service(client: Client) -> None:
    with pytest.raises(client("sns").exceptions.NotFoundException):
        client("sns").get_topic_attributes(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:nope")


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("apprunner", "list_services", "not implemented: apprunner in the sandbox"),
        ("ec2", "describe_local_gateways", "ec2 in the sandbox: The describe_local_gateways"),
        ("codedeploy", "list_applications", "not implemented: codedeploy"),
    ],
)
def test_what_is_not_simulated_is_named(
    client: Client, service: str, operation: str, said: str
) -> None:
    with pytest.raises(AwsError, match=said) as raised:
        getattr(client(service), operation)()
    assert raised.value.status == 501


AT_ONCE = """
import builtins
import sys
from threading import Event, Thread, current_thread, main_thread

from penstock.errors import AwsError
from penstock.sandbox.cloudcontrol.models import model_of
from penstock.sandbox.simulation import Asked, answer

PATIENCE = 1  # seconds for the other thread to come in, if it can
begun, another, together = Event(), Event(), Event()
imported = builtins.__import__

def watched(name, *arguments, **named):
    if current_thread() is main_thread() and name.startswith("moto"):
        another.set()
    elif name == "base_backend" and not begun.is_set():
        begun.set()
        if another.wait(PATIENCE):
            together.set()
    return imported(name, *arguments, **named)

def ask():
    headers = {"host": "127.0.0.1"}
    try:
        answer(Asked("sns", "GET", "http://127.0.0.1", "/", "Action=ListTopics", headers, b""))
    except AwsError:
        pass

builtins.__import__ = watched
asking = Thread(target=ask)
asking.start()
begun.wait()
assert model_of("AWS::SQS::Queue").cloudformation_type() == "AWS::SQS::Queue"
asking.join()
sys.exit("two threads were at it" if together.is_set() else 0)
"""


def test_the_library_may_be_asked_first_by_many_at_once() -> None:
    run = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.fixture
def emulator() -> Iterator[str]:
    """Another endpoint, which answers with what it was asked."""

    class Echo(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(418)
            self.send_header("x-path", self.path)
            self.send_header("x-authorization", self.headers.get("authorization", ""))
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_endpoint_gets_the_request_as_it_came(emulator: str) -> None:
    sandbox = Sandbox({"sqs": emulator + "/"})
    pieces = [b"x" * 100_000] * 3
    headers = {"authorization": "as signed", "content-length": "300000"}
    scope = scope_of("POST", f"{ORIGIN}/a%20b?c=%2F", headers)
    status, answered, body = asyncio.run(ask(sandbox, "sqs", scope, *pieces))
    assert (status, body) == (418, b"".join(pieces))
    assert answered["x-path"] == "/a%20b?c=%2F"
    assert answered["x-authorization"] == "as signed"
    assert answered["x-penstock-answered-by"] == emulator.removeprefix("http://")


def test_an_endpoint_that_is_not_there_is_told(emulator: str) -> None:
    sandbox = Sandbox({"sqs": "http://127.0.0.1:1"})
    with pytest.raises(AwsError, match=r"127\.0\.0\.1:1 does not answer") as raised:
        asyncio.run(ask(sandbox, "sqs", scope_of("GET", ORIGIN, {})))
    assert raised.value.status == 503


def test_aws_is_asked_with_the_servers_own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    from penstock.sandbox.forwarding import sign

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASERVERSOWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", ORIGIN)  # as where `penstock env` was evaluated
    url, headers = sign("kms", "eu-west-3", "POST", "/?a=b", {"x-amz-target": "T.L"}, b"{}")
    assert url == "https://kms.eu-west-3.amazonaws.com/?a=b"
    assert "Credential=AKIASERVERSOWN/" in headers["Authorization"]
    assert "/eu-west-3/kms/aws4_request" in headers["Authorization"]


def test_without_credentials_aws_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(AwsError, match="this server has no AWS credentials"):
        asyncio.run(ask(Sandbox({"kms": "aws"}), "kms", scope_of("POST", ORIGIN, {})))
