"""Stacks in the database: what they are made of, told of, and refused for."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from penstock.errors import AwsError
from penstock.flow import stacks as flow
from penstock.state.recorded_stacks import ParameterValue
from penstock.state.stacks import WantedOutput
from penstock.store import Store, stack_events, stacks
from penstock.store.exports import find_exports, list_importers

from .foundry import (
    ACCOUNT,
    DELETE,
    DO_NOTHING,
    REGION,
    ROOT,
    Foundry,
    att,
    bucket,
    group,
    parameter,
    plan,
    ref,
)
from .foundry import foundry as foundry

pytestmark = pytest.mark.anyio

TWO = {"B": parameter("/b", ref("A"), "A"), "A": parameter("/a", "1")}


async def test_a_stack_is_created_in_order_and_told_of_as_cloudformation_does(
    foundry: Foundry,
) -> None:
    """TG-106"""
    await foundry.create(plan(TWO, {"Name": WantedOutput(ref("B"), "its name")}))
    assert await foundry.status() == "CREATE_IN_PROGRESS"
    assert await foundry.work() == 2
    assert await foundry.world() == {"/a": "1", "/b": "/a"}
    assert await foundry.events() == [
        ("app", "CREATE_IN_PROGRESS", "User Initiated"),
        ("A", "CREATE_IN_PROGRESS", ""),
        ("A", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "CREATE_COMPLETE", ""),
        ("B", "CREATE_IN_PROGRESS", ""),
        ("B", "CREATE_IN_PROGRESS", "Resource creation Initiated"),
        ("B", "CREATE_COMPLETE", ""),
        ("app", "CREATE_COMPLETE", ""),
    ]
    rows = await foundry.store.database.fetch("SELECT at FROM stack_events ORDER BY sequence")
    times = [row.at for row in rows]
    # Whoever sorts by time, in milliseconds, has the same order.
    assert all(after - before >= timedelta(milliseconds=1) for before, after in pairwise(times))
    found = await foundry.look()
    assert found.outputs["Name"] == ("/b", "its name", "")
    assert await foundry.store.database.fetch("SELECT * FROM stack_tasks") == []


async def test_a_create_that_fails_is_rolled_back(foundry: Foundry) -> None:
    """TG-105"""
    await foundry.ask("ssm", "PutParameter", Name="/b", Type="String", Value="mine")
    await foundry.create(plan(TWO))
    await foundry.work()
    assert await foundry.status() == "ROLLBACK_COMPLETE"
    assert await foundry.world() == {"/b": "mine"}
    events = await foundry.events()
    (failed,) = [one for one in events if one[:2] == ("B", "CREATE_FAILED")]
    assert "HandlerErrorCode: AlreadyExists" in failed[2]
    assert events[-4:] == [
        ("B", "DELETE_COMPLETE", ""),
        ("A", "DELETE_IN_PROGRESS", ""),
        ("A", "DELETE_COMPLETE", ""),
        ("app", "ROLLBACK_COMPLETE", ""),
    ]
    told = "The following resource(s) failed to create: [B]. Rollback requested by user."
    assert ("app", "ROLLBACK_IN_PROGRESS", told) in events


@pytest.mark.parametrize(
    ("on_failure", "status", "left"),
    [(DELETE, "DELETE_COMPLETE", {}), (DO_NOTHING, "CREATE_FAILED", {"/a": "1"})],
)
async def test_what_is_done_on_failure_can_be_chosen(
    foundry: Foundry, on_failure: str, status: str, left: dict[str, str]
) -> None:
    """TG-119"""
    await foundry.create(
        plan({"A": parameter("/a", "1"), "B": parameter("/a", "2", "A")}, on_failure=on_failure)
    )
    await foundry.work()
    assert await foundry.status() == status
    assert await foundry.world() == left


async def test_an_update_changes_replaces_and_removes(foundry: Foundry) -> None:
    """TG-107"""
    await foundry.create(plan({**TWO, "C": group("c", 1, "B"), "D": parameter("/d", "kept")}))
    await foundry.work()
    seen = len(await foundry.events())
    await foundry.update(
        plan({"A": parameter("/a2", "1"), "B": TWO["B"], "D": parameter("/d", "kept")})
    )
    await foundry.work()
    assert await foundry.status() == "UPDATE_COMPLETE"
    assert await foundry.world() == {"/a2": "1", "/b": "/a2", "/d": "kept"}
    replacing = (
        "Requested update requires the creation of a new physical resource; hence creating one."
    )
    assert (await foundry.events())[seen:] == [
        ("app", "UPDATE_IN_PROGRESS", "User Initiated"),
        ("A", "UPDATE_IN_PROGRESS", replacing),
        ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "UPDATE_COMPLETE", ""),
        ("B", "UPDATE_IN_PROGRESS", ""),
        ("B", "UPDATE_COMPLETE", ""),
        ("app", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", ""),
        ("A", "DELETE_IN_PROGRESS", ""),
        ("C", "DELETE_IN_PROGRESS", ""),
        ("A", "DELETE_COMPLETE", ""),
        ("C", "DELETE_COMPLETE", ""),
        ("app", "UPDATE_COMPLETE", ""),
    ]
    assert await foundry.resources() == {
        "A": "UPDATE_COMPLETE",
        "B": "UPDATE_COMPLETE",
        "D": "CREATE_COMPLETE",
    }


async def test_an_update_that_fails_is_rolled_back(foundry: Foundry) -> None:
    """TG-105"""
    first = plan({**TWO, "C": group("c", 1, "B")}, {"O": WantedOutput("one")})
    await foundry.create(first)
    await foundry.work()
    await foundry.ask("ssm", "PutParameter", Name="/new", Type="String", Value="mine")
    await foundry.update(
        plan(
            {
                "A": parameter("/a", "2"),
                "B": parameter("/b2", ref("A"), "A"),
                "C": group("c", 3, "B"),
                "D": parameter("/new", "x", "C"),
            },
            {"O": WantedOutput("two")},
        )
    )
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert await foundry.world() == {"/a": "1", "/b": "/a", "c": 1, "/new": "mine"}
    found = await foundry.look()
    assert found.outputs["O"].value == "one"
    assert found.plan_id
    database, sealer = foundry.store.database, foundry.store.sealer
    assert (await stacks.read_plan(database, sealer, found.plan_id)) == first
    assert len(await database.fetch("SELECT * FROM stack_plans")) == 1


async def test_a_delete_that_fails_leaves_what_could_not_be_deleted(foundry: Foundry) -> None:
    resources = {"A": parameter("/a", "1"), "B": bucket("bee", "A"), "C": parameter("/c", "1")}
    await foundry.create(plan(resources))
    await foundry.work()
    await foundry.ask("s3", "PutObject", Bucket="bee", Key="k", Body=b"")
    await foundry.delete()
    await foundry.work()
    assert await foundry.status() == "DELETE_FAILED"
    assert (await foundry.look()).reason == "The following resource(s) failed to delete: [B]. "
    assert await foundry.world() == {"/a": "1", "bee": "bucket"}
    await foundry.delete("B")
    await foundry.work()
    assert await foundry.world() == {"bee": "bucket"}
    found = await foundry.look()
    assert found.status == "DELETE_COMPLETE"
    assert found.deleted == foundry.now
    assert await foundry.delete() is False


async def test_a_deleted_stack_is_found_by_its_id_only(foundry: Foundry) -> None:
    """TG-109"""
    await foundry.create(plan(TWO))
    await foundry.work()
    await foundry.delete()
    await foundry.work()
    database, sealer = foundry.store.database, foundry.store.sealer
    assert await stacks.find_stack(database, sealer, ACCOUNT, REGION, "app") is None
    found = await stacks.find_stack(database, sealer, ACCOUNT, REGION, foundry.name.arn)
    assert found
    assert found.status == "DELETE_COMPLETE"
    again = foundry.named("app")
    await again.create(plan(TWO))
    assert again.name.id != foundry.name.id


async def test_a_name_is_taken_once_and_a_token_is_one_operation(foundry: Foundry) -> None:
    """TG-109"""
    await foundry.create(plan(TWO), token="t")
    other = foundry.named("app")
    await other.create(plan(TWO), token="t")
    assert other.name == foundry.name
    with pytest.raises(AwsError, match=r"AlreadyExistsException: Stack \[app\] already exists"):
        await foundry.named("app").create(plan(TWO), token="u")
    await foundry.work()
    await foundry.update(plan({"A": TWO["A"]}), token="v")
    await foundry.work()
    before = await foundry.events()
    await foundry.update(plan({}), token="v")
    assert await foundry.events() == before


async def test_a_stack_in_review_is_created_in_its_place(foundry: Foundry) -> None:
    """TG-105"""
    await foundry.create(plan({}), review=True)
    assert await foundry.status() == "REVIEW_IN_PROGRESS"
    assert (await foundry.look()).plan is None
    reviewed = foundry.name
    created = foundry.named("app")
    await created.create(plan(TWO))
    assert created.name == reviewed
    await foundry.work()
    assert (await foundry.events())[:2] == [
        ("app", "REVIEW_IN_PROGRESS", "User Initiated"),
        ("app", "CREATE_IN_PROGRESS", "User Initiated"),
    ]
    assert await foundry.status() == "CREATE_COMPLETE"


async def test_a_plan_that_cannot_be_begins_and_fails(foundry: Foundry) -> None:
    """TG-120"""
    await foundry.create(plan(TWO, problem="No export named X found."))
    assert await foundry.status() == "ROLLBACK_COMPLETE"
    assert (
        "app",
        "ROLLBACK_IN_PROGRESS",
        "No export named X found. Rollback requested by user.",
    ) in await foundry.events()


async def test_a_create_that_takes_too_long_is_rolled_back(foundry: Foundry) -> None:
    await foundry.create(plan(TWO, timeout=5))
    job, *_ = await foundry.jobs()
    await foundry.work()
    assert await flow.time_over(foundry.store, foundry.name.id, foundry.now) is False
    late = foundry.named("late")
    await late.create(plan({"Z": parameter("/z", "1")}, timeout=1))
    late.now = late.now.replace(hour=13)
    assert await flow.time_over(foundry.store, late.name.id, late.now) is True
    await late.work()
    assert await late.status() == "ROLLBACK_COMPLETE"
    assert job.task
    assert ("Z", "CREATE_FAILED", "Resource creation cancelled") in await late.events()
    assert "/z" not in await late.world()


# Exports

SHARED = {"Out": WantedOutput(att("A", "Value"), "", "shared")}


async def test_what_is_exported_is_held_while_it_is_imported(foundry: Foundry) -> None:
    """TG-120"""
    await foundry.create(plan({"A": parameter("/a", "1")}, SHARED))
    await foundry.work()
    store, user = foundry.store, foundry.named("user")
    found = await find_exports(store.database, store.sealer, ACCOUNT, REGION, ["shared"])
    assert found["shared"].value == "1"
    await user.create(plan({"U": parameter("/u", "1")}, imports=("shared",)))
    await user.work()
    importers = await list_importers(store.database, ACCOUNT, REGION, "shared", limit=9)
    assert importers == ["user"]
    with pytest.raises(AwsError, match="Export shared cannot be deleted as it is in use by user"):
        await foundry.delete()
    await foundry.update(plan({"A": parameter("/a", "2")}, SHARED))
    await foundry.work()
    assert await foundry.status() == "UPDATE_ROLLBACK_COMPLETE"
    told = "Cannot update export shared as it is in use by user"
    assert ("app", "UPDATE_ROLLBACK_IN_PROGRESS", told) in await foundry.events()
    assert await foundry.world("/a") == {"/a": "1"}
    await foundry.update(plan({"A": parameter("/a", "1")}))
    await foundry.work()
    told = "Export shared cannot be deleted as it is in use by user"
    assert ("app", "UPDATE_ROLLBACK_IN_PROGRESS", told) in await foundry.events()
    await user.delete()
    await user.work()
    await foundry.delete()
    await foundry.work()
    assert await foundry.world() == {}
    assert await store.database.fetch("SELECT * FROM stack_exports") == []
    assert await store.database.fetch("SELECT * FROM stack_imports") == []


async def test_an_export_has_one_stack(foundry: Foundry) -> None:
    """TG-120"""
    await foundry.create(plan({"A": parameter("/a", "1")}, SHARED))
    await foundry.work()
    other = foundry.named("other")
    await other.create(plan({"A": parameter("/a2", "1")}, SHARED))
    await other.work()
    assert await other.status() == "ROLLBACK_COMPLETE"
    told = "Export with name shared is already exported by stack app. Rollback requested by user."
    assert ("other", "ROLLBACK_IN_PROGRESS", told) in await other.events()
    assert await foundry.world() == {"/a": "1"}


async def test_what_nobody_exports_any_more_cannot_be_imported(foundry: Foundry) -> None:
    """TG-120"""
    await foundry.create(plan({"A": parameter("/a", "1")}, imports=("gone",)))
    assert (await foundry.look()).status == "ROLLBACK_COMPLETE"
    assert "No export named gone found." in (await foundry.events())[1][2]


# Secrets


async def test_what_is_not_to_be_shown_is_neither_in_events_nor_readable_in_rows(
    foundry: Foundry,
) -> None:
    """TG-112"""
    parameters = {"Password": ParameterValue("tr0ub4dor", None, True)}
    resources = {"A": parameter("/a", "x-tr0ub4dor")}
    outputs = {"O": WantedOutput("tr0ub4dor", "", "e")}
    await foundry.create(plan(resources, outputs, parameters=parameters))
    await foundry.work()
    store = foundry.store
    events = await stack_events.list_events(
        store.database, store.sealer, foundry.name.id, limit=100
    )
    shown = [one.properties for one in events if one.logical_id == "A"]
    assert shown
    assert all('"Value":"x-****"' in one for one in shown)
    for table in ("stacks", "stack_plans", "stack_resources", "stack_events", "stack_exports"):
        rows = await store.database.fetch(f"SELECT t::text FROM {table} t")
        assert rows
        assert not any("tr0ub4dor" in row[0] or b"tr0ub4dor".hex() in row[0] for row in rows)


async def test_a_protected_stack_is_not_deleted(foundry: Foundry) -> None:
    await foundry.create(plan(TWO))
    await foundry.work()
    async with foundry.store.database.transaction() as connection:
        await stacks.set_protected(connection, foundry.name.id, protected=True)
    with pytest.raises(AwsError, match="cannot be deleted while TerminationProtection is enabled"):
        await foundry.delete()


async def test_steps_can_be_committed_with_other_things(store: Store, foundry: Foundry) -> None:
    with pytest.raises(ZeroDivisionError):
        async with store.database.transaction() as connection:
            here = flow.Inside(store, connection)
            await flow.create(here, foundry.name, plan(TWO), principal=ROOT, now=foundry.now)
            raise ZeroDivisionError
    assert await store.database.fetch("SELECT * FROM stacks") == []
