"""What has happened in a pipeline: its stages, its executions, and what is in them.

Words are AWS's own, but an execution of the pipeline is called a run, as stages and actions have
executions too. All times are seconds since 1970. A `State` is whatever a decision may depend on: it
has the runs that have not ended, and those that stages remember.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import UUID

from penstock.documents.pipelines import Mode, Pipeline

EMPTY: Mapping[str, Any] = MappingProxyType({})


class RunStatus(StrEnum):
    """CP-030. Without `Stopping`, InProgress only goes on to one of the others."""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    SUPERSEDED = "Superseded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"


RUN_MOVES: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.IN_PROGRESS: frozenset(
        (
            RunStatus.SUCCEEDED,
            RunStatus.FAILED,
            RunStatus.SUPERSEDED,
            RunStatus.CANCELLED,
            RunStatus.STOPPING,
            RunStatus.STOPPED,
        )
    ),
    RunStatus.STOPPING: frozenset((RunStatus.STOPPED,)),
    RunStatus.FAILED: frozenset((RunStatus.IN_PROGRESS,)),
    RunStatus.STOPPED: frozenset((RunStatus.IN_PROGRESS,)),
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.SUPERSEDED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}
"""The legal moves; those out of Failed and Stopped are retries, or overrides (CP-030, CP-069)."""


class StageStatus(StrEnum):
    """CP-031"""

    IN_PROGRESS = "InProgress"
    STOPPING = "Stopping"
    STOPPED = "Stopped"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    CANCELLED = "Cancelled"
    SKIPPED = "Skipped"


class ActionStatus(StrEnum):
    """CP-031"""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ABANDONED = "Abandoned"


class ConditionStatus(StrEnum):
    """CP-031"""

    IN_PROGRESS = "InProgress"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    ERRORED = "Errored"
    CANCELLED = "Cancelled"
    ABANDONED = "Abandoned"
    OVERRIDDEN = "Overridden"


class ConditionKind(StrEnum):
    BEFORE_ENTRY = "BEFORE_ENTRY"
    ON_SUCCESS = "ON_SUCCESS"
    ON_FAILURE = "ON_FAILURE"


class RunType(StrEnum):
    STANDARD = "STANDARD"
    ROLLBACK = "ROLLBACK"


class Stopping(StrEnum):
    """How a run was asked to stop (CP-041, CP-042)."""

    WAIT = "WAIT"
    ABANDON = "ABANDON"


class ActionRun(NamedTuple):
    """The latest attempt at an action, or at a rule. `id` is its actionExecutionId, `code` that of
    its failure."""

    id: UUID
    status: ActionStatus
    started: float
    ended: float | None = None
    code: str = ""


class ConditionRun(NamedTuple):
    """The latest check of a condition; `rules` by name."""

    status: ConditionStatus
    started: float
    rules: Mapping[str, ActionRun] = EMPTY
    ended: float | None = None


class StageRun(NamedTuple):
    """A run's latest attempt at a stage. `actions` are those that have begun, by name.

    `attempt` counts from 1, retries included; `automatic` and `manual` are how many of either kind
    of retry there were, and `trigger` is the latest (CP-068; of the API's RetryTrigger).
    """

    status: StageStatus
    started: float
    attempt: int = 1
    automatic: int = 0
    manual: int = 0
    actions: Mapping[str, ActionRun] = EMPTY
    conditions: Mapping[ConditionKind, ConditionRun] = MappingProxyType({})
    ended: float | None = None
    trigger: str = ""


class Artifact(NamedTuple):
    """An output artifact where it is kept. `revision` is what its action says it is."""

    bucket: str
    key: str
    version_id: str = ""
    revision: str = ""


class Revision(NamedTuple):
    """What a source action fetched (CP-053)."""

    id: str
    summary: str = ""
    url: str = ""


class Cause(NamedTuple):
    """Why a run began (CP-054)."""

    type: str
    detail: str = ""


class Override(NamedTuple):
    """A revision that a start asks a source action to fetch (CP-102); `type` is the API's."""

    action: str
    type: str
    value: str


class Run(NamedTuple):
    """One execution of the pipeline.

    `stage` is the index of the stage it is in, or waits for while `waiting`. `attempt` is what
    events call pipeline-execution-attempt (CP-045). `variables` are by namespace, `variables` and
    `codepipeline` among them. A ROLLBACK has only the stage it began with (CP-048). One that ended
    while `waiting` never entered the stage.
    """

    id: UUID
    number: int
    version: int
    mode: Mode
    cause: Cause
    started: float
    updated: float
    status: RunStatus = RunStatus.IN_PROGRESS
    type: RunType = RunType.STANDARD
    target: UUID | None = None
    stage: int = 0
    waiting: bool = True
    attempt: int = 1
    stopping: Stopping | None = None
    reason: str = ""
    cancelled: bool = False
    summary: str = ""
    stages: Mapping[str, StageRun] = EMPTY
    artifacts: Mapping[str, Artifact] = EMPTY
    variables: Mapping[str, Mapping[str, str]] = EMPTY
    revisions: Mapping[str, Revision] = EMPTY
    overrides: tuple[Override, ...] = ()


class Gate(NamedTuple):
    """The transition into a stage (CP-050)."""

    enabled: bool = True
    reason: str = ""
    by: str = ""
    changed: float = 0.0


class StageState(NamedTuple):
    """What a stage remembers beside its runs. `holder` is in it and keeps others out; in PARALLEL
    there is none. `waiting` are those at its gate, the first first. `latest` entered last,
    `succeeded` is the last STANDARD run that succeeded in it."""

    gate: Gate = Gate()
    holder: UUID | None = None
    waiting: tuple[UUID, ...] = ()
    latest: UUID | None = None
    succeeded: UUID | None = None


class State(NamedTuple):
    """`definitions` are by version: the current one, and those of the runs that are here. `stages`
    are of the current version, by name; `number` is that of the last run that began."""

    version: int
    definitions: Mapping[int, Pipeline]
    stages: Mapping[str, StageState]
    runs: Mapping[UUID, Run]
    number: int = 0


# What happens to a pipeline: the events that a decision is asked about.


class Begin(NamedTuple):
    """A run is to begin: `id` is its pipelineExecutionId, `variables` those that were given."""

    id: UUID
    cause: Cause
    variables: Mapping[str, str] = EMPTY
    overrides: tuple[Override, ...] = ()


class Succeeded(NamedTuple):
    """How an action ended well. `artifacts` by name; `variables` are its output variables."""

    artifacts: Mapping[str, Artifact] = EMPTY
    variables: Mapping[str, str] = EMPTY
    revision: Revision | None = None


class Failed(NamedTuple):
    """How an action ended badly; `code` is of the API's FailureType (JobFailed, …)."""

    code: str
    message: str


class ActionEnded(NamedTuple):
    """An action's execution, or a rule's, has ended: the one door for all outcomes."""

    run: UUID
    id: UUID
    outcome: Succeeded | Failed


class Stop(NamedTuple):
    run: UUID
    how: Stopping
    reason: str = ""


class Retry(NamedTuple):
    run: UUID
    stage: str
    mode: str


class RollBack(NamedTuple):
    """`id` is the new run's; `target` is the run to go back to, whose stages may be long ago."""

    id: UUID
    stage: str
    target: Run
    cause: Cause


class OverrideCondition(NamedTuple):
    run: UUID
    stage: str
    kind: ConditionKind


class SetGate(NamedTuple):
    stage: str
    gate: Gate


class Redefine(NamedTuple):
    """The pipeline has a new version."""

    version: int
    pipeline: Pipeline


Event = Begin | ActionEnded | Stop | Retry | RollBack | OverrideCondition | SetGate | Redefine


# What is to be done about it.


class StartAction(NamedTuple):
    """An action is to be started, once: `id` is its actionExecutionId, the same however often this
    is decided. `configuration` is resolved (CP-090)."""

    run: UUID
    id: UUID
    stage: str
    action: str
    configuration: Mapping[str, str]


class StartRule(NamedTuple):
    """A rule of a condition is to be checked; as StartAction."""

    run: UUID
    id: UUID
    stage: str
    kind: ConditionKind
    rule: str
    configuration: Mapping[str, str]


class EndedAction(NamedTuple):
    """An action's or a rule's execution has ended, for its own record; `failure` says why.

    One whose variables cannot be resolved (CP-093) ends without having been started: there is no
    StartAction. `action` is the rule's name where `kind` is that of its condition.
    """

    run: UUID
    id: UUID
    status: ActionStatus
    failure: Failed | None = None
    stage: str = ""
    action: str = ""
    kind: ConditionKind | None = None


class Told(NamedTuple):
    """A state change that EventBridge is told of (CP-170…173). `stage` and `action` are "" where it
    is about the whole of them; `state` is in the events' spelling (STARTED, CANCELED, …), `attempt`
    the run's when this happened."""

    run: UUID
    state: str
    stage: str = ""
    action: str = ""
    failure: Failed | None = None
    attempt: int = 1


Effect = StartAction | StartRule | EndedAction | Told


class Decision(NamedTuple):
    """`effects` in the order in which they came to be."""

    state: State
    effects: tuple[Effect, ...]
