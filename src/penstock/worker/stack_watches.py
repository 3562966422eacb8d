"""Looks at the alarms that roll a stack back (TG-119)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from penstock.errors import AwsError
from penstock.flow.stacks import watch
from penstock.store import stacks
from penstock.store.stacks import Stack
from penstock.worker.cloud import Clouds, StackCloud, Unanswered, endpoint_of
from penstock.worker.patience import patiently
from penstock.worker.stacks import Clock, principal_of, utc_now

LOG = logging.getLogger("penstock.worker")
BREACHED = "The following rollback trigger(s) are in ALARM state: "
MISSING = "The following rollback trigger(s) do not exist: "

Trigger = Mapping[str, str]


async def watch_stack(clouds: Clouds, stack: UUID, operation: UUID, clock: Clock = utc_now) -> None:
    """Looks once, and says what there is to say; there is a job for the next time."""
    store = clouds.store
    found = await patiently(lambda: stacks.get_stack(store.database, store.sealer, stack))
    if found is None:
        return
    alarm, seen = "", True
    try:
        alarm = await _alarm(clouds, found)
    except AwsError as error:
        LOG.warning("alarms of %s: %s", found.name.arn, error)
        alarm = f"Rollback triggers: {error.message}"
    except Unanswered as error:
        LOG.warning("alarms of %s: %s", found.name.arn, error)
        seen = False
    await patiently(lambda: watch(store, stack, operation, alarm, clock(), seen=seen))


async def _alarm(clouds: Clouds, stack: Stack) -> str:
    """Why the stack is to be rolled back, or "". Raises AwsError."""
    triggers = stack.plan.rollback.get("RollbackTriggers", ()) if stack.plan else ()
    if not triggers:
        return ""
    endpoint = await endpoint_of(clouds.store)
    cloud = StackCloud(clouds, principal_of(stack), stack.name.region, endpoint)
    states = {one["Arn"]: await _state(cloud, one) for one in triggers}
    missing = [arn for arn, state in states.items() if state is None]
    if missing:
        return f"{MISSING}{_listed(missing)}"
    breached = [arn for arn, state in states.items() if state == "ALARM"]
    return f"{BREACHED}{_listed(breached)}" if breached else ""


async def _state(cloud: StackCloud, trigger: Trigger) -> str | None:
    name = trigger["Arn"].rpartition(":alarm:")[2]
    kinds = ["MetricAlarm", "CompositeAlarm"]
    answer = await cloud.ask("cloudwatch", "DescribeAlarms", AlarmNames=[name], AlarmTypes=kinds)
    alarms: list[Any] = [*answer.get("MetricAlarms", ()), *answer.get("CompositeAlarms", ())]
    return next((one["StateValue"] for one in alarms if one["AlarmName"] == name), None)


def _listed(arns: Iterable[str]) -> str:
    return f"[{', '.join(arns)}]"
