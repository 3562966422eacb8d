"""What a build does next, and how it ends (CB-025…044).

`next_move` reads a buildspec and a progress and names one move; whoever performs it tells
`record`, which returns the new progress; and so on until `Finish`. A build that performs nothing
by commands (another phase than the four of the buildspec) is one `Work` move.

| the phase ended | what comes next |
| --- | --- |
| SUCCEEDED | the phase after it |
| FAILED, on-failure ABORT | FINALIZING: "abort the build", so neither POST_BUILD nor artifacts |
| FAILED, on-failure CONTINUE | the phase after it; the build still ends FAILED |
| FAILED, on-failure RETRY | the phase again, from its first command; then as if nothing was said |
| FAILED, nothing said | INSTALL, PRE_BUILD: FINALIZING; BUILD, POST_BUILD: the phase after it |
| TIMED_OUT, STOPPED, FAULT | COMPLETED (CB-136) |

AWS leaves open whether CONTINUE saves the build's status and what RETRY repeats. Here a build in
which a phase failed is never green, and a phase is what is retried.
"""

import re
from typing import NamedTuple

from penstock.documents.buildspec import Buildspec, Command, FailureAction, OnFailure, Phase
from penstock.state.builds import (
    Block,
    PhaseContext,
    PhaseRecord,
    PhaseType,
    Progress,
    Status,
)

ORDER = (
    PhaseType.DOWNLOAD_SOURCE,
    PhaseType.INSTALL,
    PhaseType.PRE_BUILD,
    PhaseType.BUILD,
    PhaseType.POST_BUILD,
    PhaseType.UPLOAD_ARTIFACTS,
    PhaseType.FINALIZING,
    PhaseType.COMPLETED,
)
COMMAND_PHASES = {
    PhaseType.INSTALL: "install",
    PhaseType.PRE_BUILD: "pre_build",
    PhaseType.BUILD: "build",
    PhaseType.POST_BUILD: "post_build",
}
AFTER_FAILURE = {
    PhaseType.DOWNLOAD_SOURCE: PhaseType.FINALIZING,
    PhaseType.INSTALL: PhaseType.FINALIZING,
    PhaseType.PRE_BUILD: PhaseType.FINALIZING,
    PhaseType.BUILD: PhaseType.POST_BUILD,
    PhaseType.POST_BUILD: PhaseType.UPLOAD_ARTIFACTS,
    PhaseType.UPLOAD_ARTIFACTS: PhaseType.FINALIZING,
    PhaseType.FINALIZING: PhaseType.COMPLETED,
}


class Enter(NamedTuple):
    """Enter a phase."""

    phase: PhaseType


class Run(NamedTuple):
    """Run a command, as a user where run-as names one."""

    phase: PhaseType
    command: Command
    run_as: str | None


class Work(NamedTuple):
    """Do the agent's own work of a phase: fetch the source, upload the artifacts, tidy up."""

    phase: PhaseType


class Retry(NamedTuple):
    """Run the phase again from its first command."""

    phase: PhaseType
    attempt: int
    of: int


class Leave(NamedTuple):
    """Leave a phase."""

    phase: PhaseType
    status: Status
    context: PhaseContext


class Finish(NamedTuple):
    """Nothing is left to do."""

    status: Status


Move = Enter | Run | Work | Retry | Leave | Finish


class Done(NamedTuple):
    """A command (by its exit status) or a phase's own work has ended; an empty context is well."""

    context: PhaseContext


class Cut(NamedTuple):
    """The build was cut short: TIMED_OUT, STOPPED, or FAULT when Penstock itself failed."""

    status: Status
    context: PhaseContext


def command_context(text: str, exit_status: int) -> PhaseContext:
    """What CodeBuild says of a command's end (CB-042); empty for exit status 0."""
    if exit_status == 0:
        return PhaseContext()
    message = f"Error while executing command: {text}. Reason: exit status {exit_status}"
    return PhaseContext("COMMAND_EXECUTION_ERROR", message)


def next_move(spec: Buildspec, progress: Progress) -> Move:
    """The one thing to do now."""
    running = progress.running
    if running is None:
        return _between_phases(spec, progress)
    if running.phase not in COMMAND_PHASES:
        if progress.done == 0:
            return Work(running.phase)
        return _leave(running.phase, progress)
    return _within_phase(spec, progress, running.phase)


