"""Declarations to change: a source, a build, and what a test adds to them."""

from __future__ import annotations

from typing import Any

from penstock.documents.action_types import ACTION_TYPES
from penstock.documents.pipelines import Pipeline
from penstock.documents.pipelines.problems import Problem
from penstock.documents.pipelines.reader import read_pipeline

REGION = "us-east-1"
Document = dict[str, Any]


def action(name: str, type: str, **members: Any) -> Document:
    """`type` is category, provider and, but for AWS, owner. What its type requires is there."""
    category, provider, owner = (*type.split(), "AWS")[:3]
    spec = next(
        (one for one in ACTION_TYPES.values() if one.type[:3] == (category, owner, provider)), None
    )
    required = [one.name for one in spec.properties if one.required] if spec else []
    return {
        "name": name,
        "actionTypeId": {
            "category": category,
            "owner": owner,
            "provider": provider,
            "version": "1",
        },
        "configuration": dict.fromkeys(required, "value") | members.pop("configuration", {}),
        **members,
    }


def artifacts(*names: str) -> list[Document]:
    return [{"name": name} for name in names]


def source(name: str = "Fetch", *, output: str = "code", **members: Any) -> Document:
    return action(name, "Source S3", outputArtifacts=artifacts(output), **members)


def build(name: str = "Make", *inputs: str, **members: Any) -> Document:
    return action(
        name, "Build CodeBuild", inputArtifacts=artifacts(*inputs or ("code",)), **members
    )


def stage(name: str, *actions: Document, **members: Any) -> Document:
    return {"name": name, "actions": list(actions), **members}


def declaration(*stages: Document, **members: Any) -> Document:
    """With a source and a build where no stages are given."""
    given = stages or (stage("Source", source()), stage("Build", build()))
    return {
        "name": "web",
        "roleArn": "arn:aws:iam::123456789012:role/pipeline",
        "artifactStore": {"type": "S3", "location": "artifacts"},
        "stages": list(given),
        **members,
    }


def after_source(*stages: Document, **members: Any) -> Document:
    """The stages behind one that fetches the artifact `code`."""
    return declaration(stage("Source", source()), *stages, **members)


def read(document: Any, region: str = REGION) -> tuple[Pipeline, list[Problem]]:
    return read_pipeline(document, {}, region)


def problems(document: Any, region: str = REGION) -> list[Problem]:
    return read(document, region)[1]


def told(document: Any, region: str = REGION) -> list[tuple[str, str]]:
    """Exceptions and messages of all problems."""
    return [(one.code.removesuffix("Exception"), one.message) for one in problems(document, region)]
