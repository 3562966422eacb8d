"""CodeBuild as an action of a pipeline, or as a rule of a condition (CP-125, CP-074)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from penstock.actions.artifacts import place_of, store_of
from penstock.actions.contract import Failed, Outcome, Start, Waiting
from penstock.decide.pipeline_builds import Ordered, primary_of, read_variables
from penstock.documents.pipelines import Action
from penstock.errors import AwsError
from penstock.flow.action_batches import start_action_batch
from penstock.flow.action_builds import INITIATOR, start_build
from penstock.flow.build_starts import StartOrder
from penstock.services.codebuild.batch_rules import check_batch_config, check_member
from penstock.state.pipelines import Artifact
from penstock.store import Store

_FULL = "AccountLimitExceededException"


async def start(store: Store, start: Start) -> Outcome:
    """Starts the build, or the batch, whose end will be the action's."""
    asked = start.configuration
    batch, combined = _is_true(asked, "BatchEnabled"), _is_true(asked, "CombineArtifacts")
    try:
        ordered = Ordered(
            primary_of(start.action.inputs, asked.get("PrimarySource", "")),
            start.inputs,
            outputs_of(start),
            read_variables(asked.get("EnvironmentVariables", "")),
            key=key_of(start),
        )
        if combined:
            _check_combining(batch, ordered)
    except ValueError as error:
        return Failed("ConfigurationError", str(error))
    order = order_of(start, asked["ProjectName"])
    try:
        if batch:
            check = partial(check_batch_config, account=order.account)
            external = await start_action_batch(
                store,
                order._replace(check=check),
                start.id,
                ordered,
                combined=combined,
                check=check_member,
            )
        else:
            external = (await start_build(store, order, start.id, ordered)).id
    except AwsError as error:
        return refused(error)
    return Waiting(external_id=external)


def _is_true(asked: Mapping[str, str], key: str) -> bool:
    return asked.get(key, "").lower() == "true"


def _check_combining(batch: bool, ordered: Ordered) -> None:
    """Raises ValueError (CB-106)."""
    if not batch:
        raise ValueError("CombineArtifacts is for batches: BatchEnabled has to be true")
    if len(ordered.outputs) > 1:
        raise ValueError("CombineArtifacts makes one output artifact; the action has more")


def outputs_of(start: Start) -> dict[str, Artifact]:
    """Where the output artifacts are to be, by name; a rule has none."""
    outputs = start.action.outputs if isinstance(start.action, Action) else ()
    return {output.name: place_of(start, output.name) for output in outputs}


def key_of(start: Start) -> str:
    """The ARN of the key that artifacts are encrypted with (CP-081)."""
    account, region, _ = start.name
    return store_of(start).key_id or f"arn:aws:kms:{region}:{account}:alias/aws/s3"


def order_of(start: Start, project: str) -> StartOrder:
    """A build that the pipeline starts, as the pipeline (CB-111)."""
    account, region, name = start.name
    return StartOrder(
        account,
        start.action.region or region,
        project,
        {},
        f"{INITIATOR}{name}",
        datetime.now(UTC),
        check=check_member,
    )


def refused(error: AwsError) -> Failed:
    """A build that cannot be started."""
    code = "JobFailed" if error.code == _FULL else "ConfigurationError"
    return Failed(code, f"{error.code}: {error.message}")
