"""Signals and answers, from texts to outcomes."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.errors import AwsError
from penstock.flow.signal_answers import outcome_of_answer, outcome_of_wait, read_signal
from penstock.state.stacks import Made, NotMade
from penstock.store.signals import Signal, Wait

WAIT = Wait(UUID(int=1), "there", 2)
EXPECTED = {"StackId": "s", "RequestId": "r", "LogicalResourceId": "l"}
NO_SIGNALS = [b"", b"null", b"[]", b"{", b"\xff", b'{"Status":"SUCCESS","UniqueId":""}',
              b'{"Status":"SUCCESS","UniqueId":1}', b'{"UniqueId":"a"}']  # fmt: skip


def answer(expected: dict[str, Any] = EXPECTED, **members: Any) -> Made | NotMade:
    return outcome_of_answer(expected, json.dumps(members).encode())


@pytest.mark.parametrize("body", NO_SIGNALS)
def test_what_is_no_signal_is_refused(body: bytes) -> None:
    with pytest.raises(AwsError, match="The signal is malformed"):
        read_signal(body)


def test_data_that_is_no_text_is_kept_as_json() -> None:
    found = read_signal(b'{"Status":"SUCCESS","UniqueId":"a","Data":{"b":1}}')
    assert found == Signal("a", "SUCCESS", "", '{"b":1}')


@given(st.lists(st.sampled_from(["SUCCESS", "FAILURE"]), max_size=6))
def test_a_wait_ends_at_the_first_failure_or_with_enough_signals(statuses: list[str]) -> None:
    signals = [Signal(str(number), status) for number, status in enumerate(statuses)]
    outcome = outcome_of_wait(WAIT, signals)
    if "FAILURE" in statuses:
        assert isinstance(outcome, NotMade)
        assert outcome.reason.endswith(f"uniqueId: {statuses.index('FAILURE')}")
    elif len(statuses) < WAIT.signals:
        assert outcome is None
    else:
        assert isinstance(outcome, Made)
        assert list(json.loads(outcome.attributes["Data"])) == [one.unique_id for one in signals]


def test_an_update_may_leave_the_id_out() -> None:
    there = {**EXPECTED, "PhysicalResourceId": "p"}
    assert answer(there, Status="SUCCESS") == Made("p", {})
    assert answer(there, Status="SUCCESS", PhysicalResourceId="q") == Made("q", {})
    failed = answer(there, Status="FAILED", Reason={"a": 1})
    assert isinstance(failed, NotMade)
    assert (failed.physical_id, '{"a":1}' in failed.reason) == ("p", True)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"Status": "OK"},
        {"Status": "SUCCESS", "StackId": "another"},
        {"Status": "SUCCESS", "PhysicalResourceId": 3},
    ],
)
def test_what_is_no_answer_leaves_it_waiting(members: dict[str, Any]) -> None:
    with pytest.raises(AwsError):
        answer(**members)


def test_data_must_be_an_object() -> None:
    outcome = answer(Status="SUCCESS", PhysicalResourceId="p", Data=["a"])
    assert outcome == NotMade("Invalid Data in the response of the custom resource", "")
