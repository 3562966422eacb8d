"""How a stack is created, in the words and the order of CloudFormation."""

from __future__ import annotations

import pytest

from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    Alarmed,
    Baked,
    Bakes,
    Create,
    Ended,
    OperationKind,
    Review,
    TaskEnded,
    TimeOver,
)
from penstock.state.stacks import Definition, Kind, Made

from .engine_world import Stack, wanted


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_independent_resources_are_made_at_once_and_others_after_them(stack: Stack) -> None:
    """TG-117"""
    stack.create(A=wanted(), B=wanted(), C=wanted("A", "B"))
    assert stack.under_way() == {"A": "create", "B": "create"}
    stack.make("A")
    assert stack.under_way() == {"B": "create"}
    stack.make("B")
    assert stack.doing("C").task.properties == {"Refs": ["a-1", "b-2"]}


def test_events_come_in_the_order_of_cloudformation(stack: Stack) -> None:
    """TG-106"""
    stack.create(A=wanted())
    stack.make("A")
    assert stack.told == [
        ("", "CREATE_IN_PROGRESS", "User Initiated"),
        ("A", "CREATE_IN_PROGRESS", ""),
        ("A", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "CREATE_COMPLETE", ""),
        ("", "CREATE_COMPLETE", ""),
    ]
    assert stack.ends == [Ended(OperationKind.CREATE)]


@pytest.mark.parametrize("kind", [Kind.SANDBOX, Kind.RECORDED])
def test_what_is_not_real_is_told_as_such(stack: Stack, kind: Kind) -> None:
    stack.create(A=wanted())
    stack.make("A", kind=kind)
    assert ("A", "CREATE_IN_PROGRESS", f"[{kind}] Resource creation Initiated") in stack.told
    assert stack.state.resources["A"].kind is kind


def test_what_waits_is_initiated_once(stack: Stack) -> None:
    """TG-106"""
    stack.create(A=wanted())
    stack.initiate("A")
    stack.make("A")
    assert [reason for _, _, reason in stack.told].count("Resource creation Initiated") == 1
    assert stack.state.resources["A"].physical_id == "a-1"


def test_a_stack_without_resources_is_complete_at_once(stack: Stack) -> None:
    stack.create()
    assert stack.status == "CREATE_COMPLETE"


def test_siblings_of_a_failure_are_cancelled_and_waited_for(stack: Stack) -> None:
    """TG-105"""
    stack.create(A=wanted(), B=wanted(), C=wanted("A"))
    stack.fail("A", "no luck")
    assert stack.status == "CREATE_IN_PROGRESS"
    assert stack.told[-2:] == [
        ("A", "CREATE_FAILED", "no luck"),
        ("B", "CREATE_FAILED", "Resource creation cancelled"),
    ]
    stack.make("B")
    told = "The following resource(s) failed to create: [A, B]. Rollback requested by user."
    assert ("", "ROLLBACK_IN_PROGRESS", told) in stack.told
    assert stack.under_way() == {"B": "delete"}
    stack.finish()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert not stack.world
    why = "The following resource(s) failed to create: [A, B]. "
    assert stack.ends == [Ended(OperationKind.CREATE, why)]


def test_a_sibling_that_only_waits_is_not_waited_for(stack: Stack) -> None:
    stack.create(A=wanted(), B=wanted())
    stack.initiate("B")
    waiting = stack.doing("B").task.id
    stack.fail("A")
    assert stack.under_way() == {"B": "delete"}
    stack.happen(TaskEnded(waiting, Made("too late")))
    stack.finish()
    assert not stack.world


def test_one_that_begins_to_wait_when_it_is_cancelled_is_not_waited_for(stack: Stack) -> None:
    stack.create(A=wanted(), B=wanted())
    stack.fail("A")
    stack.initiate("B")
    stack.finish()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert not stack.world


def test_the_half_of_what_failed_is_deleted(stack: Stack) -> None:
    stack.create(A=wanted())
    stack.fail("A", half=True)
    stack.finish()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert not stack.world


