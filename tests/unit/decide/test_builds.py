"""The decider of builds against the reference's rows, and against random histories."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.decide.builds import (
    COMMAND_PHASES,
    ORDER,
    Cut,
    Done,
    Enter,
    Finish,
    Leave,
    Move,
    Retry,
    Run,
    Work,
    command_context,
    next_move,
    record,
)
from penstock.documents.buildspec import Buildspec, Command, FailureAction, OnFailure, Phase
from penstock.state.builds import PhaseContext, PhaseType, Progress, Status

ALL_PHASES = [phase.value for phase in ORDER]
FINALIZED = ["FINALIZING", "COMPLETED"]


def phase(name: str, *texts: str, finally_: Sequence[str] = (), policy: str = "") -> Phase:
    """A phase of commands; `policy` is an on-failure such as ABORT or RETRY-2-pattern."""
    on_failure = None
    if policy:
        action, _, rest = policy.partition("-")
        retries, _, pattern = rest.partition("-")
        on_failure = OnFailure(FailureAction(action), int(retries or 0), pattern or ".*")
    commands = tuple(Command(text) for text in texts)
    return Phase(name, commands, tuple(Command(text) for text in finally_), on_failure=on_failure)


def spec(*phases: Phase) -> Buildspec:
    return Buildspec("0.2", phases)


class History:
    """Plays a build: a command fails when its text starts with `fail`, and counts its uses."""

    def __init__(self, buildspec: Buildspec, failing_work: PhaseType | None = None) -> None:
        self.ran: list[str] = []
        self.moves: list[Move] = []
        self.progress = Progress()
        now = 0.0
        while True:
            move = next_move(buildspec, self.progress)
            self.moves.append(move)
            if isinstance(move, Finish):
                self.status = move.status
                return
            event = Done(self._outcome(move, failing_work))
            now += 1
            self.progress = record(buildspec, self.progress, move, event, now)

    def _outcome(self, move: Move, failing_work: PhaseType | None) -> PhaseContext:
        if isinstance(move, Work) and move.phase is failing_work:
            return PhaseContext("CLIENT_ERROR", "no")
        if not isinstance(move, Run):
            return PhaseContext()
        text = move.command.text
        self.ran.append(text)
        uses = self.ran.count(text)
        fails = text.startswith("fail") or (text.startswith("flaky") and uses < int(text[-1]))
        return command_context(text, 1 if fails else 0)

    @property
    def phases(self) -> list[str]:
        return [record.phase.value for record in self.progress.records]

    @property
    def statuses(self) -> dict[str, str]:
        return {record.phase.value: record.status.value for record in self.progress.records}


def test_phases_absent_from_the_buildspec_are_entered_and_succeed() -> None:
    """CB-035, CB-036"""
    played = History(spec(phase("build", "a")))
    assert played.phases == ALL_PHASES
    assert set(played.statuses.values()) == {"SUCCEEDED"}
    assert played.status is Status.SUCCEEDED


@pytest.mark.parametrize("failing", ["install", "pre_build"])
def test_a_failed_install_or_pre_build_ends_the_build(failing: str) -> None:
    """CB-037"""
    played = History(spec(phase(failing, "fail"), phase("build", "b"), phase("post_build", "p")))
    assert played.ran == ["fail"]
    assert played.phases[-2:] == FINALIZED
    assert "UPLOAD_ARTIFACTS" not in played.phases
    assert played.status is Status.FAILED


def test_post_build_and_upload_follow_a_failed_build() -> None:
    """CB-038"""
    played = History(spec(phase("build", "fail", "b"), phase("post_build", "p")))
    assert played.ran == ["fail", "p"]
    assert played.statuses["UPLOAD_ARTIFACTS"] == "SUCCEEDED"
    assert played.status is Status.FAILED


def test_upload_follows_a_failed_post_build_and_both_may_fail() -> None:
    """CB-039"""
    played = History(spec(phase("post_build", "fail")), PhaseType.UPLOAD_ARTIFACTS)
    assert played.statuses["POST_BUILD"] == played.statuses["UPLOAD_ARTIFACTS"] == "FAILED"
    assert played.status is Status.FAILED


def test_a_failed_download_runs_no_command() -> None:
    """CB-003, CB-012"""
    played = History(spec(phase("install", "a")), PhaseType.DOWNLOAD_SOURCE)
    assert played.ran == []
    assert played.phases == ["DOWNLOAD_SOURCE", *FINALIZED]


def test_the_first_failure_skips_the_rest_of_its_list() -> None:
    """CB-025"""
    assert History(spec(phase("build", "a", "fail", "c"))).ran == ["a", "fail"]


@pytest.mark.parametrize(
    ("commands", "finally_", "ran", "status"),
    [
        (["a"], ["f"], ["a", "f"], "SUCCEEDED"),
        (["fail", "b"], ["f", "g"], ["fail", "f", "g"], "FAILED"),
        (["a"], ["fail", "g"], ["a", "fail"], "FAILED"),
        (["fail"], ["fail2"], ["fail", "fail2"], "FAILED"),
        ([], ["f"], ["f"], "SUCCEEDED"),
    ],
)
def test_finally_runs_whatever_happened_and_counts(
    commands: list[str], finally_: list[str], ran: list[str], status: str
) -> None:
    """CB-030"""
    played = History(spec(phase("build", *commands, finally_=finally_)))
    assert played.ran == ran
    assert played.statuses["BUILD"] == status


def test_a_failed_commands_context_names_it_and_its_status() -> None:
    """CB-042"""
    context = command_context("npm test", 7)
    assert context.code == "COMMAND_EXECUTION_ERROR"
    assert context.message == "Error while executing command: npm test. Reason: exit status 7"


def test_the_first_failure_of_a_phase_is_its_context() -> None:
    """CB-041, CB-042"""
    played = History(spec(phase("build", "fail", finally_=["fail2"])))
    records = {record.phase: record for record in played.progress.records}
    assert "command: fail." in records[PhaseType.BUILD].context.message


def test_succeeding_turns_false_with_the_first_failure() -> None:
    """CB-040"""
    buildspec = spec(phase("build", "fail"))
    progress = Progress()
    seen = []
    while not isinstance(move := next_move(buildspec, progress), Finish):
        context = command_context("fail", 1) if isinstance(move, Run) else PhaseContext()
        progress = record(buildspec, progress, move, Done(context), 0)
        seen.append((type(move).__name__, progress.succeeding))
    first_false = next(index for index, (_, well) in enumerate(seen) if not well)
    assert seen[first_false][0] == "Run"
    assert not any(well for _, well in seen[first_false:])


def test_abort_ends_the_build_without_post_build_or_artifacts() -> None:
    """CB-043"""
    played = History(spec(phase("build", "fail", policy="ABORT"), phase("post_build", "p")))
    assert played.ran == ["fail"]
    assert played.phases[-3:] == ["BUILD", *FINALIZED]


def test_continue_goes_to_the_next_phase_and_the_build_still_fails() -> None:
    """CB-043"""
    played = History(spec(phase("pre_build", "fail", policy="CONTINUE"), phase("build", "b")))
    assert played.ran == ["fail", "b"]
    assert played.status is Status.FAILED


@pytest.mark.parametrize(
    ("text", "policy", "uses", "status"),
    [
        ("flaky3", "RETRY-3", 3, Status.SUCCEEDED),
        ("flaky3", "RETRY-1", 2, Status.FAILED),
        ("flaky2", "RETRY-0", 1, Status.FAILED),
        ("flaky2", "RETRY-3-.*flaky2.*", 2, Status.SUCCEEDED),
        ("flaky2", "RETRY-3-connection reset", 1, Status.FAILED),
        ("fail", "RETRY-2", 3, Status.FAILED),
    ],
)
def test_retry_runs_the_phase_again_where_the_message_matches(
    text: str, policy: str, uses: int, status: Status
) -> None:
    """CB-044"""
    played = History(spec(phase("build", "a", text, finally_=["f"], policy=policy)))
    assert played.ran.count(text) == played.ran.count("a") == played.ran.count("f") == uses
    assert played.status is status


@pytest.mark.parametrize("status", [Status.STOPPED, Status.TIMED_OUT, Status.FAULT])
def test_a_build_cut_short_only_completes(status: Status) -> None:
    """CB-136, CB-133"""
    buildspec = spec(phase("build", "a", finally_=["f"]), phase("post_build", "p"))
    progress = Progress()
    while not isinstance(move := next_move(buildspec, progress), Run):
        progress = record(buildspec, progress, move, Done(PhaseContext()), 0)
    progress = record(buildspec, progress, move, Cut(status, PhaseContext()), 1)
    moves = []
    while not isinstance(move := next_move(buildspec, progress), Finish):
        moves.append(move)
        progress = record(buildspec, progress, move, Done(PhaseContext()), 2)
    assert [type(one) for one in moves] == [Enter, Work, Leave]
    assert move.status is status
    assert [r.status for r in progress.records if r.phase is PhaseType.BUILD] == [status]


TEXTS = st.sampled_from(["a", "b", "fail", "fail2", "flaky2", "flaky3"])
POLICIES = st.sampled_from(["", "ABORT", "CONTINUE", "RETRY-2", "RETRY-1-flaky"])
PHASES = st.builds(
    lambda name, texts, last, policy: phase(name, *texts, finally_=last, policy=policy),
    st.just(""),
    st.lists(TEXTS, max_size=4),
    st.lists(TEXTS, max_size=2),
    POLICIES,
)
SPECS = st.tuples(PHASES, PHASES, PHASES, PHASES).map(
    lambda made: spec(
        *(one._replace(name=name) for one, name in zip(made, COMMAND_PHASES.values(), strict=True))
    )
)


@given(SPECS, st.sampled_from([None, PhaseType.DOWNLOAD_SOURCE, PhaseType.UPLOAD_ARTIFACTS]))
def test_every_history_ends_once_and_in_order(
    buildspec: Buildspec, failing: PhaseType | None
) -> None:
    """Every phase is entered at most once and in the one order; each is left, with a status; the
    build is green exactly when all were; nothing runs after the end of its phase's list failed."""
    played = History(buildspec, failing)
    places = [ALL_PHASES.index(name) for name in played.phases]
    assert places == sorted(set(places))
    assert played.phases[-1] == "COMPLETED"
    assert all(record.ended is not None for record in played.progress.records)
    green = set(played.statuses.values()) == {"SUCCEEDED"}
    assert (played.status is Status.SUCCEEDED) is green


