"""What holds in every history, whatever happens in whichever order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings

from penstock.decide.pipelines import decide
from penstock.documents.pipelines import Mode
from penstock.errors import AwsError
from penstock.state.pipelines import (
    RUN_MOVES,
    ActionEnded,
    ActionRun,
    ActionStatus,
    Begin,
    ConditionKind,
    ConditionStatus,
    Decision,
    Effect,
    EndedAction,
    OverrideCondition,
    Redefine,
    Retry,
    RollBack,
    Run,
    RunStatus,
    RunType,
    SetGate,
    StageRun,
    StartAction,
    StartRule,
    State,
    Stop,
    Told,
)

from .histories import GOING, History, Step, histories

FINAL = [status for status in RunStatus if status not in GOING]
play = given(histories())
often = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)


def decided(history: History) -> Iterator[tuple[Step, Decision]]:
    for step in history.steps:
        if step.decision is not None:
            yield step, step.decision


def effects(history: History) -> Iterator[Effect]:
    for _, decision in decided(history):
        yield from decision.effects


def inside(state: State, run: Run) -> str:
    """The stage that the run is in, or "" """
    if run.waiting or run.status not in GOING:
        return ""
    return state.definitions[run.version].stages[run.stage].name


@often
@play
def test_a_stage_has_at_most_one_run_in_it_except_in_parallel(history: History) -> None:
    """CP-032, CP-037"""
    for _, decision in decided(history):
        state = decision.state
        runs = [run for run in state.runs.values() if run.mode is not Mode.PARALLEL]
        within = Counter(filter(None, (inside(state, run) for run in runs)))
        assert all(count == 1 for count in within.values())
        for run in runs:
            name = inside(state, run)
            if name in state.stages:
                assert state.stages[name].holder == run.id


@often
@play
def test_no_stage_is_held_by_a_run_that_is_not_in_it(history: History) -> None:
    """CP-032, CP-040"""
    for _, decision in decided(history):
        for name, place in decision.state.stages.items():
            if place.holder is not None:
                holder = decision.state.runs[place.holder]
                assert inside(decision.state, holder) == name
                assert holder.mode is not Mode.PARALLEL


@often
@play
def test_every_run_ends_once_its_actions_have_ended_and_the_gates_are_open(
    history: History,
) -> None:
    """CP-030, CP-050"""
    history.drain()
    assert all(run.status in FINAL for run in history.runs.values())
    for place in history.state.stages.values():
        assert (place.holder, place.waiting) == (None, ())


@often
@play
def test_a_run_ends_in_one_final_state_and_only_a_retry_or_an_override_takes_it_back(
    history: History,
) -> None:
    """CP-030"""
    for step, decision in decided(history):
        for changed in decision.state.runs.values():
            before = step.before.runs.get(changed.id)
            if before is None or before.status is changed.status:
                continue
            moves = RUN_MOVES[before.status]
            # A move may be followed by another within one decision.
            further = {last for middle in moves for last in RUN_MOVES[middle]}
            assert changed.status in moves | further
            if before.status in FINAL:
                named = getattr(step.event, "run", None)
                assert named == changed.id and not isinstance(step.event, ActionEnded)


@often
@play
def test_a_superseded_run_never_entered_the_stage_it_waited_for(history: History) -> None:
    """CP-033, CP-035"""
    for _, decision in decided(history):
        for run in decision.state.runs.values():
            if run.status is RunStatus.SUPERSEDED:
                assert run.mode is Mode.SUPERSEDED and run.waiting
        for place in decision.state.stages.values():
            waiting = [decision.state.runs[other] for other in place.waiting]
            assert sum(run.mode is Mode.SUPERSEDED for run in waiting) <= 1
    for run in history.runs.values():
        if run.status is RunStatus.SUPERSEDED:
            told = [e for e in effects(history) if isinstance(e, Told) and e.run == run.id]
            assert told[-1].state == "SUPERSEDED"
            assert len({e.stage for e in told if e.state == "STARTED" and not e.action}) == (
                run.stage + 1  # the run itself, and each stage before
            )


@often
@play
def test_an_action_starts_at_most_once_in_an_attempt(history: History) -> None:
    """CP-045"""
    started = [e.id for e in effects(history) if isinstance(e, StartAction | StartRule)]
    assert len(started) == len(set(started))
    ended = [e.id for e in effects(history) if isinstance(e, EndedAction)]
    assert len(ended) == len(set(ended))


@often
@play
def test_whatever_is_in_progress_was_started_and_has_not_ended(history: History) -> None:
    started = {e.id for e in effects(history) if isinstance(e, StartAction | StartRule)}
    ended = {e.id for e in effects(history) if isinstance(e, EndedAction)}
    open_ = {
        begun.id
        for run in history.runs.values()
        for current in run.stages.values()
        for begun in _begun(current)
        if begun.status is ActionStatus.IN_PROGRESS
    }
    assert open_ == started - ended


def _begun(current: StageRun) -> list[ActionRun]:
    rules = [rule for check in current.conditions.values() for rule in check.rules.values()]
    return [*current.actions.values(), *rules]


@often
@play
def test_outcomes_starts_and_definitions_that_come_twice_change_nothing(history: History) -> None:
    for step, decision in decided(history):
        if isinstance(step.event, ActionEnded | Begin | RollBack | Redefine | SetGate):
            again = decide(decision.state, step.event, step.now + 1)
            assert again == Decision(decision.state, ())


@often
@play
def test_a_decision_made_again_is_the_same_decision(history: History) -> None:
    for step, decision in decided(history):
        assert decide(step.before, step.event, step.now) == decision


@often
@play
def test_runs_that_have_ended_and_are_not_remembered_do_not_matter(history: History) -> None:
    for step, decision in decided(history):
        full = decide(step.full, step.event, step.now)
        assert full.effects == decision.effects
        assert full.state.stages == decision.state.stages
        assert all(full.state.runs[run.id] == run for run in decision.state.runs.values())


@often
@play
def test_runs_that_a_decision_does_not_change_are_the_same_objects(history: History) -> None:
    for step, decision in decided(history):
        for before in step.before.runs.values():
            after = decision.state.runs[before.id]
            assert after is before or after.updated == step.now


@often
@play
def test_runs_wait_in_the_order_of_their_arrival(history: History) -> None:
    """CP-036"""
    for step, decision in decided(history):
        for name, place in decision.state.stages.items():
            before = step.before.stages.get(name)
            stayed = [other for other in before.waiting if other in place.waiting] if before else []
            assert list(place.waiting[: len(stayed)]) == stayed
            queued = [decision.state.runs[other] for other in place.waiting]
            numbers = [run.number for run in queued if run.mode is Mode.QUEUED]
            assert numbers == sorted(numbers)


@often
@play
def test_the_gates_list_is_the_runs_that_wait(history: History) -> None:
    """CP-034"""
    for _, decision in decided(history):
        state = decision.state
        for run in state.runs.values():
            if run.waiting and run.status in GOING:
                name = state.definitions[run.version].stages[run.stage].name
                assert run.id in state.stages[name].waiting
        for place in state.stages.values():
            for waiting in place.waiting:
                run = state.runs[waiting]
                assert run.waiting and run.status is RunStatus.IN_PROGRESS


@often
@play
def test_only_actions_of_the_lowest_run_order_that_has_not_succeeded_start(
    history: History,
) -> None:
    """CP-039"""
    for _, decision in decided(history):
        for effect in decision.effects:
            if not isinstance(effect, StartAction):
                continue
            run = decision.state.runs[effect.run]
            declared = decision.state.definitions[run.version].stages
            actions = next(stage for stage in declared if stage.name == effect.stage).actions
            order = {action.name: action.run_order for action in actions}
            current = run.stages[effect.stage]
            for action in actions:
                begun = current.actions.get(action.name)
                if order[action.name] < order[effect.action]:
                    assert begun is not None and begun.status is ActionStatus.SUCCEEDED


@often
@play
def test_a_run_that_was_asked_to_stop_starts_nothing_more(history: History) -> None:
    """CP-041, CP-044"""
    for step, decision in decided(history):
        if isinstance(step.event, Retry):
            continue
        stopping = {run.id for run in step.before.runs.values() if run.stopping is not None}
        started = {e.run for e in decision.effects if isinstance(e, StartAction | StartRule)}
        assert not stopping & started


@often
@play
def test_a_run_of_a_replaced_definition_starts_nothing_more_except_in_parallel(
    history: History,
) -> None:
    """CP-022, CP-024"""
    for _, decision in decided(history):
        for effect in decision.effects:
            if isinstance(effect, StartAction | StartRule):
                run = decision.state.runs[effect.run]
                assert run.version == decision.state.version or run.mode is Mode.PARALLEL


@often
@play
def test_nothing_enters_by_a_gate_that_is_closed_but_a_rollback(history: History) -> None:
    """CP-050"""
    for _, decision in decided(history):
        for effect in decision.effects:
            if not isinstance(effect, Told) or effect.action or effect.state != "STARTED":
                continue
            place = decision.state.stages.get(effect.stage)
            if place is not None and not place.gate.enabled:
                run = decision.state.runs[effect.run]
                assert run.type is RunType.ROLLBACK


@often
@play
def test_resolved_configurations_have_no_reference_left(history: History) -> None:
    """CP-090, CP-094"""
    for effect in effects(history):
        if isinstance(effect, StartAction | StartRule):
            assert not any("#{" in text for text in effect.configuration.values())
            if str(effect.configuration.get("Text")) not in ("plain", "value", "None"):
                assert effect.configuration["Text"] == str(effect.run)


@often
@play
def test_a_stage_that_succeeded_has_all_its_actions_and_conditions(history: History) -> None:
    """CP-039, CP-065"""
    for _, decision in decided(history):
        for run in decision.state.runs.values():
            definition = decision.state.definitions.get(run.version)
            for stage in definition.stages if definition else ():
                current = run.stages.get(stage.name)
                if current is None or current.status != "Succeeded":
                    continue
                assert set(current.actions) == {action.name for action in stage.actions}
                assert {a.status for a in current.actions.values()} == {ActionStatus.SUCCEEDED}
                checks = {check.status for check in current.conditions.values()}
                passed = {ConditionStatus.SUCCEEDED, ConditionStatus.OVERRIDDEN}
                assert checks <= {*passed, ConditionStatus.FAILED, ConditionStatus.ERRORED}
                success = current.conditions.get(ConditionKind.ON_SUCCESS)
                assert stage.on_success is None or (success and success.status in passed)


@often
@play
def test_what_has_ended_is_told_to_have_started_before(history: History) -> None:
    """CP-173"""
    begun: Counter[tuple[object, str, str]] = Counter()
    for effect in effects(history):
        if not isinstance(effect, Told):
            continue
        thing = (effect.run, effect.stage, effect.action)
        if effect.state in ("STARTED", "RESUMED"):
            if effect.state == "RESUMED":
                assert begun[thing] >= 0
            begun[thing] = 1
        elif effect.state == "STOPPING":
            assert begun[thing] == 1
        else:
            assert begun[thing] == 1, f"{effect} although it does not run"
            begun[thing] = 0


# Section 8 of the reference, as far as an operation's errors are the decider's.
REFUSALS = {
    Begin: {"Validation", "ConcurrentPipelineExecutionsLimitExceeded"},
    Stop: {"PipelineExecutionNotStoppable", "DuplicatedStopRequest"},
    Retry: {
        "Conflict",
        "StageNotFound",
        "StageNotRetryable",
        "NotLatestPipelineExecution",
        "ConcurrentPipelineExecutionsLimitExceeded",
    },
    RollBack: {"StageNotFound", "UnableToRollbackStage", "PipelineExecutionOutdated"},
    OverrideCondition: {
        "Conflict",
        "StageNotFound",
        "ConditionNotOverridable",
        "NotLatestPipelineExecution",
        "ConcurrentPipelineExecutionsLimitExceeded",
    },
    SetGate: {"StageNotFound"},
}


@often
@play
def test_a_refused_request_has_a_code_of_its_operation_and_changes_nothing(
    history: History,
) -> None:
    for step in history.steps:
        if step.decision is None:
            before = repr(step.before)
            with pytest.raises(AwsError) as refusal:
                decide(step.before, step.event, step.now)
            assert refusal.value.code.removesuffix("Exception") in REFUSALS[type(step.event)]
            assert repr(step.before) == before


@often
@play
def test_a_decision_leaves_the_state_it_is_about_as_it_was(history: History) -> None:
    for step in history.steps[-3:]:
        if step.decision is not None:
            before = repr(step.before)
            decide(step.before, step.event, step.now)
            assert repr(step.before) == before
