"""Reads declarations: unchecked ones with all that is wrong in them, and stored ones, fast."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from penstock.documents.action_types import ActionTypeSpec
from penstock.documents.model_shapes import check_shape
from penstock.documents.pipelines import (
    Action,
    Condition,
    Globs,
    Mode,
    OnFailure,
    Output,
    Pipeline,
    PullRequestFilter,
    PushFilter,
    Result,
    RetryMode,
    Rule,
    Stage,
    Store,
    Trigger,
    TypeId,
    Variable,
    VariableDeclaration,
)
from penstock.documents.pipelines.actions import check_actions
from penstock.documents.pipelines.artifacts import check_artifacts
from penstock.documents.pipelines.conditions import check_conditions
from penstock.documents.pipelines.problems import Problem, Problems
from penstock.documents.pipelines.structure import check_structure
from penstock.documents.pipelines.subject import Subject, subject_of
from penstock.documents.pipelines.triggers import check_triggers
from penstock.documents.pipelines.variables import check_variables
from penstock.documents.pipelines.versions import check_version, needed_type

Member = Mapping[str, Any]

RULES: Sequence[Callable[[Subject, Problems], None]] = (
    check_version,
    check_structure,
    check_actions,
    check_artifacts,
    check_variables,
    check_conditions,
    check_triggers,
)
"""In the order in which an API call names the first problem."""


def read_pipeline(
    document: Member, custom: Mapping[TypeId, ActionTypeSpec], region: str = ""
) -> tuple[Pipeline, list[Problem]]:
    """The declaration, and everything that CreatePipeline would refuse it for (CP-002 to CP-016).

    `document` is the API's, of any content; `custom` are the account's own types of actions.
    `region` is the pipeline's; without it nothing is said about actions in other Regions.
    """
    cleaned, findings = check_shape("codepipeline", "PipelineDeclaration", document, "pipeline")
    problems = Problems()
    for finding in findings:
        problems.value(finding.path, finding.message)
    pipeline = pipeline_of(cleaned)
    if "pipelineType" not in cleaned:
        subject = subject_of(cleaned, pipeline, custom, region)
        pipeline = pipeline._replace(type=needed_type(subject))
    subject = subject_of(cleaned, pipeline, custom, region)
    for check in RULES:
        check(subject, problems)
    return pipeline, problems.found


def pipeline_of(document: Member) -> Pipeline:
    """A declaration that has been checked, such as a stored one."""
    return Pipeline(
        document.get("name", ""),
        document.get("roleArn", ""),
        tuple(_stage(one) for one in document.get("stages", ())),
        _stores(document),
        Mode(document.get("executionMode", "SUPERSEDED")),
        document.get("pipelineType", "V1"),
        tuple(_declared(one) for one in document.get("variables", ())),
        tuple(_trigger(one) for one in document.get("triggers", ())),
    )


def completed(document: Member, pipeline: Pipeline) -> dict[str, Any]:
    """A declaration without problems as it is stored and read back: with its defaults, without
    version and what the model lacks (CP-006)."""
    cleaned, _ = check_shape("codepipeline", "PipelineDeclaration", document)
    stages = [
        {**stage, "actions": [_completed_action(action) for action in stage["actions"]]}
        for stage in cleaned["stages"]
    ]
    whole = {
        **cleaned,
        "stages": stages,
        "executionMode": str(pipeline.mode),
        "pipelineType": pipeline.type,
    }
    whole.pop("version", None)
    return whole


def _completed_action(action: Member) -> dict[str, Any]:
    empty = {"runOrder": 1, "configuration": {}, "outputArtifacts": [], "inputArtifacts": []}
    return {**empty, **action}


def _stores(document: Member) -> dict[str, Store]:
    stores = dict(document.get("artifactStores", {}))
    if "artifactStore" in document:
        stores[""] = document["artifactStore"]
    return {
        region: Store(store.get("location", ""), store.get("encryptionKey", {}).get("id", ""))
        for region, store in stores.items()
    }


def _stage(stage: Member) -> Stage:
    return Stage(
        stage.get("name", ""),
        tuple(_action(one) for one in stage.get("actions", ())),
        _condition(stage.get("beforeEntry"), Result.FAIL),
        _condition(stage.get("onSuccess"), Result.FAIL),
        _on_failure(stage.get("onFailure")),
    )


def _on_failure(member: Member | None) -> OnFailure | None:
    if member is None:
        return None
    retry = member.get("retryConfiguration", {})
    return OnFailure(
        Result(member["result"]) if "result" in member else None,
        RetryMode(retry.get("retryMode", RetryMode.FAILED_ACTIONS)),
        _condition(member, Result.ROLLBACK),
    )


def _condition(member: Member | None, default: Result) -> Condition | None:
    """The first, of which there is exactly one (CP-064)."""
    given = (member or {}).get("conditions")
    if not given:
        return None
    rules = tuple(_rule(one) for one in given[0].get("rules", ()))
    return Condition(Result(given[0].get("result", default)), rules)


def _rule(rule: Member) -> Rule:
    return Rule(
        rule.get("name", ""),
        _type({"owner": "AWS", **rule.get("ruleTypeId", {})}),
        rule.get("configuration", {}),
        tuple(rule.get("commands", ())),
        _names(rule.get("inputArtifacts", ())),
        rule.get("roleArn", ""),
        rule.get("region", ""),
        rule.get("timeoutInMinutes"),
    )


def _action(action: Member) -> Action:
    return Action(
        action.get("name", ""),
        _type(action.get("actionTypeId", {})),
        action.get("runOrder", 1),
        action.get("configuration", {}),
        _names(action.get("inputArtifacts", ())),
        tuple(
            Output(one.get("name", ""), tuple(one.get("files", ())))
            for one in action.get("outputArtifacts", ())
        ),
        action.get("namespace", ""),
        action.get("roleArn", ""),
        action.get("region", ""),
        action.get("timeoutInMinutes"),
        tuple(action.get("commands", ())),
        tuple(action.get("outputVariables", ())),
        tuple(
            Variable(one.get("name", ""), one.get("value", ""), one.get("type", "PLAINTEXT"))
            for one in action.get("environmentVariables", ())
        ),
    )


def _type(member: Member) -> TypeId:
    return TypeId(
        member.get("category", ""),
        member.get("owner", ""),
        member.get("provider", ""),
        member.get("version", "1"),
    )


def _names(artifacts: Sequence[Member]) -> tuple[str, ...]:
    return tuple(one.get("name", "") for one in artifacts)


def _declared(variable: Member) -> VariableDeclaration:
    name, default = variable.get("name", ""), variable.get("defaultValue")
    return VariableDeclaration(name, default, variable.get("description", ""))


def _trigger(trigger: Member) -> Trigger:
    git = trigger.get("gitConfiguration", {})
    return Trigger(
        git.get("sourceActionName", ""),
        tuple(
            PushFilter(*(_globs(one, part) for part in ("tags", "branches", "filePaths")))
            for one in git.get("push", ())
        ),
        tuple(
            PullRequestFilter(
                tuple(one.get("events", ())), _globs(one, "branches"), _globs(one, "filePaths")
            )
            for one in git.get("pullRequest", ())
        ),
    )


def _globs(given: Member, part: str) -> Globs:
    globs = given.get(part, {})
    return Globs(tuple(globs.get("includes", ())), tuple(globs.get("excludes", ())))