@given(SPECS)
def test_a_phase_without_retry_runs_each_command_at_most_once(buildspec: Buildspec) -> None:
    """CB-025, CB-030: within a phase commands come in order, and `finally` after all of them."""
    played = History(buildspec)
    for definition in buildspec.phases:
        ran = [
            move.command
            for move in played.moves
            if isinstance(move, Run) and COMMAND_PHASES[move.phase] == definition.name
        ]
        retries = sum(
            isinstance(move, Retry) and COMMAND_PHASES[move.phase] == definition.name
            for move in played.moves
        )
        whole = len(definition.commands) + len(definition.finally_)
        assert len(ran) <= whole * (retries + 1)


@given(SPECS, st.integers(min_value=0, max_value=30))
def test_a_history_cut_anywhere_runs_nothing_more(buildspec: Buildspec, cut_at: int) -> None:
    """After a stop no command runs and the build has the stop's status (CB-136)."""
    progress = Progress()
    for _ in range(cut_at):
        move = next_move(buildspec, progress)
        if isinstance(move, Finish) or move == Enter(PhaseType.COMPLETED):
            return
        progress = record(buildspec, progress, move, Done(PhaseContext()), 0)
    move = next_move(buildspec, progress)
    if progress.running is None or progress.running.phase is PhaseType.COMPLETED:
        return
    progress = record(buildspec, progress, move, Cut(Status.STOPPED, PhaseContext()), 1)
    while not isinstance(move := next_move(buildspec, progress), Finish):
        assert not isinstance(move, Run | Retry)
        progress = record(buildspec, progress, move, Done(PhaseContext()), 1)
    assert move.status is Status.STOPPED