def test_rolling_back_deletes_in_the_reverse_order(stack: Stack) -> None:
    """TG-105"""
    stack.create(A=wanted(), B=wanted("A"), C=wanted("B"))
    stack.make("A", "B")
    stack.fail("C")
    assert stack.under_way() == {"B": "delete"}
    stack.make("B")
    assert stack.under_way() == {"A": "delete"}
    stack.fail("A", "in use")
    assert stack.status == "ROLLBACK_FAILED"
    assert stack.told[-1][2] == "The following resource(s) failed to delete: [A]. "


@pytest.mark.parametrize(
    ("on_failure", "status", "reason"),
    [
        (OnFailure.DO_NOTHING, "CREATE_FAILED", ""),
        (OnFailure.DELETE, "DELETE_IN_PROGRESS", "Delete requested by user."),
        (OnFailure.ROLLBACK, "ROLLBACK_IN_PROGRESS", "Rollback requested by user."),
    ],
)
def test_a_failure_does_what_was_asked_for(
    stack: Stack, on_failure: OnFailure, status: str, reason: str
) -> None:
    """TG-119"""
    stack.create(on_failure, A=wanted(), B=wanted("A"))
    stack.make("A")
    stack.fail("B")
    told = f"The following resource(s) failed to create: [B]. {reason}"
    assert ("", status, told) in stack.told


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("Delete", "DELETE_COMPLETE"),
        ("Retain", "DELETE_SKIPPED"),
        ("RetainExceptOnCreate", "DELETE_COMPLETE"),
    ],
)
def test_policies_when_a_create_is_rolled_back(stack: Stack, policy: str, status: str) -> None:
    """TG-118"""
    stack.create(A=wanted(deletion_policy=policy), B=wanted("A"))
    stack.make("A")
    stack.fail("B")
    stack.finish()
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.statuses()["A"] == status


def test_what_refers_to_what_is_not_there_fails(stack: Stack) -> None:
    resources = {"A": wanted(), "B": wanted("A", X={"Fn::GetAtt": ["A", "Nothing"]})}
    stack.create(**resources)
    stack.make("A")
    (failed,) = [one for one in stack.told if one[:2] == ("B", "CREATE_FAILED")]
    assert failed[2] == (
        "Template error: resource A does not support attribute type Nothing in Fn::GetAtt"
    )


def test_what_is_made_is_watched_for_some_time_before_it_is_a_success(stack: Stack) -> None:
    """TG-119"""
    stack.happen(Create(stack.id(), Definition({"A": wanted()}), bakes=True))
    stack.happen(Baked())
    stack.make("A")
    assert stack.decisions[-1][2].effects[-1] == Bakes()
    assert stack.status == "CREATE_IN_PROGRESS"
    stack.happen(Baked())
    assert stack.status == "CREATE_COMPLETE"


def test_an_alarm_rolls_back_what_is_made_and_what_is_watched(stack: Stack) -> None:
    """TG-119"""
    stack.happen(Create(stack.id(), Definition({"A": wanted()}), bakes=True))
    stack.make("A")
    stack.happen(Alarmed("smoke"))
    assert ("", "ROLLBACK_IN_PROGRESS", "smoke. Rollback requested by user.") in stack.told
    stack.finish()
    assert not stack.world
    before = stack.state
    stack.happen(Alarmed("late"))
    assert stack.state is before


def test_a_create_that_takes_too_long(stack: Stack) -> None:
    stack.create(A=wanted())
    stack.happen(TimeOver())
    assert ("A", "CREATE_FAILED", "Resource creation cancelled") in stack.told
    stack.make("A")
    told = "Stack creation time exceeded the specified timeout. Rollback requested by user."
    assert ("", "ROLLBACK_IN_PROGRESS", told) in stack.told


def test_a_stack_in_review_becomes_one(stack: Stack) -> None:
    """TG-105"""
    stack.happen(Review())
    assert stack.told == [("", "REVIEW_IN_PROGRESS", "User Initiated")]
    stack.create(A=wanted())
    assert stack.status == "CREATE_IN_PROGRESS"


def test_a_problem_fails_it_before_anything_is_made(stack: Stack) -> None:
    """TG-120"""
    definition = Definition({"A": wanted()})
    stack.happen(Create(stack.id(), definition, problem="No export named X found."))
    told = "No export named X found. Rollback requested by user."
    assert ("", "ROLLBACK_IN_PROGRESS", told) in stack.told
    assert stack.status == "ROLLBACK_COMPLETE"
