"""Clients of boto3's, and what tests of them share."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

REAL = ("codebuild", "logs", "s3", "secretsmanager", "ssm", "sts")
Client = Callable[..., Any]
Until = Callable[..., Any]


@pytest.fixture(scope="module")
def client(installation: Any) -> Client:
    """Makes clients; each is made once."""

    @cache
    def make(service: str) -> Any:
        return installation.client(service)

    return make


@pytest.fixture
def s3(client: Client) -> Any:
    return client("s3")


@pytest.fixture
def bucket(s3: Any) -> str:
    name = f"b-{uuid4().hex}"
    s3.create_bucket(Bucket=name)
    return name


def make_project(codebuild: Any, *commands: str, **sections: Any) -> str:
    phases = {"build": {"commands": commands or ("true",)}}
    buildspec = json.dumps({"version": "0.2", "phases": phases, **sections})
    name = f"web-{uuid4().hex}"
    codebuild.create_project(
        name=name,
        source={"type": "NO_SOURCE", "buildspec": buildspec},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={
            "type": "LINUX_CONTAINER",
            "image": "aws/codebuild/standard:7.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
        serviceRole="arn:aws:iam::000000000000:role/build",
    )
    return name


def built(codebuild: Any, project: str, until: Until) -> dict[str, Any]:
    build = codebuild.start_build(projectName=project)["build"]["id"]

    def ended() -> dict[str, Any] | None:
        [found] = codebuild.batch_get_builds(ids=[build])["builds"]
        return found if found["buildComplete"] else None

    found: dict[str, Any] = until(ended)
    return found


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def status_of(refused: pytest.ExceptionInfo[ClientError]) -> int:
    return int(refused.value.response["ResponseMetadata"]["HTTPStatusCode"])


def pages_of(client: Any, operation: str, size: int = 2, **arguments: Any) -> list[dict[str, Any]]:
    config = {"PageSize": size} if size else {}
    pages = client.get_paginator(operation).paginate(**arguments, PaginationConfig=config)
    return list(pages)


def listed(pages: list[dict[str, Any]], member: str) -> list[Any]:
    """All items of all pages, of which there is more than one."""
    assert len([page for page in pages if page.get(member)]) > 1
    return [item for page in pages for item in page.get(member, [])]
