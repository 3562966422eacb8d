"""A pipeline on a server that is up, and the commands about it."""

from __future__ import annotations

import json
import subprocess
import zipfile
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest

from .conftest import Installation, Ran

ROLE = "arn:aws:iam::000000000000:role/mill"


class Mill:
    """Pipelines of a name that is each test's own: S3 source, approvals, S3 deploy."""

    def __init__(self, installation: Installation, name: str) -> None:
        self.installation = installation
        self.name = name
        self.pipelines = installation.client("codepipeline")
        self.s3 = installation.client("s3")

    def __call__(self, *arguments: str, env: dict[str, str] | None = None) -> Ran:
        done = subprocess.run(
            self.installation.command(*arguments),
            env=self.installation.environment | (env or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        return Ran(done.returncode, done.stdout, done.stderr)

    def good(self, *arguments: str) -> str:
        ran = self(*arguments)
        assert ran.code == 0, ran.err
        return ran.out.strip()

    def json(self, *arguments: str) -> Any:
        return json.loads(self.good(*arguments, "--json"))

    def bad(self, *arguments: str, code: int = 1) -> str:
        ran = self(*arguments)
        assert ran.code == code, ran.out + ran.err
        assert ran.err.startswith(f"penstock {arguments[0]}: ")
        return ran.err

    def bucket(self, name: str, *, versioned: bool = False) -> None:
        self.s3.create_bucket(Bucket=name)
        if versioned:
            status = {"Status": "Enabled"}
            self.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=status)

    def put(self, text: str) -> str:
        """A new version of the source."""
        data = BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            archive.writestr("index.html", text)
        put = self.s3.put_object(Bucket=f"{self.name}-in", Key="app.zip", Body=data.getvalue())
        version: str = put["VersionId"]
        return version

    def site(self) -> str:
        found = self.s3.get_object(Bucket=f"{self.name}-out", Key="index.html")
        return str(found["Body"].read().decode())

    def make(self, *approvals: str, target: bool = True, mode: str = "QUEUED") -> None:
        self.bucket(f"{self.name}-in", versioned=True)
        self.bucket(f"{self.name}-art")
        if target:
            self.bucket(f"{self.name}-out")
        self.put("one")
        stages = [stage("Source", self._source()), stage("Deploy", self._deploy())]
        if approvals:
            stages.insert(1, stage("Gate", *map(approval, approvals)))
        declaration = {
            "name": self.name,
            "roleArn": ROLE,
            "pipelineType": "V2",
            "executionMode": mode,
            "artifactStore": {"type": "S3", "location": f"{self.name}-art"},
            "stages": stages,
            "variables": [{"name": "WHO", "defaultValue": "Ada"}],
        }
        self.pipelines.create_pipeline(pipeline=declaration)

    def _source(self) -> dict[str, Any]:
        asked = {"S3Bucket": f"{self.name}-in", "S3ObjectKey": "app.zip"}
        asked["PollForSourceChanges"] = "false"
        return {**action("Fetch", "Source", "S3", **asked), "outputArtifacts": [{"name": "App"}]}

    def _deploy(self) -> dict[str, Any]:
        asked = {"BucketName": f"{self.name}-out", "Extract": "true"}
        return {**action("Copy", "Deploy", "S3", **asked), "inputArtifacts": [{"name": "App"}]}

    def watch(self, *options: str) -> Ran:
        return self("pipelines", self.name, "--watch", *options)

    def runs(self) -> list[dict[str, Any]]:
        found = self.pipelines.list_pipeline_executions(pipelineName=self.name)
        return list(found["pipelineExecutionSummaries"])


def action(name: str, category: str, provider: str, **configuration: str) -> dict[str, Any]:
    kind = {"category": category, "owner": "AWS", "provider": provider, "version": "1"}
    return {"name": name, "actionTypeId": kind, "configuration": configuration}


def approval(name: str) -> dict[str, Any]:
    return action(name, "Approval", "Manual")


def stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "actions": list(actions)}


@pytest.fixture
def mill(installation: Installation) -> Mill:
    return Mill(installation, f"mill-{uuid4().hex[:12]}")
