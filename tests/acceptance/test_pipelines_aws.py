"""Pipelines through the aws CLI, of both major versions, and boto3, against a real server."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from .aws_cli import Cli, program_of
from .boto import Client, code_of, listed, pages_of
from .killing import OPTIONS
from .releases import Answering, Releases, action

Until = Callable[..., Any]
PIPE = "codepipeline"
ROLE = "arn:aws:iam::000000000000:role/web"


def zipped(text: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", text)
    return buffer.getvalue()


class Shop:
    """A pipeline from a bucket over an approval to a bucket. What people do is done by the CLI;
    boto3, which is sooner done, makes the buckets, and looks."""

    def __init__(self, aws: Cli, client: Client, until: Until) -> None:
        self.aws = aws
        self.until = until
        self.pipelines, self.s3 = client(PIPE), client("s3")
        self.name = f"web-{uuid4().hex[:8]}"
        self.sources, self.site = f"sources-{self.name}", f"site-{self.name}"
        for bucket in (self.sources, self.site):
            self.s3.create_bucket(Bucket=bucket)
        status = {"Status": "Enabled"}
        self.s3.put_bucket_versioning(Bucket=self.sources, VersioningConfiguration=status)
        self.put("first")

    def put(self, text: str) -> None:
        self.s3.put_object(Bucket=self.sources, Key="app.zip", Body=zipped(text))

    def page(self) -> str:
        body = self.s3.get_object(Bucket=self.site, Key="index.html")["Body"].read()
        return str(body, "utf-8")

    def declaration(self) -> dict[str, Any]:
        source = {"S3Bucket": self.sources, "S3ObjectKey": "app.zip"}
        site = {"BucketName": self.site, "Extract": "true"}
        return declaration(
            self.name,
            self.sources,
            Source=action(
                "Fetch", "Source", "S3", outputs=("App",), **source, PollForSourceChanges="false"
            ),
            Approve=action("Ask", "Approval", "Manual", CustomData="Look"),
            Deploy=action("Copy", "Deploy", "S3", inputs=("App",), **site),
        )

    def create(self) -> str:
        """Of a file, as people do; the id of the execution that this starts."""
        path = self.aws.write("pipeline.json", json.dumps({"pipeline": self.declaration()}))
        made = self.aws.text(
            "pipeline.name", PIPE, "create-pipeline", "--cli-input-json", f"file://{path}"
        )
        assert made == self.name
        return str(self.newest()["pipelineExecutionId"])

    def newest(self) -> dict[str, Any]:
        listed = self.pipelines.list_pipeline_executions(pipelineName=self.name)
        return dict(listed["pipelineExecutionSummaries"][0])

    def start(self, *options: str) -> str:
        return self.aws.text(
            "pipelineExecutionId", PIPE, "start-pipeline-execution", "--name", self.name, *options
        )

    def ask(self, query: str, operation: str, *options: str) -> str:
        return self.aws.text(query, PIPE, operation, "--pipeline-name", self.name, *options)

    def state(self, stage: str) -> dict[str, Any]:
        state = self.pipelines.get_pipeline_state(name=self.name)
        return next(dict(one) for one in state["stageStates"] if one["stageName"] == stage)

    def token(self) -> str:
        """Of the approval, once it waits."""
        return str(self.until(self._token))

    def _token(self) -> str | None:
        latest = self.state("Approve")["actionStates"][0].get("latestExecution", {})
        token: str | None = latest.get("token")
        return token

    def answer(self, status: str) -> None:
        self.aws(
            PIPE, "put-approval-result", "--pipeline-name", self.name, "--stage-name", "Approve",
            "--action-name", "Ask", "--result", f"summary=seen,status={status}",
            "--token", self.token(),
        )  # fmt: skip

    def status(self, run: str) -> str:
        found = self.pipelines.get_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=run
        )
        return str(found["pipelineExecution"]["status"])

    def ends(self, run: str, status: str) -> None:
        found = self.until(lambda: (now := self.status(run)) not in GOING and now)
        assert found == status


GOING = ("InProgress", "Stopping")


def declaration(name: str, bucket: str, **actions: dict[str, Any]) -> dict[str, Any]:
    """A pipeline of a stage for each action; old versions 2 of the CLI know no modes."""
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {"type": "S3", "location": bucket},
        "stages": [{"name": stage, "actions": [one]} for stage, one in actions.items()],
    }


@pytest.fixture
def shop(aws: Cli, client: Client, until: Until) -> Shop:
    return Shop(aws, client, until)


def test_a_release_is_started_held_and_approved(shop: Shop) -> None:
    """CP-001, CP-050, CP-060, CP-103, A04, A09, A10, A15, A30, A39"""
    shop.create()
    place = ("--pipeline-name", shop.name, "--stage-name", "Deploy", "--transition-type", "Inbound")
    shop.aws(PIPE, "disable-stage-transition", *place, "--reason", "Not today")
    shop.answer("Approved")
    shop.put("second")
    token = ("--client-request-token", uuid4().hex)
    run = shop.start(*token)
    assert shop.start(*token) == run
    shop.answer("Approved")

    def held() -> bool:
        waiting = shop.state("Deploy").get("inboundExecution", {})
        return bool(waiting.get("pipelineExecutionId") == run)

    shop.until(held)
    query = "stageStates[2].inboundTransitionState.[enabled, disabledReason]"
    said = shop.aws.json(PIPE, "get-pipeline-state", "--name", shop.name, "--query", query)
    assert said == [False, "Not today"]
    shop.aws(PIPE, "enable-stage-transition", *place)
    shop.ends(run, "Succeeded")
    assert shop.page() == "second"
    query = "pipelineExecutionSummaries[].status"
    assert shop.ask(query, "list-pipeline-executions").split() == ["Succeeded", "Superseded"]


def test_a_failed_stage_is_retried_and_an_execution_is_stopped(shop: Shop) -> None:
    """CP-041, CP-045, CP-046, A14, A17, A37, A40"""
    run = shop.create()
    shop.answer("Rejected")
    shop.ends(run, "Failed")
    retry = ("--stage-name", "Approve", "--pipeline-execution-id", run)
    asked = (*retry, "--retry-mode", "FAILED_ACTIONS")
    assert shop.ask("pipelineExecutionId", "retry-stage-execution", *asked) == run
    shop.token()
    stopped = ("--pipeline-execution-id", run, "--abandon", "--reason", "enough")
    assert shop.ask("pipelineExecutionId", "stop-pipeline-execution", *stopped) == run
    query = "pipelineExecution.status"
    assert shop.ask(query, "get-pipeline-execution", "--pipeline-execution-id", run) == "Stopped"
    attempts = shop.ask(
        "actionExecutionDetails[?actionName=='Ask'].status", "list-action-executions",
        "--filter", f"pipelineExecutionId={run}",
    )  # fmt: skip
    assert attempts.split() == ["Abandoned", "Failed"]
    again = shop.aws.ask(
        PIPE, "stop-pipeline-execution", "--pipeline-name", shop.name, *stopped[:2]
    )
    assert "(PipelineExecutionNotStoppableException)" in again.err


def test_a_bad_release_is_rolled_back(
    installation: Any, client: Client, until: Until, tmp_path: Path
) -> None:
    """CP-048, A38: old versions 2 of the CLI have no such command."""
    shop = Shop(Cli(1, program_of(1), installation, tmp_path), client, until)
    runs = [shop.create()]
    shop.answer("Approved")
    shop.ends(runs[0], "Succeeded")
    shop.put("second")
    runs.append(shop.start())
    shop.answer("Approved")
    shop.ends(runs[1], "Succeeded")
    assert shop.page() == "second"
    back = shop.ask(
        "pipelineExecutionId", "rollback-stage", "--stage-name", "Deploy",
        "--target-pipeline-execution-id", runs[0],
    )  # fmt: skip
    shop.ends(back, "Succeeded")
    assert shop.page() == "first"
    assert shop.newest()["executionType"] == "ROLLBACK"


def test_a_pipeline_goes_out_and_in_again(shop: Shop) -> None:
    """CP-020, CP-021, A06, A13, A21, A44"""
    shop.create()
    got = shop.aws.json(PIPE, "get-pipeline", "--name", shop.name)
    path = shop.aws.write("again.json", json.dumps({"pipeline": got["pipeline"]}))
    updated = shop.aws.text(
        "pipeline.version", PIPE, "update-pipeline", "--cli-input-json", f"file://{path}"
    )
    assert updated == "2"
    assert shop.name in shop.aws.text("pipelines[].name", PIPE, "list-pipelines").split()
    shop.aws(PIPE, "delete-pipeline", "--name", shop.name)
    gone = shop.aws.ask(PIPE, "get-pipeline", "--name", shop.name)
    assert "(PipelineNotFoundException)" in gone.err


def test_an_object_that_changes_starts_a_pipeline(shop: Shop, until: Until) -> None:
    """CP-054, CP-101"""
    first = shop.create()
    shop.answer("Approved")
    shop.ends(first, "Succeeded")
    aws = shop.aws
    aws(
        "s3api", "put-bucket-notification-configuration", "--bucket", shop.sources,
        "--notification-configuration", json.dumps({"EventBridgeConfiguration": {}}),
    )  # fmt: skip
    bucket, key = {"name": [shop.sources]}, {"key": ["app.zip"]}
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": bucket, "object": key},
    }
    aws("events", "put-rule", "--name", shop.name, "--event-pattern", json.dumps(pattern))
    arn = shop.pipelines.get_pipeline(name=shop.name)["metadata"]["pipelineArn"]
    target = {"Id": "pipeline", "Arn": arn, "RoleArn": ROLE}
    aws("events", "put-targets", "--rule", shop.name, "--targets", json.dumps([target]))
    shop.put("second")
    second = until(lambda: (run := shop.newest())["pipelineExecutionId"] != first and run)
    assert second["trigger"]["triggerType"] == "CloudWatchEvent"
    shop.answer("Approved")
    shop.ends(second["pipelineExecutionId"], "Succeeded")
    assert shop.page() == "second"
    aws("events", "remove-targets", "--rule", shop.name, "--ids", "pipeline")
    aws("events", "delete-rule", "--name", shop.name)


def test_boto3_pages_through_what_there_is(client: Client, until: Until, bucket: str) -> None:
    """A17, A20, A21"""
    pipelines, s3 = client(PIPE), client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=bucket, Key="app.zip", Body=zipped("page"))
    name = f"web-{uuid4().hex[:8]}"
    source = {"S3Bucket": bucket, "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    fetch = action("Fetch", "Source", "S3", outputs=("App",), **source)
    ask = action("Ask", "Approval", "Manual")
    declared = declaration(name, bucket, Source=fetch, Ask=ask) | {"executionMode": "PARALLEL"}
    pipelines.create_pipeline(pipeline=declared)
    started = [pipelines.start_pipeline_execution(name=name)["pipelineExecutionId"]]
    started += [pipelines.start_pipeline_execution(name=name)["pipelineExecutionId"]]

    def actions() -> list[Any]:
        pages = pages_of(pipelines, "list_action_executions", pipelineName=name)
        return [one for page in pages for one in page["actionExecutionDetails"]]

    found = until(lambda: len(every := actions()) == 6 and every)
    assert {one["actionName"] for one in found} == {"Fetch", "Ask"}
    pages = pages_of(pipelines, "list_pipeline_executions", pipelineName=name)
    runs = [one["pipelineExecutionId"] for one in listed(pages, "pipelineExecutionSummaries")]
    assert runs[:2] == started[::-1]
    pages = pages_of(pipelines, "list_pipelines", 1)
    assert name in [one["name"] for page in pages for one in page["pipelines"]]
    with pytest.raises(ClientError) as refused:
        pipelines.stop_pipeline_execution(
            pipelineName=name, pipelineExecutionId=str(uuid4()), abandon=True
        )
    assert code_of(refused) == "PipelineExecutionNotStoppableException"
    pipelines.delete_pipeline(name=name)
    with pytest.raises(pipelines.exceptions.PipelineNotFoundException):
        pipelines.get_pipeline_state(name=name)


def test_two_servers_advance_the_same_pipelines(install: Callable[..., Any], until: Until) -> None:
    """CP-032, CP-036, CP-037: and each of their workers does what comes first."""
    first = install(*OPTIONS).start()
    told = first.read_json("server.json")
    names = ("database", "storage", "key_file")
    shared = [text for name in names for text in (f"--{name.replace('_', '-')}", told[name])]
    second = install(*OPTIONS, *shared).start()
    here, there = Releases(first), Releases(second)
    here.prepare()
    here.create("queue", "QUEUED")
    there.create("free", "PARALLEL")
    with Answering(first, ("free", "queue")), Answering(second, ("free", "queue")):
        for number in range(2):
            for name in ("free", "queue"):
                run = here.start(name, f"same-{number}")
                assert there.start(name, f"same-{number}") == run

        def ended() -> list[dict[str, Any]] | None:
            runs = [*here.executions("free"), *there.executions("queue")]
            return runs if all(run["status"] != "InProgress" for run in runs) else None

        runs = until(ended)
    assert [run["status"] for run in runs] == ["Succeeded"] * 6
    for run in runs:
        name = run["pipelineExecutionId"]
        assert there.deployed(name, "run").decode().strip() == name
    for name in ("free", "queue"):
        done = [(one["pipelineExecutionId"], one["actionName"]) for one in there.actions(name)]
        assert len(done) == len(set(done)) == 15
