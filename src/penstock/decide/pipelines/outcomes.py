"""How an action or a rule has ended reaches its run; what ended before changes nothing."""

from __future__ import annotations

from penstock.decide.pipelines.actions import concluded, end_action, end_rule
from penstock.decide.pipelines.draft import Draft, is_going
from penstock.decide.pipelines.variables import check_outputs
from penstock.documents.pipelines import Stage
from penstock.state.pipelines import (
    ActionEnded,
    ActionStatus,
    ConditionKind,
    Failed,
    Run,
    StageRun,
    Succeeded,
)


def receive(draft: Draft, event: ActionEnded) -> None:
    """The action, or the rule, of this id has ended, if the run still waits for it."""
    run = draft.runs.get(event.run)
    if run is None or run.waiting or not is_going(run):
        return
    stage = draft.stage(run)
    current = run.stages[stage.name]
    name = _action_of(current, event)
    if name:
        _end_action(draft, run, stage, current, name, event.outcome)
        draft.due.append(run.id)
        return
    kind, rule = _rule_of(current, event)
    if kind is not None:
        _end_rule(draft, run, stage, current, kind, rule, event.outcome)
        draft.due.append(run.id)


def _action_of(current: StageRun, event: ActionEnded) -> str:
    for name, action in current.actions.items():
        if action.status is ActionStatus.IN_PROGRESS and action.id == event.id:
            return name
    return ""


def _rule_of(current: StageRun, event: ActionEnded) -> tuple[ConditionKind | None, str]:
    for kind, check in current.conditions.items():
        for name, rule in check.rules.items():
            if rule.status is ActionStatus.IN_PROGRESS and rule.id == event.id:
                return kind, name
    return None, ""


def _end_action(
    draft: Draft,
    run: Run,
    stage: Stage,
    current: StageRun,
    name: str,
    outcome: Succeeded | Failed,
) -> None:
    if isinstance(outcome, Succeeded):
        failure = check_outputs(name, outcome.variables)
        status = ActionStatus.FAILED if failure else ActionStatus.SUCCEEDED
    else:
        failure, status = outcome, ActionStatus.FAILED
    ended = end_action(draft, run, stage.name, name, current.actions[name], status, failure)
    if isinstance(outcome, Succeeded) and failure is None:
        run = _with_outputs(run, stage, name, outcome)
    actions = {**current.actions, name: ended}
    draft.put_stage(run, stage.name, current._replace(actions=actions))


def _with_outputs(run: Run, stage: Stage, name: str, outcome: Succeeded) -> Run:
    """The run with what the action made; variables only where it has a namespace (CP-091)."""
    if outcome.artifacts:
        run = run._replace(artifacts={**run.artifacts, **outcome.artifacts})
    if outcome.revision is not None:
        run = run._replace(revisions={**run.revisions, name: outcome.revision})
    namespace = next(action.namespace for action in stage.actions if action.name == name)
    if namespace:
        run = run._replace(variables={**run.variables, namespace: outcome.variables})
    return run


def _end_rule(
    draft: Draft,
    run: Run,
    stage: Stage,
    current: StageRun,
    kind: ConditionKind,
    name: str,
    outcome: Succeeded | Failed,
) -> None:
    check = current.conditions[kind]
    failure = outcome if isinstance(outcome, Failed) else None
    status = ActionStatus.FAILED if failure else ActionStatus.SUCCEEDED
    ended = end_rule(draft, run, stage.name, kind, name, check.rules[name], status, failure)
    check = concluded(check._replace(rules={**check.rules, name: ended}), draft.now)
    conditions = {**current.conditions, kind: check}
    draft.put_stage(run, stage.name, current._replace(conditions=conditions))
