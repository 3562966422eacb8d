"""Every mode of the CloudFormation action, over every status that a stack can have (CP-151)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from penstock.decide.stack_actions import MODES
from penstock.state.pipelines import ActionStatus

from .smithy import Smithy, deploying, stored, template
from .smithy import smithy as smithy

pytestmark = pytest.mark.anyio

OLD = template({"A": stored("/a"), "B": stored("/b", DependsOn="A")})
CHANGED = template({"A": stored("/a", "2"), "B": stored("/b", "2", DependsOn="A")})
REPLACED = template({"A": stored("/a2"), "B": stored("/b", "2", DependsOn="A")})
Make = Callable[[Smithy], Awaitable[None]]
NEW = template({"A": stored("/a", "3"), "B": stored("/b", "3", DependsOn="A")})


async def nothing(smithy: Smithy) -> None:
    """No stack."""


def created(*failing: str, until: str = "", **asked: Any) -> Make:
    async def make(smithy: Smithy) -> None:
        await smithy.ask("CreateStack", TemplateBody=OLD, **asked)
        await smithy.perform(failing, until)

    return make


def updated(body: Any, *failing: str, until: str = "", **asked: Any) -> Make:
    async def make(smithy: Smithy) -> None:
        await created()(smithy)
        await smithy.ask("UpdateStack", TemplateBody=body, **asked)
        await smithy.perform(failing, until)

    return make


def deleted(*failing: str, until: str = "") -> Make:
    async def make(smithy: Smithy) -> None:
        await created()(smithy)
        await smithy.ask("DeleteStack")
        await smithy.perform(failing, until)

    return make


async def reviewed(smithy: Smithy) -> None:
    asked = {"ChangeSetName": "next", "ChangeSetType": "CREATE", "TemplateBody": NEW}
    await smithy.ask("CreateChangeSet", **asked)


FAIL, NEW_ONE = "refused", "DELETE CREATE"
UPDATES = ("UPDATE", "UPDATE", "DELETE", "reviewed", FAIL)
REPLACES = (FAIL, NEW_ONE, "DELETE", FAIL, FAIL)
IN_THE_WAY = (FAIL, FAIL, FAIL, FAIL, FAIL)
GIVEN_UP = (FAIL, FAIL, "DELETE", FAIL, FAIL)
STATES: dict[str, tuple[Make, tuple[str, ...]]] = {
    "": (nothing, ("CREATE", "CREATE", "", "reviewed", FAIL)),
    "REVIEW_IN_PROGRESS": (reviewed, (NEW_ONE, NEW_ONE, "DELETE", "reviewed", "CREATE")),
    "CREATE_IN_PROGRESS": (created(until="CREATE_IN_PROGRESS"), GIVEN_UP),
    "CREATE_COMPLETE": (created(), UPDATES),
    "CREATE_FAILED": (
        created("CREATE B", OnFailure="DO_NOTHING"),
        ("UPDATE", NEW_ONE, "DELETE", "reviewed", FAIL),
    ),
    "ROLLBACK_IN_PROGRESS": (created("CREATE B", until="ROLLBACK_IN_PROGRESS"), GIVEN_UP),
    "ROLLBACK_COMPLETE": (created("CREATE B"), REPLACES),
    "ROLLBACK_FAILED": (created("CREATE B", "DELETE A"), REPLACES),
    "UPDATE_IN_PROGRESS": (updated(CHANGED, until="UPDATE_IN_PROGRESS"), IN_THE_WAY),
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": (
        updated(REPLACED, until="UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        IN_THE_WAY,
    ),
    "UPDATE_COMPLETE": (updated(CHANGED), UPDATES),
    "UPDATE_FAILED": (updated(CHANGED, "UPDATE B", DisableRollback=True), UPDATES),
    "UPDATE_ROLLBACK_IN_PROGRESS": (
        updated(CHANGED, "UPDATE B", until="UPDATE_ROLLBACK_IN_PROGRESS"),
        IN_THE_WAY,
    ),
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS": (
        updated(REPLACED, "UPDATE B", until="UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        IN_THE_WAY,
    ),
    "UPDATE_ROLLBACK_COMPLETE": (updated(REPLACED, "UPDATE B"), UPDATES),
    "UPDATE_ROLLBACK_FAILED": (updated(CHANGED, "UPDATE B", "UPDATE B"), REPLACES),
    "DELETE_IN_PROGRESS": (
        deleted(until="DELETE_IN_PROGRESS"),
        (FAIL, FAIL, "", FAIL, FAIL),
    ),
    "DELETE_FAILED": (deleted("DELETE A"), REPLACES),
}
"""How a stack comes to a status, and by mode what begins then; in the order of `MODES`."""
REFUSED = {
    "DELETE_ONLY": "cannot be deleted while in status {state}",
    "CHANGE_SET_EXECUTE": "does not exist",
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("state", STATES)
async def test_a_mode_does_to_a_stack_what_its_status_permits(
    smithy: Smithy, state: str, mode: str
) -> None:
    """CP-151"""
    make, expected = STATES[state]
    await make(smithy)
    assert await smithy.status() == state
    before = await smithy.operations()
    await smithy.stock(NEW)
    row = await smithy.deployed(deploying(mode))
    begun = [one for one in (await smithy.operations())[len(before) :] if one != "REVIEW"]
    happened = " ".join(begun)
    if row.status == ActionStatus.FAILED:
        words = REFUSED.get(mode, "is in {state} state and can not be updated")
        assert words.format(state=state) in row.error["message"]
        assert not begun
        happened = FAIL
    elif mode == "CHANGE_SET_REPLACE":
        (made,) = (await smithy.ask("ListChangeSets"))["Summaries"]
        assert (made["ChangeSetName"], made["ExecutionStatus"]) == ("next", "AVAILABLE")
        happened = "reviewed"
    else:
        deleted = mode == "DELETE_ONLY"
        assert await smithy.world() == ({} if deleted else {"/a": "3", "/b": "3"})
    assert happened == expected[MODES.index(mode)]
