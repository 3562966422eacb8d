"""Commands as an action of a pipeline, or as a rule of a condition (CP-126, CP-074)."""

from __future__ import annotations

from penstock.actions.codebuild import key_of, order_of, outputs_of, refused
from penstock.actions.contract import Failed, Outcome, Start, Waiting
from penstock.decide.pipeline_builds import Ordered
from penstock.decide.pipeline_commands import commands_project, log_group
from penstock.decide.pipelines.variables import resolve_configuration
from penstock.documents.pipelines import Action, Rule
from penstock.errors import AwsError
from penstock.flow.action_builds import start_commands
from penstock.state.pipelines import Run
from penstock.store import Store


async def start(store: Store, start: Start) -> Outcome:
    action = _resolved(start.action, start.run)
    if isinstance(action, Failed):
        return action
    project = commands_project(start.pipeline, action)
    primary = action.inputs[0] if action.inputs else ""
    ordered = Ordered(primary, start.inputs, outputs_of(start), key=key_of(start))
    order = order_of(start, project["name"])
    try:
        build = await start_commands(store, order, start.id, project, ordered)
    except AwsError as error:
        return refused(error)
    log = f"log-group:{log_group(start.pipeline.name)}:log-stream:{build.uuid}"
    return Waiting(
        external_id=build.id, log_stream_arn=f"arn:aws:logs:{order.region}:{order.account}:{log}"
    )


def _resolved(action: Action | Rule, run: Run) -> Action | Rule | Failed:
    """With the values of what its environment refers to (CP-093)."""
    if isinstance(action, Rule):
        return action
    given = {variable.name: variable.value for variable in action.environment}
    resolved = resolve_configuration(action.name, given, run.variables)
    if isinstance(resolved, Failed):
        return resolved
    environment = (
        variable._replace(value=resolved[variable.name]) for variable in action.environment
    )
    return action._replace(environment=tuple(environment))
