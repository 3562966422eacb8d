"""How a stack is updated, in the words and the order of CloudFormation."""

from __future__ import annotations

import pytest

from penstock.errors import AwsError
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    CancelUpdate,
    ContinueRollback,
    Ended,
    OperationKind,
    RollBack,
)
from penstock.state.stacks import Kind

from .engine_world import ARN, Stack, made, wanted

NESTED = "AWS::CloudFormation::Stack"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


def test_what_does_not_change_is_no_event() -> None:
    """TG-107"""
    stack = made(A=wanted(P=1), B=wanted("A"))
    stack.update(A=wanted(P=2), B=wanted("A"))
    stack.finish()
    assert stack.told == [
        ("", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("A", "UPDATE_IN_PROGRESS", ""),
        ("A", "UPDATE_COMPLETE", ""),
        ("", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("", "UPDATE_COMPLETE", ""),
    ]
    assert stack.world["a-1"]["P"] == 2


def test_an_update_that_is_only_recorded_says_so() -> None:
    stack = Stack()
    stack.create(A=wanted(P=1))
    stack.make("A", kind=Kind.SANDBOX)
    stack.finish()
    stack.update(A=wanted(P=2))
    stack.make("A", kind=Kind.RECORDED)
    told = "[recorded] the sandbox has not taken this update"
    assert ("A", "UPDATE_COMPLETE", told) in stack.told


def test_a_replacement_moves_what_depends_on_it_and_then_removes_the_old() -> None:
    """TG-107"""
    stack = made(A=wanted(Fixed=1), B=wanted("A"))
    stack.update(A=wanted(Fixed=2), B=wanted("A"))
    stack.make("A")
    assert stack.world.keys() == {"a-1", "b-2", "a-3"}
    assert stack.doing("B").task.properties == {"Refs": ["a-3"]}
    stack.finish()
    assert stack.world == {"a-3": {"Fixed": 2, "Refs": []}, "b-2": {"Refs": ["a-3"]}}
    assert stack.told[1:4] == [
        ("A", "UPDATE_IN_PROGRESS", REPLACING),
        ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "UPDATE_COMPLETE", ""),
    ]
    assert stack.told[-3:] == [
        ("A", "DELETE_IN_PROGRESS", ""),
        ("A", "DELETE_COMPLETE", ""),
        ("", "UPDATE_COMPLETE", ""),
    ]


def test_an_update_that_makes_another_is_a_replacement() -> None:
    """Custom resources say so by their physical ids."""
    stack = made(A=wanted(P=1), B=wanted("A"))
    stack.update(A=wanted(P=2), B=wanted("A"))
    stack.do(stack.doing("A").task, anew=True)
    stack.finish()
    assert stack.world == {"a-3": {"P": 2, "Refs": []}, "b-2": {"Refs": ["a-3"]}}


@pytest.mark.parametrize(
    ("policies", "left"),
    [
        ({}, {"r-2"}),
        ({"update_replace_policy": "Retain"}, {"a-1", "r-2"}),
        ({"deletion_policy": "Retain"}, {"r-2"}),
    ],
)
def test_policies_of_what_is_replaced(policies: dict[str, str], left: set[str]) -> None:
    """TG-118"""
    stack = made(A=wanted(Fixed=1, **policies), R=wanted())
    stack.update(A=wanted(Fixed=2, **policies), R=wanted())
    stack.finish()
    assert set(stack.world) == left | {"a-3"}
    skipped = ("A", "DELETE_SKIPPED", "") in stack.told
    assert skipped == ("a-1" in left)


def test_policies_of_what_is_removed() -> None:
    """TG-118"""
    stack = made(A=wanted(deletion_policy="Retain"), B=wanted(), C=wanted("B"))
    stack.update()
    assert ("A", "DELETE_SKIPPED", "") in stack.told
    assert stack.under_way() == {"C": "delete"}
    stack.finish()
    assert set(stack.world) == {"a-1"}
    assert stack.statuses() == {}


def test_a_cleanup_does_not_fail_the_stack() -> None:
    """TG-107"""
    stack = made(A=wanted(), B=wanted("A"))
    stack.update()
    stack.fail("B")
    assert stack.under_way() == {"A": "delete"}
    stack.finish()
    assert stack.status == "UPDATE_COMPLETE"
    assert ("B", "DELETE_FAILED", "no") in stack.told


def test_metadata_is_changed_without_anybody_doing_anything() -> None:
    stack = made(A=wanted(metadata={"m": 1}))
    stack.update(A=wanted(metadata={"m": 2}))
    assert stack.status == "UPDATE_COMPLETE"
    assert stack.told[1:3] == [("A", "UPDATE_IN_PROGRESS", ""), ("A", "UPDATE_COMPLETE", "")]
    assert stack.state.resources["A"].metadata == {"m": 2}


def test_nested_stacks_are_always_looked_into() -> None:
    """TG-121"""
    stack = made(N=wanted(type=NESTED))
    stack.update(N=wanted(type=NESTED), A=wanted("N"))
    assert stack.under_way() == {"N": "update"}
    stack.make("N")
    stack.fail("A")
    assert stack.under_way() == {"N": "update"}
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_an_update_that_fails_goes_back_in_order() -> None:
    """TG-105"""
    stack = made(A=wanted(P=1), B=wanted("A", Fixed=1), C=wanted("B", P=1))
    world = dict(stack.world)
    stack.update(
        A=wanted(P=2), B=wanted("A", Fixed=2), C=wanted("B", P=2), D=wanted(), X=wanted("C")
    )
    stack.make("D", "A", "B", "C")
    stack.told.clear()
    stack.fail("X", "no luck")
    told = "The following resource(s) failed to create: [X]. "
    assert stack.told[:3] == [
        ("X", "CREATE_FAILED", "no luck"),
        ("", "UPDATE_ROLLBACK_IN_PROGRESS", told),
        ("A", "UPDATE_IN_PROGRESS", ""),
    ]
    assert stack.under_way() == {"A": "update"}
    stack.make("A")
    assert stack.under_way() == {"C": "update"}
    assert stack.doing("C").task.properties["Refs"] == ["b-2"]
    stack.make("C")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.world == world
    assert stack.ends == [Ended(OperationKind.UPDATE, told)]


def test_siblings_of_a_failed_update_are_cancelled() -> None:
    stack = made(A=wanted(P=1), B=wanted(P=1))
    stack.update(A=wanted(P=2), B=wanted(P=2), C=wanted())
    stack.fail("A")
    assert ("B", "UPDATE_FAILED", "Resource update cancelled") in stack.told
    assert ("C", "CREATE_FAILED", "Resource creation cancelled") in stack.told
    stack.make("B", "C")
    told = (
        "The following resource(s) failed to create: [C]. "
        "The following resource(s) failed to update: [A, B]. "
    )
    assert ("", "UPDATE_ROLLBACK_IN_PROGRESS", told) in stack.told
    stack.finish()
    assert {one["P"] for one in stack.world.values()} == {1}
    assert len(stack.world) == 2


def test_a_replacement_that_waits_is_left_when_another_fails() -> None:
    stack = made(A=wanted(Fixed=1), B=wanted(P=1))
    stack.update(A=wanted(Fixed=2), B=wanted(P=2))
    stack.initiate("A")
    stack.fail("B")
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert set(stack.world) == {"a-1", "b-2"}


def test_an_update_is_cancelled_on_request() -> None:
    stack = made(A=wanted(P=1))
    stack.update(A=wanted(P=2))
    stack.happen(CancelUpdate())
    assert ("A", "UPDATE_FAILED", "Resource update cancelled") in stack.told
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.world["a-1"]["P"] == 1
    with pytest.raises(AwsError, match="CancelUpdateStack cannot be called from current stack"):
        stack.happen(CancelUpdate())


def test_a_rollback_that_fails_is_continued_without_what_is_skipped() -> None:
    """TG-105"""
    stack = made(A=wanted(P=1), B=wanted("A", P=1), C=wanted(P=1))
    stack.update(A=wanted(P=2), B=wanted("A", P=2), C=wanted(P=2), X=wanted("B", "C"))
    stack.make("A", "C", "B")
    stack.fail("X")
    stack.make("C")
    stack.fail("A", "stuck")
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    assert stack.told[-1][2] == "The following resource(s) failed to update: [A]. "
    with pytest.raises(AwsError, match=r"\[C\]"):
        stack.happen(ContinueRollback(stack.id(), frozenset({"C"})))
    stack.happen(ContinueRollback(stack.id(), frozenset({"A"})))
    assert stack.under_way() == {"B": "update"}
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.state.resources["A"].properties["P"] == 1


def test_without_rollback_the_next_update_goes_on_from_there() -> None:
    """TG-105"""
    stack = made(A=wanted(P=1), B=wanted(P=1))
    stack.update(OnFailure.DO_NOTHING, A=wanted(P=2), B=wanted("A", P=2), C=wanted("A"))
    stack.make("A")
    stack.fail("C", half=True)
    stack.make("B")
    assert stack.status == "UPDATE_FAILED"
    assert stack.statuses()["C"] == "CREATE_FAILED"
    stack.update(A=wanted(P=2), B=wanted("A", P=2), C=wanted("A"))
    assert stack.under_way() == {"B": "update", "C": "delete"}
    stack.finish()
    assert stack.status == "UPDATE_COMPLETE"
    assert len(stack.world) == 3


def test_what_failed_without_rollback_can_be_rolled_back() -> None:
    """TG-105"""
    stack = made(A=wanted(P=1))
    stack.update(OnFailure.DO_NOTHING, A=wanted(P=2), C=wanted("A"))
    stack.make("A")
    stack.fail("C", half=True)
    stack.happen(RollBack(stack.id()))
    stack.finish()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert stack.world == {"a-1": {"P": 1, "Refs": []}}


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "DELETE_COMPLETE", "CREATE_IN_PROGRESS"])
def test_a_stack_is_updated_only_where_that_is_possible(status: str) -> None:
    """TG-109"""
    stack = Stack()
    if status == "DELETE_COMPLETE":
        stack = made()
        stack.delete()
    else:
        stack.create(A=wanted())
        if status == "ROLLBACK_COMPLETE":
            stack.fail("A")
    assert stack.status == status
    with pytest.raises(AwsError) as raised:
        stack.update()
    assert raised.value.message == f"Stack:{ARN} is in {status} state and can not be updated."
