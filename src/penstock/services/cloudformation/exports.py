"""What stacks export to one another (TG-120)."""

from __future__ import annotations

from penstock.services.cloudformation.errors import invalid, invalid_token
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call
from penstock.store import exports

PAGE = 100


class Exports(Service):
    async def list_exports(self, call: Call, request: Request) -> Answer:
        (after,) = read_token("exports", request.get("NextToken"), invalid_token()) or ("",)
        found = await exports.list_exports(
            self.store.database,
            self.store.sealer,
            call.account,
            call.region,
            after=after,
            limit=PAGE + 1,
        )
        page, token = cut(found, PAGE, lambda one: make_token("exports", one.name))
        answer: Answer = {
            "Exports": [
                {"ExportingStackId": one.stack.arn, "Name": one.name, "Value": one.value}
                for one in page
            ]
        }
        return {**answer, "NextToken": token} if token else answer

    async def list_imports(self, call: Call, request: Request) -> Answer:
        name = request["ExportName"]
        kind = f"imports of {name}"
        (after,) = read_token(kind, request.get("NextToken"), invalid_token()) or ("",)
        found = await exports.list_importers(
            self.store.database, call.account, call.region, name, after=after, limit=PAGE + 1
        )
        if not found and not after:
            raise invalid(f"Export '{name}' is not imported by any stack.")
        page, token = cut(found, PAGE, lambda stack: make_token(kind, stack))
        answer: Answer = {"Imports": list(page)}
        return {**answer, "NextToken": token} if token else answer
