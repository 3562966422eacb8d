"""What a stack does next, in the words and the order of CloudFormation."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.errors import AwsError
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    Alarmed,
    Baked,
    Bakes,
    CancelUpdate,
    ContinueRollback,
    Create,
    Ended,
    Exports,
    OperationKind,
    Review,
    RollBack,
    TaskEnded,
    TimeOver,
    Update,
)
from penstock.state.stacks import Definition, Kind, Made, TaskAction, WantedOutput

from .engine_world import ARN, Stack, outputs, wanted

NESTED = "AWS::CloudFormation::Stack"
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."


@pytest.fixture
def stack() -> Stack:
    return Stack()


def made(**resources: Any) -> Stack:
    """A stack that has been created."""
    stack = Stack()
    stack.create(**resources)
    stack.finish()
    stack.told.clear()
    stack.ends.clear()
    return stack


# Creating


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


# Updating


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


# Deleting


def test_what_cannot_be_deleted_keeps_what_it_depends_on() -> None:
    """TG-105"""
    stack = made(A=wanted(), B=wanted("A"), C=wanted("B"), D=wanted())
    stack.delete()
    assert stack.under_way() == {"C": "delete", "D": "delete"}
    stack.make("C", "D")
    stack.fail("B")
    assert stack.status == "DELETE_FAILED"
    assert stack.told[-1][2] == "The following resource(s) failed to delete: [B]. "
    assert set(stack.world) == {"a-1", "b-3"}


def test_a_second_delete_may_leave_resources() -> None:
    stack = made(A=wanted(), B=wanted("A"))
    with pytest.raises(AwsError, match="DELETE_FAILED"):
        stack.delete("B")
    stack.delete()
    stack.fail("B")
    with pytest.raises(AwsError, match=r"do not exist: \[Z\]"):
        stack.delete("Z")
    stack.delete("B")
    assert ("B", "DELETE_SKIPPED", "") in stack.told
    stack.finish()
    assert stack.status == "DELETE_COMPLETE"
    assert len(stack.world) == 1


def test_a_create_that_is_under_way_can_be_deleted() -> None:
    stack = Stack()
    stack.create(A=wanted(), B=wanted(), C=wanted("A"))
    stack.initiate("B")
    stack.delete()
    assert stack.under_way() == {"A": "create", "B": "delete"}
    stack.finish()
    assert stack.status == "DELETE_COMPLETE"
    assert not stack.world
    assert stack.ends == [Ended(OperationKind.DELETE)]


def test_an_update_that_is_under_way_cannot_be_deleted() -> None:
    stack = made(A=wanted(P=1))
    stack.update(A=wanted(P=2))
    with pytest.raises(AwsError, match="cannot be deleted while in status UPDATE_IN_PROGRESS"):
        stack.delete()


def test_a_delete_after_a_failed_update_removes_all_that_there_is() -> None:
    stack = made(A=wanted(Fixed=1))
    stack.update(OnFailure.DO_NOTHING, A=wanted(Fixed=2), X=wanted("A"))
    stack.make("A")
    stack.fail("X", half=True)
    assert len(stack.world) == 3
    stack.delete()
    stack.finish()
    assert stack.status == "DELETE_COMPLETE"
    assert not stack.world


def test_no_snapshot_is_claimed_to_have_been_made() -> None:
    """TG-118"""
    stack = made(A=wanted(deletion_policy="Snapshot"))
    stack.delete()
    assert stack.told[-1] == ("A", "DELETE_IN_PROGRESS", "[sandbox] No snapshot is made")


# Outputs and exports

EXPORTED = {"O": WantedOutput({"Fn::GetAtt": ["A", "Arn"]}, "what", "arn")}


def test_outputs_are_those_of_the_last_success() -> None:
    stack = Stack()
    resources = {"A": wanted(P=1)}
    stack.happen(Create(stack.id(), Definition(resources, outputs(O={"Ref": "A"}, Flag=True))))
    stack.finish()
    assert {name: one.value for name, one in stack.state.outputs.items()} == {
        "O": "a-1",
        "Flag": "true",
    }
    resources = {"A": wanted(P=2)}
    stack.happen(Update(stack.id(), Definition(resources, outputs(O="new"))))
    stack.fail("A")
    stack.finish()
    assert stack.state.outputs["O"].value == "a-1"


def test_an_output_that_is_no_text_fails_the_stack(stack: Stack) -> None:
    stack.happen(Create(stack.id(), Definition({}, outputs(O=["a", "b"]))))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "Output O is malformed" in stack.told[1][2]


def test_a_name_that_another_stack_exports(stack: Stack) -> None:
    """TG-120"""
    stack.state = stack.state._replace(exports=Exports({"arn": "other"}))
    stack.happen(Create(stack.id(), Definition({"A": wanted()}, EXPORTED)))
    stack.finish()
    told = "Export with name arn is already exported by stack other. Rollback requested by user."
    assert ("", "ROLLBACK_IN_PROGRESS", told) in stack.told
    assert not stack.world


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ({}, "Export arn cannot be deleted as it is in use by app, web"),
        (
            {"O": WantedOutput("other", "", "arn")},
            "Cannot update export arn as it is in use by app, web",
        ),
    ],
)
def test_what_is_imported_stays_as_it_is(
    stack: Stack, new: dict[str, WantedOutput], told: str
) -> None:
    """TG-120"""
    stack.happen(Create(stack.id(), Definition({"A": wanted()}, EXPORTED)))
    stack.finish()
    stack.state = stack.state._replace(exports=Exports({}, {"arn": ("app", "web")}))
    stack.happen(Update(stack.id(), Definition({"A": wanted()}, new)))
    assert ("", "UPDATE_ROLLBACK_IN_PROGRESS", told) in stack.told
    with pytest.raises(AwsError, match="Export arn cannot be deleted as it is in use by app, web"):
        stack.delete()


def test_an_outcome_of_what_is_not_under_way_changes_nothing(stack: Stack) -> None:
    stack.create(A=wanted())
    task = stack.doing("A").task
    stack.make("A")
    before = stack.state
    assert stack.happen(TaskEnded(task.id, Made("other"))) == ()
    assert stack.state is before
    assert task.action is TaskAction.CREATE


def test_resources_that_wait_for_each_other_are_not_taken_for_made(stack: Stack) -> None:
    """TG-117: readers of templates refuse these."""
    stack.create(A=wanted("B"), B=wanted("A"))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "Circular dependency between resources: [A, B]" in stack.told[1][2]
