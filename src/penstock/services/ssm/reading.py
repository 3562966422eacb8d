"""Parameters by their names."""

from __future__ import annotations

from penstock.errors import AwsError
from penstock.services.service import Answer, Request, Service
from penstock.services.ssm.names import read_selector
from penstock.services.ssm.shapes import parameter
from penstock.state.calls import Call
from penstock.store import parameters as rows

MOST = 10


class Reading(Service):
    async def get_parameter(self, call: Call, request: Request) -> Answer:
        wanted, selector = read_selector(request["Name"])
        found = await rows.find_one(self.store.database, call.account, call.region, wanted)
        if found is None:
            raise await self._missing(call, request["Name"], wanted)
        decrypt = request.get("WithDecryption", False)
        return {"Parameter": parameter(call, found, self.store.sealer, decrypt, selector)}

    async def get_parameters(self, call: Call, request: Request) -> Answer:
        """Unknown ones are no error: they come back as InvalidParameters (TG-078)."""
        names = request["Names"]
        if len(names) > MOST:
            raise AwsError(
                "ValidationException",
                f"1 validation error detected: Value '{names}' at 'names' failed to satisfy"
                f" constraint: Member must have length less than or equal to {MOST}.",
            )
        asked = [read_selector(name) for name in dict.fromkeys(names)]
        found = await rows.find(
            self.store.database, call.account, call.region, [wanted for wanted, _ in asked]
        )
        decrypt = request.get("WithDecryption", False)
        places = {row.place - 1 for row in found}
        return {
            "Parameters": [
                parameter(call, row, self.store.sealer, decrypt, asked[row.place - 1][1])
                for row in found
            ],
            "InvalidParameters": [
                name for place, name in enumerate(dict.fromkeys(names)) if place not in places
            ],
        }

    async def _missing(self, call: Call, text: str, wanted: rows.Wanted) -> AwsError:
        """A version that is not there is another error than a parameter that is not (TG-077)."""
        if wanted.version is None and wanted.label is None:
            return AwsError("ParameterNotFound", f"Parameter {text} not found.")
        there = await rows.names_that_exist(
            self.store.database, call.account, call.region, [wanted.name]
        )
        if not there:
            return AwsError("ParameterNotFound", f"Parameter {wanted.name} not found.")
        which = f"label {wanted.label}" if wanted.label else f"version {wanted.version}"
        return AwsError(
            "ParameterVersionNotFound",
            f"Systems Manager could not find {which} of {wanted.name}. Verify the version and try"
            " again.",
        )
