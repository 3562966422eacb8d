"""Actions and rules start, and end one way or another."""

from __future__ import annotations

from penstock.decide.pipelines.draft import Draft
from penstock.decide.pipelines.ids import action_id, rule_id
from penstock.decide.pipelines.variables import resolve_configuration
from penstock.documents.pipelines import Action, Condition, Rule, Stage
from penstock.state.pipelines import (
    ActionRun,
    ActionStatus,
    ConditionKind,
    ConditionRun,
    ConditionStatus,
    EndedAction,
    Failed,
    Run,
    StageRun,
    StartAction,
    StartRule,
)

PASSED = (ConditionStatus.SUCCEEDED, ConditionStatus.OVERRIDDEN)


def is_busy(current: StageRun) -> bool:
    """Whether an action or a rule of the stage is in progress."""
    for action in current.actions.values():
        if action.status is ActionStatus.IN_PROGRESS:
            return True
    for condition in current.conditions.values():
        if condition.status is ConditionStatus.IN_PROGRESS:
            return True
    return False


def start_group(draft: Draft, run: Run, stage: Stage, current: StageRun) -> None:
    """Starts what has not begun of the lowest run order that has such actions (CP-039)."""
    absent = [action for action in stage.actions if action.name not in current.actions]
    order = min(action.run_order for action in absent)
    actions = dict(current.actions)
    for action in absent:
        if action.run_order == order:
            actions[action.name] = _start(draft, run, stage.name, current.attempt, action)
    draft.put_stage(run, stage.name, current._replace(actions=actions))


def _start(draft: Draft, run: Run, stage: str, attempt: int, action: Action) -> ActionRun:
    started = action_id(run.id, stage, attempt, action.name)
    draft.tell(run, "STARTED", stage, action.name)
    resolved = resolve_configuration(action.name, action.configuration, run.variables)
    begun = ActionRun(started, ActionStatus.IN_PROGRESS, draft.now)
    if isinstance(resolved, Failed):
        return end_action(draft, run, stage, action.name, begun, ActionStatus.FAILED, resolved)
    draft.effects.append(StartAction(run.id, started, stage, action.name, resolved))
    return begun


def end_action(
    draft: Draft,
    run: Run,
    stage: str,
    action: str,
    begun: ActionRun,
    status: ActionStatus,
    failure: Failed | None = None,
) -> ActionRun:
    """The action's execution as it ended, after telling so."""
    draft.effects.append(EndedAction(run.id, begun.id, status, failure, stage, action))
    draft.tell(run, status.upper(), stage, action, failure)
    return begun._replace(status=status, ended=draft.now, code=failure.code if failure else "")


def start_check(
    draft: Draft,
    run: Run,
    stage: str,
    current: StageRun,
    kind: ConditionKind,
    condition: Condition,
) -> None:
    """Starts all rules of the condition (CP-064, CP-065)."""
    rules = {
        rule.name: _start_rule(draft, run, stage, current.attempt, kind, rule)
        for rule in condition.rules
    }
    check = concluded(ConditionRun(ConditionStatus.IN_PROGRESS, draft.now, rules), draft.now)
    conditions = {**current.conditions, kind: check}
    draft.put_stage(run, stage, current._replace(conditions=conditions))


def _start_rule(
    draft: Draft, run: Run, stage: str, attempt: int, kind: ConditionKind, rule: Rule
) -> ActionRun:
    started = rule_id(run.id, stage, attempt, kind, rule.name)
    resolved = resolve_configuration(rule.name, rule.configuration, run.variables)
    begun = ActionRun(started, ActionStatus.IN_PROGRESS, draft.now)
    if isinstance(resolved, Failed):
        return end_rule(draft, run, stage, kind, rule.name, begun, ActionStatus.FAILED, resolved)
    draft.effects.append(StartRule(run.id, started, stage, kind, rule.name, resolved))
    return begun


def end_rule(
    draft: Draft,
    run: Run,
    stage: str,
    kind: ConditionKind,
    rule: str,
    begun: ActionRun,
    status: ActionStatus,
    failure: Failed | None = None,
) -> ActionRun:
    """The rule's execution as it ended. Nobody but its record is told of a rule."""
    draft.effects.append(EndedAction(run.id, begun.id, status, failure, stage, rule, kind))
    return begun._replace(status=status, ended=draft.now, code=failure.code if failure else "")


def concluded(check: ConditionRun, now: float) -> ConditionRun:
    """The check with its result, if all its rules have ended.

    AWS does not say what makes a condition Errored: here, a rule that could not be checked, as
    against one that was and failed.
    """
    rules = check.rules.values()
    if any(rule.status is ActionStatus.IN_PROGRESS for rule in rules):
        return check
    codes = {rule.code for rule in rules if rule.status is ActionStatus.FAILED}
    if not codes:
        status = ConditionStatus.SUCCEEDED
    elif codes == {"JobFailed"}:
        status = ConditionStatus.FAILED
    else:
        status = ConditionStatus.ERRORED
    return check._replace(status=status, ended=now)
