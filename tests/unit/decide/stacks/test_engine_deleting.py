"""How a stack is deleted, and what its outputs are meanwhile."""

from __future__ import annotations

import pytest

from penstock.errors import AwsError
from penstock.state.recorded_stacks import OnFailure
from penstock.state.stack_operations import (
    Create,
    Ended,
    Exports,
    OperationKind,
    TaskEnded,
    Update,
)
from penstock.state.stacks import Definition, Made, TaskAction, WantedOutput

from .engine_world import Stack, made, outputs, wanted


@pytest.fixture
def stack() -> Stack:
    return Stack()


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
