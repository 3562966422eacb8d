from __future__ import annotations

import json
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from penstock.documents.pipelines import Mode
from penstock.state.pipelines import (
    ActionRun,
    ActionStatus,
    Artifact,
    Cause,
    ConditionKind,
    ConditionRun,
    ConditionStatus,
    Gate,
    Override,
    Revision,
    Run,
    RunStatus,
    RunType,
    StageRun,
    StageState,
    StageStatus,
    Stopping,
)
from penstock.state.plain_records import plain, record_of

text, number, time = st.text(max_size=3), st.integers(0, 9), st.floats(0, 4e9)
ended = st.none() | time


def by_name(values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(text, values, max_size=2)


actions = by_name(st.builds(ActionRun, st.uuids(), st.sampled_from(ActionStatus), time, ended))
checks = st.dictionaries(
    st.sampled_from(ConditionKind),
    st.builds(ConditionRun, st.sampled_from(ConditionStatus), time, actions, ended),
    max_size=1,
)
stages = st.builds(
    StageRun, st.sampled_from(StageStatus), time, number, number, number, actions, checks, ended
)
runs = st.builds(
    Run,
    st.uuids(),
    number,
    number,
    st.sampled_from(Mode),
    st.builds(Cause, text, text),
    time,
    time,
    status=st.sampled_from(RunStatus),
    type=st.sampled_from(RunType),
    target=st.none() | st.uuids(),
    waiting=st.booleans(),
    stopping=st.none() | st.sampled_from(Stopping),
    stages=by_name(stages),
    artifacts=by_name(st.builds(Artifact, text, text, text)),
    variables=by_name(by_name(text)),
    revisions=by_name(st.builds(Revision, text)),
    overrides=st.lists(st.builds(Override, text, text, text), max_size=2).map(tuple),
)
remembered = st.builds(
    StageState,
    st.builds(Gate, st.booleans(), text, text, time),
    st.none() | st.uuids(),
    st.lists(st.uuids(), max_size=2).map(tuple),
    st.none() | st.uuids(),
)


class Young(NamedTuple):
    name: str


class Grown(NamedTuple):
    name: str
    children: tuple[Young, ...] = ()
    by: UUID | None = None


@given(runs)
def test_a_run_comes_back_from_json_as_it_was(run: Run) -> None:
    assert record_of(Run, json.loads(json.dumps(plain(run)))) == run


@given(remembered)
def test_what_a_stage_remembers_comes_back_from_json_as_it_was(stage: StageState) -> None:
    assert record_of(StageState, json.loads(json.dumps(plain(stage)))) == stage


def test_what_has_its_default_is_left_out() -> None:
    assert plain(Grown("a")) == {"name": "a"}


def test_a_row_of_before_or_after_is_read() -> None:
    assert record_of(Grown, plain(Young("a"))) == Grown("a")
    assert record_of(Young, {"name": "a", "by": "whom"}) == Young("a")
