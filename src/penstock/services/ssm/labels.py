"""Labels: names for versions that can move (TG-080)."""

from __future__ import annotations

from typing import Any

from penstock.errors import AwsError
from penstock.services.service import Answer, Request, Service
from penstock.services.ssm.names import is_label
from penstock.state.calls import Call
from penstock.store import parameters as rows
from penstock.store.database import Connection

MOST_LABELS = 10


class Labels(Service):
    async def label_parameter_version(self, call: Call, request: Request) -> Answer:
        name, asked = request["Name"], list(dict.fromkeys(request["Labels"]))
        good = [label for label in asked if is_label(label)]
        async with self.store.database.transaction() as connection:
            row = await _version(connection, call, name, request.get("ParameterVersion"))
            labels = [*row.labels, *(label for label in good if label not in row.labels)]
            if len(labels) > MOST_LABELS:
                raise AwsError(
                    "ParameterVersionLabelLimitExceeded",
                    "An error occurred (ParameterVersionLabelLimitExceeded) when calling the"
                    " LabelParameterVersion operation: A parameter version can have maximum"
                    f" {MOST_LABELS} labels.Move one or more labels to another version and try"
                    " again.",
                )
            await rows.set_labels(connection, call.account, call.region, name, row.version, labels)
        bad = [label for label in asked if label not in good]
        return {"InvalidLabels": bad, "ParameterVersion": row.version}

    async def unlabel_parameter_version(self, call: Call, request: Request) -> Answer:
        name, asked = request["Name"], request["Labels"]
        async with self.store.database.transaction() as connection:
            row = await _version(connection, call, name, request["ParameterVersion"])
            left = [label for label in row.labels if label not in asked]
            await rows.set_labels(connection, call.account, call.region, name, row.version, left)
        return {
            "RemovedLabels": [label for label in asked if label in row.labels],
            "InvalidLabels": [label for label in asked if label not in row.labels],
        }


async def _version(connection: Connection, call: Call, name: str, number: int | None) -> Any:
    """One version of a parameter, the latest by default, with the parameter locked."""
    latest = await rows.lock(connection, call.account, call.region, name)
    if latest is None:
        raise AwsError("ParameterNotFound", f"Parameter {name} not found.")
    if number is None or number == latest.version:
        return latest
    row = await rows.find_version(connection, call.account, call.region, name, number)
    if row is None:
        raise AwsError(
            "ParameterVersionNotFound",
            f"Systems Manager could not find version {number} of {name}. Verify the version and try"
            " again.",
        )
    return row
