"""Parameters by their names."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.errors import AwsError
from penstock.services.service import Answer, Request, Service
from penstock.services.ssm.names import read_selector
from penstock.services.ssm.references import PREFIX, referred
from penstock.services.ssm.shapes import parameter
from penstock.state.calls import Call
from penstock.store import parameters as rows

MOST = 10


class Reading(Service):
    async def get_parameter(self, call: Call, request: Request) -> Answer:
        name, decrypt = request["Name"], request.get("WithDecryption", False)
        if name.startswith(PREFIX):
            return {"Parameter": await referred(self.store, call, name, decrypt=decrypt)}
        wanted, selector = await self._wanted(call, name)
        found = await rows.find_one(self.store.database, call.account, call.region, wanted)
        if found is None:
            raise await self._missing(call, name, wanted)
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
        decrypt = request.get("WithDecryption", False)
        own = [name for name in dict.fromkeys(names) if not name.startswith(PREFIX)]
        references = [name for name in dict.fromkeys(names) if name.startswith(PREFIX)]
        shown = await self._own(call, own, decrypt) if own else {}
        shown |= await self._referred(call, references, decrypt)
        return {
            "Parameters": list(shown.values()),
            "InvalidParameters": [name for name in dict.fromkeys(names) if name not in shown],
        }

    async def _own(self, call: Call, names: Sequence[str], decrypt: bool) -> dict[str, Answer]:
        asked = [await self._wanted(call, name) for name in names]
        wanted = [each for each, _ in asked]
        found = await rows.find(self.store.database, call.account, call.region, wanted)
        return {
            names[row.place - 1]: parameter(
                call, row, self.store.sealer, decrypt, asked[row.place - 1][1]
            )
            for row in found
        }

    async def _referred(self, call: Call, names: Sequence[str], decrypt: bool) -> dict[str, Answer]:
        shown = {}
        for name in names:
            try:
                shown[name] = await referred(self.store, call, name, decrypt=decrypt)
            except AwsError as error:
                if error.code != "ParameterNotFound":
                    raise
        return shown

    async def _wanted(self, call: Call, text: str) -> tuple[rows.Wanted, str]:
        """What a name or an ARN asks for, and the selector to echo. In the ARN of a name of one
        level nobody sees whether that began with a slash. Raises AwsError."""
        wanted, selector = read_selector(text)
        if text.startswith("arn:") and "/" not in wanted.name:
            where = self.store.database, call.account, call.region
            there = await rows.names_that_exist(*where, [wanted.name])
            if not there:
                wanted = wanted._replace(name=f"/{wanted.name}")
        return wanted, selector

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
