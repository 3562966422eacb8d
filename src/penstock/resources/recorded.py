"""Resources that are only recorded: nothing stands behind them, and their events say so.

Every published type has such a handler. Ids and attributes are of the right form, so that what
depends on them can be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.documents.resource_schemas import ResourceSchema, schema_of
from penstock.errors import AwsError
from penstock.resources.contract import Handler, Job, Kind, Made, Outcome
from penstock.resources.existence import recorded
from penstock.resources.plausible import Plausible
from penstock.resources.sandboxed import needed
from penstock.resources.shaping import check_names


class Recorded:
    def __init__(self, schema: ResourceSchema) -> None:
        self._schema = schema

    async def create(self, job: Job) -> Outcome:
        check_properties(job, self._schema)
        values = Plausible(job, self._schema)
        return Made(values.physical_id(), values.attributes(), Kind.RECORDED)

    async def update(self, job: Job) -> Outcome:
        """What was told of it once stays: it would not change at AWS either."""
        check_properties(job, self._schema)
        return recorded(job)

    async def delete(self, job: Job) -> Outcome:
        return Made(job.physical_id, kind=Kind.RECORDED)


def check_properties(job: Job, schema: ResourceSchema) -> None:
    """Raises AwsError for a property that the type lacks, and for one that it needs."""
    check_names(job.properties, schema.properties)
    needed(job.properties, *sorted(schema.required))


class _Handlers(Mapping[str, Handler]):
    """A handler of each type that is published, made when it is asked for."""

    def __getitem__(self, type: str) -> Handler:
        """Raises AwsError for a type that is not published."""
        schema = schema_of(type)
        if schema is None:
            message = f"Template format error: Unrecognized resource types: [{type}]"
            raise AwsError("ValidationError", message)
        return Recorded(schema)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


HANDLERS: Mapping[str, Handler] = _Handlers()
