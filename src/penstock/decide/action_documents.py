"""What the API shows of an action's execution, and what a job worker is told of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.documents.pipelines import Action, Rule, Store, TypeId
from penstock.state.pipelines import Artifact, Succeeded
from penstock.state.recorded_pipelines import PipelineName, Start

Document = dict[str, Any]


def type_document(type_id: TypeId) -> Document:
    return {
        "category": type_id.category,
        "owner": type_id.owner,
        "provider": type_id.provider,
        "version": type_id.version,
    }


def action_input(
    action: Action,
    configuration: Mapping[str, str],
    artifacts: Mapping[str, Artifact],
    name: PipelineName,
) -> Document:
    """ActionExecutionInput; `configuration` is the resolved one (CP-090)."""
    shown = {"actionTypeId": type_document(action.type), **_input(action, configuration, name)}
    if action.namespace:
        shown["namespace"] = action.namespace
    return {**shown, "inputArtifacts": artifact_details(action.inputs, artifacts)}


def rule_input(
    rule: Rule,
    configuration: Mapping[str, str],
    artifacts: Mapping[str, Artifact],
    name: PipelineName,
) -> Document:
    """RuleExecutionInput"""
    shown = {"ruleTypeId": type_document(rule.type), **_input(rule, configuration, name)}
    return {**shown, "inputArtifacts": artifact_details(rule.inputs, artifacts)}


def _input(what: Action | Rule, configuration: Mapping[str, str], name: PipelineName) -> Document:
    shown: Document = {
        "configuration": dict(what.configuration),
        "resolvedConfiguration": dict(configuration),
        "region": what.region or name.region,
    }
    return {**shown, "roleArn": what.role_arn} if what.role_arn else shown


def action_output(succeeded: Succeeded) -> Document:
    """The members outputArtifacts and outputVariables of ActionExecutionOutput."""
    return {
        "outputArtifacts": artifact_details(succeeded.artifacts, succeeded.artifacts),
        "outputVariables": dict(succeeded.variables),
    }


def artifact_details(names: Iterable[str], artifacts: Mapping[str, Artifact]) -> list[Document]:
    """ArtifactDetails of those that are there."""
    return [
        {"name": name, "s3location": {"bucket": found.bucket, "key": found.key}}
        for name in names
        if (found := artifacts.get(name))
    ]


def job_data(
    start: Start,
    outputs: Mapping[str, Artifact],
    *,
    credentials: Document,
    continuation_token: str,
    store: Store,
) -> Document:
    """JobData (CP-156, CP-158). `outputs` are where the artifacts are to be put."""
    data: Document = {
        "actionTypeId": type_document(start.action.type),
        "actionConfiguration": {"configuration": dict(start.configuration)},
        "pipelineContext": {
            "pipelineName": start.name.name,
            "stage": {"name": start.stage.name},
            "action": {"name": start.action.name, "actionExecutionId": str(start.id)},
            "pipelineArn": start.name.arn,
            "pipelineExecutionId": str(start.run.id),
        },
        "inputArtifacts": [_job_artifact(name, found) for name, found in start.inputs.items()],
        "outputArtifacts": [_job_artifact(name, found) for name, found in outputs.items()],
        "artifactCredentials": credentials,
    }
    if continuation_token:
        data["continuationToken"] = continuation_token
    if store.key_id:
        data["encryptionKey"] = {"id": store.key_id, "type": "KMS"}
    return data


def _job_artifact(name: str, artifact: Artifact) -> Document:
    location = {"bucketName": artifact.bucket, "objectKey": artifact.key}
    shown: Document = {"name": name, "location": {"type": "S3", "s3Location": location}}
    return {**shown, "revision": artifact.revision} if artifact.revision else shown
