"""Listings of parameters: below a path, all there are, all versions of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from penstock.errors import AwsError
from penstock.services.paging import cut, make_token, read_token
from penstock.services.service import Answer, Request, Service
from penstock.services.ssm.filters import BY_PATH, Filter, check_filters, passes
from penstock.services.ssm.shapes import metadata, parameter, value_of
from penstock.state.calls import Call
from penstock.store import parameters as rows

BATCH = 500  # rows looked at before a page is answered, full or not
BAD_TOKEN = AwsError("InvalidNextToken", "The specified token is not valid.")


class Listing(Service):
    async def get_parameters_by_path(self, call: Call, request: Request) -> Answer:
        path = request["Path"]
        if not path.startswith("/"):
            raise AwsError(
                "ValidationException",
                "The parameter path must begin with a slash. It can consist of sub-paths divided by"
                " slash symbol; each sub-path can be formed as a mix of letters, numbers and the"
                f" following 3 symbols .-_. The path is {path}",
            )
        filters = request.get("ParameterFilters", [])
        check_filters(filters, BY_PATH)
        folder = path if path.endswith("/") else path + "/"
        page, token = await self._page(
            call, folder, request.get("Recursive", False), filters, request, most=10
        )
        decrypt = request.get("WithDecryption", False)
        found = [parameter(call, row, self.store.sealer, decrypt) for row in page]
        return _with_token({"Parameters": found}, token)

    async def describe_parameters(self, call: Call, request: Request) -> Answer:
        filters = [*request.get("ParameterFilters", []), *request.get("Filters", [])]
        if request.get("ParameterFilters") and request.get("Filters"):
            raise AwsError(
                "ValidationException",
                "You can use either Filters or ParameterFilters in a single request.",
            )
        check_filters(filters)
        if request.get("Shared"):
            return {"Parameters": []}  # no parameter is another account's
        page, token = await self._page(call, "", True, filters, request, most=50)
        return _with_token({"Parameters": [metadata(call, row) for row in page]}, token)

    async def _page(
        self,
        call: Call,
        folder: str,
        recursive: bool,
        filters: Sequence[Filter],
        request: Request,
        most: int,
    ) -> tuple[Sequence[Any], str | None]:
        kind = f"{call.operation}:{folder}"
        (after,) = read_token(kind, request.get("NextToken"), BAD_TOKEN) or ("",)
        limit = request.get("MaxResults", most)
        batch = BATCH if filters else limit + 1
        found = await rows.below(
            self.store.database, call.account, call.region, folder, after, batch, recursive
        )
        passing = [row for row in found if passes(row, filters)]
        page, token = cut(passing, limit, lambda row: make_token(kind, row.name))
        if token is None and len(found) == batch and filters:
            token = make_token(kind, found[-1].name)  # a short page with more behind it (TG-079)
        return page, token

    async def get_parameter_history(self, call: Call, request: Request) -> Answer:
        name = request["Name"]
        kind = f"{call.operation}:{name}"
        (after,) = read_token(kind, request.get("NextToken"), BAD_TOKEN) or (0,)
        limit = request.get("MaxResults", 50)
        found = await rows.history(
            self.store.database, call.account, call.region, name, after, limit + 1
        )
        if not found and not after:
            raise AwsError("ParameterNotFound", f"Parameter {name} not found.")
        page, token = cut(found, limit, lambda row: make_token(kind, row.version))
        decrypt = request.get("WithDecryption", False)
        versions = [
            metadata(call, row)
            | {"Value": value_of(row, self.store.sealer, decrypt), "Labels": row.labels}
            for row in page
        ]
        return _with_token({"Parameters": versions}, token)


def _with_token(answer: Answer, token: str | None) -> Answer:
    return answer | {"NextToken": token} if token else answer
