"""Triggers of repositories, as CodeCommit's API takes and performs them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.store import Store

from .commits import ACCOUNT, REGION, Api, commit, put, refused

pytestmark = pytest.mark.anyio


# Triggers


TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"


def trigger(**entry: Any) -> dict[str, Any]:
    return {"name": "t", "destinationArn": TOPIC, "events": ["all"], "branches": [], **entry}


async def test_triggers_are_replaced_and_told_of_what_they_are_about(
    api: Api, app: str, store: Store
) -> None:
    """TG-138"""
    await api("put_repository_triggers", triggers=[trigger(name="old")])
    triggers = [
        trigger(name="all", customData="mine"),
        trigger(name="made", events=["createReference"]),
        trigger(name="main", branches=["main"], events=["updateReference", "deleteReference"]),
    ]
    made = await api("put_repository_triggers", triggers=triggers)
    found = await api("get_repository_triggers")
    assert found == {"configurationId": made["configurationId"], "triggers": triggers}
    await api("create_branch", branchName="x", commitId=app)
    second = await commit(api, app, **put("a"))
    jobs = await store.database.fetch("SELECT args FROM procrastinate_jobs ORDER BY id")
    records = [row.args["message"]["Records"][0] for row in jobs]
    assert [(one["eventTriggerName"], one["codecommit"]["references"]) for one in records] == [
        ("all", [{"commit": app, "ref": "refs/heads/x", "created": True}]),
        ("made", [{"commit": app, "ref": "refs/heads/x", "created": True}]),
        ("all", [{"commit": second, "ref": "refs/heads/main"}]),
        ("main", [{"commit": second, "ref": "refs/heads/main"}]),
    ]
    assert records[0]["customData"] == "mine"
    assert records[0]["eventSourceARN"] == f"arn:aws:codecommit:{REGION}:{ACCOUNT}:app"
    assert json.dumps(jobs[0].args)


@pytest.mark.parametrize(
    ("triggers", "code"),
    [
        ([trigger(name=str(number)) for number in range(11)],
         "MaximumRepositoryTriggersExceededException"),
        ([trigger(), trigger()], "InvalidRepositoryTriggerNameException"),
        ([trigger(destinationArn="arn:aws:sqs:us-east-1:0:x")],
         "InvalidRepositoryTriggerDestinationArnException"),
        ([trigger(destinationArn=TOPIC.replace(REGION, "eu-west-1"))],
         "InvalidRepositoryTriggerRegionException"),
        ([trigger(events=["push"])], "InvalidRepositoryTriggerEventsException"),
        ([trigger(events=[])], "RepositoryTriggerEventsListRequiredException"),
        ([trigger(branches=["a..b"])], "InvalidRepositoryTriggerBranchNameException"),
    ],
)  # fmt: skip
async def test_triggers_that_cannot_be_are_refused(
    api: Api, app: str, triggers: list[dict[str, Any]], code: str
) -> None:
    assert await refused(api("put_repository_triggers", triggers=triggers)) == code