def _between_phases(spec: Buildspec, progress: Progress) -> Move:
    if not progress.records:
        return Enter(ORDER[0])
    last = progress.records[-1]
    if last.phase is PhaseType.COMPLETED:
        return Finish(final_status(progress))
    return Enter(_successor(spec, last))


def _successor(spec: Buildspec, last: PhaseRecord) -> PhaseType:
    following = ORDER[ORDER.index(last.phase) + 1]
    if last.status is Status.SUCCEEDED:
        return following
    if last.status is not Status.FAILED:
        return PhaseType.COMPLETED
    policy = _policy(spec, last.phase)
    if policy is not None and policy.action is FailureAction.ABORT:
        return PhaseType.FINALIZING
    if policy is not None and policy.action is FailureAction.CONTINUE:
        return following
    return AFTER_FAILURE[last.phase]


def _within_phase(spec: Buildspec, progress: Progress, phase: PhaseType) -> Move:
    definition = spec.phase(COMMAND_PHASES[phase])
    command = _next_command(definition, progress)
    if command is not None:
        return Run(phase, command, definition.run_as or spec.run_as)
    policy = definition.on_failure
    if policy is not None and _to_be_retried(policy, progress):
        return Retry(phase, progress.attempt + 1, policy.retries)
    return _leave(phase, progress)


def _next_command(definition: Phase, progress: Progress) -> Command | None:
    """The first failure skips the rest of its list; `finally` runs whatever happened (CB-030)."""
    if progress.block is Block.COMMANDS and progress.done < len(definition.commands):
        return definition.commands[progress.done]
    index = 0 if progress.block is Block.COMMANDS else progress.done
    return definition.finally_[index] if index < len(definition.finally_) else None


def _to_be_retried(policy: OnFailure, progress: Progress) -> bool:
    return (
        policy.action is FailureAction.RETRY
        and bool(progress.context.code)
        and progress.attempt < policy.retries
        and re.search(policy.pattern, progress.context.message) is not None
    )


def _leave(phase: PhaseType, progress: Progress) -> Leave:
    status = Status.FAILED if progress.context.code else Status.SUCCEEDED
    return Leave(phase, status, progress.context)


def _policy(spec: Buildspec, phase: PhaseType) -> OnFailure | None:
    name = COMMAND_PHASES.get(phase)
    return spec.phase(name).on_failure if name else None


def final_status(progress: Progress) -> Status:
    """The build's status, from its phases: the first that did not succeed decides."""
    for record in progress.records:
        if record.status not in (Status.SUCCEEDED, Status.IN_PROGRESS):
            return record.status
    return Status.SUCCEEDED


def record(
    spec: Buildspec, progress: Progress, move: Move, event: Done | Cut, now: float
) -> Progress:
    """The progress after `move` was performed with the outcome `event`, at `now` (seconds)."""
    if isinstance(event, Cut):
        return _left(progress, event.status, event.context, now)
    match move:
        case Enter(phase):
            return Progress((*progress.records, PhaseRecord(phase, now)))
        case Run(phase):
            return _command_ended(spec.phase(COMMAND_PHASES[phase]), progress, event)
        case Work():
            return progress._replace(done=1, context=event.context)
        case Retry(_, attempt):
            return Progress(progress.records, attempt=attempt)
        case Leave(_, status, context):
            return _left(progress, status, context, now)
    return progress


def _command_ended(definition: Phase, progress: Progress, event: Done) -> Progress:
    block, done = progress.block, progress.done
    if block is Block.COMMANDS and done >= len(definition.commands):
        block, done = Block.FINALLY, 0  # the command was the first of `finally`
    done += 1
    if event.context.code:
        done = len(definition.commands if block is Block.COMMANDS else definition.finally_)
    context = progress.context if progress.context.code else event.context
    return progress._replace(block=block, done=done, context=context)


def _left(progress: Progress, status: Status, context: PhaseContext, now: float) -> Progress:
    *earlier, running = progress.records
    ended = running._replace(ended=now, status=status, context=context)
    return Progress((*earlier, ended))
