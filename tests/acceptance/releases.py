"""A pipeline that has everything in it, and who answers what it asks: for tests that kill.

A page is fetched from S3, built by CodeBuild, tested by a job worker, approved, and put on a site
below the id of its execution.
"""

from __future__ import annotations

import io
import json
import threading
import zipfile
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

ROLE = "arn:aws:iam::000000000000:role/release"
PAGE = b"<p>Released\n"
TESTS = {"category": "Test", "owner": "Custom", "provider": "Checker", "version": "1"}
RUN = "#{codepipeline.PipelineExecutionId}"
SPEC = {
    "version": "0.2",
    "phases": {
        "build": {
            "commands": [
                "sleep 1000 & mkdir out; cp index.html out/; echo $RUN > out/run",
                "for i in $(seq 20); do echo line $i; sleep 0.05; done",
            ]
        }
    },
    "artifacts": {"files": ["**/*"], "base-directory": "out"},
}


class Releases:
    """Clients that outlive servers, and what is asked through them."""

    def __init__(self, installation: Any) -> None:
        self.installation = installation
        retries = {"mode": "standard", "max_attempts": 10}
        self.codepipeline = installation.client("codepipeline", retries=retries)
        self.codebuild = installation.client("codebuild", retries=retries)
        self.s3 = installation.client("s3", retries=retries)

    def prepare(self) -> None:
        for bucket in ("sources", "artifacts", "site"):
            self.s3.create_bucket(Bucket=bucket)
        self.s3.put_bucket_versioning(
            Bucket="sources", VersioningConfiguration={"Status": "Enabled"}
        )
        self.s3.put_object(Bucket="sources", Key="app.zip", Body=packed())
        self.codebuild.create_project(
            name="web",
            source={"type": "CODEPIPELINE", "buildspec": json.dumps(SPEC)},
            artifacts={"type": "CODEPIPELINE"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
            },
            serviceRole=ROLE,
        )
        counts = {"minimumCount": 0, "maximumCount": 5}
        self.codepipeline.create_custom_action_type(
            **{key: text for key, text in TESTS.items() if key != "owner"},
            inputArtifactDetails=counts,
            outputArtifactDetails=counts,
        )

    def create(self, name: str, mode: str) -> None:
        self.codepipeline.create_pipeline(pipeline=declaration(name, mode))

    def start(self, name: str, token: str) -> str:
        """The same execution however often the request is repeated."""
        answer = self.codepipeline.start_pipeline_execution(name=name, clientRequestToken=token)
        return str(answer["pipelineExecutionId"])

    def executions(self, name: str) -> list[dict[str, Any]]:
        pages = self.codepipeline.get_paginator("list_pipeline_executions")
        found = pages.paginate(pipelineName=name)
        return [one for page in found for one in page["pipelineExecutionSummaries"]]

    def actions(self, name: str) -> list[dict[str, Any]]:
        pages = self.codepipeline.get_paginator("list_action_executions")
        found = pages.paginate(pipelineName=name)
        return [one for page in found for one in page["actionExecutionDetails"]]

    def retry(self, name: str, run: str, stage: str) -> None:
        """Another request may have done so already, whose answer was lost."""
        with suppress(ClientError):
            self.codepipeline.retry_stage_execution(
                pipelineName=name,
                stageName=stage,
                pipelineExecutionId=run,
                retryMode="FAILED_ACTIONS",
            )

    def deployed(self, run: str, file: str) -> bytes:
        body = self.s3.get_object(Bucket="site", Key=f"{run}/{file}")["Body"]
        found: bytes = body.read()
        return found


class Answering:
    """While it is entered, jobs are done and approvals are given, as far as a server is there."""

    def __init__(self, installation: Any, pipelines: tuple[str, ...]) -> None:
        self._client = installation.client("codepipeline", retries={"total_max_attempts": 1})
        self._pipelines = pipelines
        self._jobs: dict[str, str] = {}
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._answer)

    def __enter__(self) -> Answering:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _answer(self) -> None:
        while not self._ending.wait(0.1):
            with suppress(BotoCoreError, ClientError):
                found = self._client.poll_for_jobs(actionTypeId=TESTS, maxBatchSize=10)["jobs"]
                self._jobs |= {job["id"]: job["nonce"] for job in found}
            for job, nonce in list(self._jobs.items()):
                with suppress(BotoCoreError):
                    self._do(job, nonce)
            for name in self._pipelines:
                with suppress(BotoCoreError, ClientError):
                    self._approve(name)

    def _do(self, job: str, nonce: str) -> None:
        """Again where no answer came: whether it was heard is not known."""
        with suppress(ClientError):
            self._client.acknowledge_job(jobId=job, nonce=nonce)
        try:
            self._client.put_job_success_result(jobId=job)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
                return
        del self._jobs[job]

    def _approve(self, name: str) -> None:
        for token in self._tokens(name):
            with suppress(ClientError):
                self._client.put_approval_result(
                    pipelineName=name,
                    stageName="Approve",
                    actionName="Ask",
                    token=token,
                    result={"status": "Approved", "summary": "by a test"},
                )

    def _tokens(self, name: str) -> list[str]:
        """Where executions are in parallel, each has its approval in its own listing only."""
        listed = self._client.list_action_executions(pipelineName=name)["actionExecutionDetails"]
        waiting = [
            one["output"]["executionResult"].get("externalExecutionId")
            for one in listed
            if (one["actionName"], one["status"]) == ("Ask", "InProgress")
        ]
        state = self._client.get_pipeline_state(name=name)
        shown = [
            action.get("latestExecution", {}).get("token")
            for stage in state["stageStates"]
            for action in stage["actionStates"]
        ]
        return [token for token in (*waiting, *shown) if token]


def packed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.html", PAGE)
    return buffer.getvalue()


def action(name: str, category: str, provider: str, **members: Any) -> dict[str, Any]:
    owner = members.pop("owner", "AWS")
    inputs, outputs = members.pop("inputs", ()), members.pop("outputs", ())
    return {
        "name": name,
        "actionTypeId": {
            "category": category, "owner": owner, "provider": provider, "version": "1"
        },
        "configuration": members,
        "inputArtifacts": [{"name": one} for one in inputs],
        "outputArtifacts": [{"name": one} for one in outputs],
    }  # fmt: skip


def declaration(name: str, mode: str) -> dict[str, Any]:
    variables = json.dumps([{"name": "RUN", "value": RUN, "type": "PLAINTEXT"}])
    source = {"S3Bucket": "sources", "S3ObjectKey": "app.zip", "PollForSourceChanges": "false"}
    built = {"ProjectName": "web", "EnvironmentVariables": variables}
    site = {"BucketName": "site", "Extract": "true", "ObjectKey": RUN}
    actions = {
        "Source": action("Fetch", "Source", "S3", outputs=("App",), **source),
        "Build": action("Make", "Build", "CodeBuild", inputs=("App",), outputs=("Site",), **built),
        "Test": action("Check", "Test", "Checker", owner="Custom", inputs=("Site",)),
        "Approve": action("Ask", "Approval", "Manual"),
        "Deploy": action("Copy", "Deploy", "S3", inputs=("Site",), **site),
    }
    return {
        "name": name,
        "roleArn": ROLE,
        "pipelineType": "V2",
        "executionMode": mode,
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": [{"name": stage, "actions": [one]} for stage, one in actions.items()],
    }
