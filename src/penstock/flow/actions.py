"""What was decided about actions and rules, made into rows and jobs in the same transaction.

An approval has begun with its row: nobody performs it. Everything else is started by a job, for
which a worker asks the provider (`actions`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid4

from penstock.decide.action_deadlines import ONE, WAITING, deadline_of
from penstock.decide.action_documents import action_input, rule_input
from penstock.documents.pipelines import Action, Mode, Rule, Stage
from penstock.state.pipelines import (
    ConditionKind,
    Decision,
    EndedAction,
    Run,
    StartAction,
    StartRule,
)
from penstock.state.recorded_pipelines import PipelineName
from penstock.store import Store, action_executions
from penstock.store.action_executions import ACTION, RULE, Execution, Result
from penstock.store.database import Connection
from penstock.store.facts import read_time_scale
from penstock.store.notices import notify
from penstock.store.queue import defer

START = "start_action"
"""The job that asks a provider to start an execution, with the argument `id`."""
NOTIFY = "notify_approval"
"""The job that says by SNS that an approval waits, with the argument `id` (CP-063)."""
QUEUE = "actions"
APPROVAL = ("Approval", "AWS", "Manual")
ASKED_AGAIN = frozenset(("CloudFormation", "LambdaInvoke"))
"""Providers that are asked again when what they wait for has ended, and see for themselves."""


async def perform(
    connection: Connection, pipeline: int, name: PipelineName, decision: Decision, now: datetime
) -> None:
    """Begins and ends the executions of a decision; `pipeline` is the id of its row."""
    recording = _Recording(connection, pipeline, name, decision, now)
    for effect in decision.effects:
        if isinstance(effect, StartAction | StartRule):
            await recording.begin(effect)
        elif isinstance(effect, EndedAction):
            await recording.end(effect)


async def save_waiting(store: Store, action: UUID, result: Result, now: datetime) -> None:
    """An execution has begun, and will end by `flow.pipelines.finish_action`."""
    async with store.database.transaction() as connection:
        await action_executions.save_waiting(connection, action, result, now)
        name = await action_executions.find_place(connection, action)
        if name is not None:
            await notify(connection, name.topic)


async def ask_later(
    store: Store, action: UUID, at: datetime, result: Result, now: datetime
) -> None:
    """The execution has not ended; its provider is asked again at a time, by one job."""
    async with store.database.transaction() as connection:
        await action_executions.save_result(connection, action, result, now)
        await defer_start(connection, action, at)
        name = await action_executions.find_place(connection, action)
        if name is not None:
            await notify(connection, name.topic)


async def defer_start(connection: Connection, action: UUID, at: datetime) -> None:
    """Asks the provider of an execution again, at a time and once."""
    once = f"{START} {action}"
    await defer(connection, START, {"id": str(action)}, queue=QUEUE, at=at, once=once)


class _Recording:
    def __init__(
        self,
        connection: Connection,
        pipeline: int,
        name: PipelineName,
        decision: Decision,
        now: datetime,
    ) -> None:
        self._connection = connection
        self._pipeline = pipeline
        self._name = name
        self._state = decision.state
        self._now = now

    async def begin(self, start: StartAction | StartRule) -> None:
        what = await self._insert(start, start.configuration)
        if what.type[:3] == APPROVAL:
            mode = self._state.runs[start.run].mode
            await action_executions.save_approval(
                self._connection, start.id, uuid4(), shown=mode is Mode.PARALLEL
            )
            if not start.configuration.get("NotificationArn"):
                return
        task = NOTIFY if what.type[:3] == APPROVAL else START
        await defer(self._connection, task, {"id": str(start.id)}, queue=QUEUE)

    async def end(self, ended: EndedAction) -> None:
        parameters = (ended.id, ended.status, ended.failure, self._now)
        if not await action_executions.end_action(self._connection, *parameters):
            # It has failed before it could be started: there is no row of it yet (CP-093).
            await self._insert(ended, None)
            await action_executions.end_action(self._connection, *parameters)

    async def _insert(
        self,
        effect: StartAction | StartRule | EndedAction,
        configuration: Mapping[str, str] | None,
    ) -> Action | Rule:
        """What the effect is about; its configuration could not be resolved where it is None."""
        run = self._state.runs[effect.run]
        stage = stage_of(self._state.definitions[run.version].stages, effect.stage)
        kind, called = _about(effect)
        what = find_rule(stage, kind, called) if kind else find_action(stage, called)
        waits = what.type.provider in WAITING
        scale = await read_time_scale(self._connection) if waits else ONE
        await action_executions.insert_action(
            self._connection,
            Execution(
                effect.id,
                self._pipeline,
                run.id,
                run.version,
                RULE if kind else ACTION,
                stage.name,
                called,
                kind or "",
                what.type,
                run.stages[stage.name].attempt,
                deadline_of(what, self._now, scale),
                self._input(
                    what, what.configuration if configuration is None else configuration, run
                ),
            ),
            self._now,
        )
        return what

    def _input(
        self, what: Action | Rule, configuration: Mapping[str, str], run: Run
    ) -> action_executions.Document:
        if isinstance(what, Rule):
            return rule_input(what, configuration, run.artifacts, self._name)
        return action_input(what, configuration, run.artifacts, self._name)


def _about(effect: StartAction | StartRule | EndedAction) -> tuple[ConditionKind | None, str]:
    """The kind of the condition, if it is about a rule, and the name of the action or rule."""
    if isinstance(effect, StartRule):
        return effect.kind, effect.rule
    return (effect.kind if isinstance(effect, EndedAction) else None), effect.action


def stage_of(stages: tuple[Stage, ...], name: str) -> Stage:
    return next(stage for stage in stages if stage.name == name)


def find_action(stage: Stage, name: str) -> Action:
    return next(action for action in stage.actions if action.name == name)


def find_rule(stage: Stage, kind: ConditionKind, name: str) -> Rule:
    condition = {
        ConditionKind.BEFORE_ENTRY: stage.before_entry,
        ConditionKind.ON_SUCCESS: stage.on_success,
        ConditionKind.ON_FAILURE: stage.on_failure and stage.on_failure.condition,
    }[kind]
    rules = condition.rules if condition else ()
    return next(rule for rule in rules if rule.name == name)
