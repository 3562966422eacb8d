"""Resources as stacks have them made: by the handlers of their types, of the real services."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

import botocore.session
import pytest
from botocore.validate import validate_parameters

from penstock.documents.resource_schemas import schema_of
from penstock.errors import AwsError
from penstock.resources import handler_of
from penstock.resources.contract import Job, Outcome
from penstock.resources.taken import refuse_taken
from penstock.services import SERVICES, make_service
from penstock.state.calls import Call, Principal
from penstock.state.stacks import Made, NotMade, StackName, Task, TaskAction
from penstock.store import Store

ACCOUNT, REGION = "000000000000", "us-east-1"
NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ROOT = Principal(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "test")
STACK = StackName(ACCOUNT, REGION, "shop", UUID("5" * 32))
ENDPOINT = "http://127.0.0.1:4545"
Document = dict[str, Any]


class InProcess:
    """The real services. Requests have to be such as boto3 would send; `asked` are those of
    services that are not real, which answer what a test has laid into `answers`, or {}."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.asked: list[tuple[str, str, Document]] = []
        self.answers: dict[str, Document] = {}
        self._session = botocore.session.Session()

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        model = self._session.get_service_model(service).operation_model(operation)
        shape = model.input_shape
        if shape is not None:
            validate_parameters(request, shape)
        if service not in SERVICES:
            self.asked.append((service, operation, request))
            return self.answers.get(operation, {})
        if shape is not None and (blob := shape.serialization.get("payload")) == "Body":
            request = {**request, blob: _streamed(request[blob])}
        call = Call(service, operation, ROOT, REGION, "1", NOON, ENDPOINT)
        return await make_service(service, self.store).handler(operation)(call, request) or {}


class Bench:
    """Makes, changes and removes resources, each by its logical id, as a worker does."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.cloud = InProcess(store)
        self.tags: Document = {"team": "web", "aws:cloudformation:stack-name": STACK.name}
        self._made: dict[str, tuple[str, str, Document, Document]] = {}

    async def ask(self, service: str, operation: str, **request: Any) -> Document:
        return await self.cloud.ask(service, operation, **request)

    async def create(
        self, logical_id: str, type: str, properties: Document, *, again: bool = False
    ) -> Made:
        outcome = await self.created(logical_id, type, properties, again=again)
        assert isinstance(outcome, Made), outcome
        assert unmade_attributes(type, outcome) == []
        self._made[logical_id] = (type, outcome.physical_id, properties, dict(outcome.attributes))
        return outcome

    async def created(
        self, logical_id: str, type: str, properties: Document, *, again: bool = False
    ) -> Outcome:
        job = self.job(TaskAction.CREATE, logical_id, type, properties, again=again)
        if not again:
            await refuse_taken(job)
        return await handler_of(type).create(job)

    async def update(self, logical_id: str, properties: Document) -> Made:
        outcome = await self.updated(logical_id, properties)
        assert isinstance(outcome, Made), outcome
        type = self._made[logical_id][0]
        assert unmade_attributes(type, outcome) == []
        self._made[logical_id] = (type, outcome.physical_id, properties, dict(outcome.attributes))
        return outcome

    async def updated(self, logical_id: str, properties: Document) -> Outcome:
        type, physical_id, previous, attributes = self._made[logical_id]
        job = self.job(
            TaskAction.UPDATE, logical_id, type, properties, physical_id, previous, attributes
        )
        return await handler_of(type).update(job)

    async def delete(self, logical_id: str) -> None:
        """Twice: what is gone is no error."""
        for _ in range(2):
            outcome = await self.deleted(logical_id)
            assert isinstance(outcome, Made), outcome

    async def deleted(self, logical_id: str) -> Outcome:
        type, physical_id, properties, attributes = self._made[logical_id]
        job = self.job(TaskAction.DELETE, logical_id, type, properties, physical_id, {}, attributes)
        return await handler_of(type).delete(job)

    async def refused(self, logical_id: str, type: str, properties: Document) -> str:
        """Why a resource cannot be created."""
        try:
            outcome = await self.created(logical_id, type, properties)
        except AwsError as error:
            return f"{error.code}: {error.message}"
        assert isinstance(outcome, NotMade)
        return outcome.reason

    def job(
        self,
        action: TaskAction,
        logical_id: str,
        type: str,
        properties: Document,
        physical_id: str = "",
        previous: Document = {},  # noqa: B006
        attributes: Mapping[str, Any] = {},
        *,
        again: bool = False,
        **more: Any,
    ) -> Job:
        id = uuid5(STACK.id, f"{action}/{logical_id}")
        task = Task(id, action, logical_id, type, properties, previous, physical_id, attributes)
        return Job(
            task._replace(**more), STACK, properties, previous, self.tags, ROOT, self.cloud,
            self.store, NOON, ENDPOINT, again,
        )  # fmt: skip


def unmade_attributes(type: str, made: Made) -> list[str]:
    """Attributes that the type's published schema names and the resource lacks, but for those
    inside of properties that few have."""
    schema = schema_of(type)
    named = (schema.attributes if schema else None) or ()
    return [name for name in named if "." not in name and name not in made.attributes]


async def _streamed(data: bytes) -> Any:
    yield data


@pytest.fixture
def bench(store: Store) -> Bench:
    return Bench(store)
