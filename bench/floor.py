"""The least that a durable server in Python does for a hot call: `python -m bench.floor`.

Starlette, uvicorn, one statement of psycopg, and what the call itself is: a file written or read,
its hashes, JSON. No signature is looked at, no model, no condition, no right, no version.
"""

from __future__ import annotations

import hashlib
import os
import sys
import zlib
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import uvicorn
from psycopg import AsyncConnection
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

FOR = ("get_parameter", "get_object", "put_object", "put_log_events")
"""The operations it has, as boto3 calls them."""

_TABLES = """
CREATE SCHEMA floor;
SET search_path = floor;
CREATE TABLE parameters (name text PRIMARY KEY, value text);
CREATE TABLE objects (name text PRIMARY KEY, etag text, file text);
CREATE TABLE events (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, data bytea);
INSERT INTO parameters VALUES ('/bench', 'value');
"""

Handler = Callable[[Request], Awaitable[Response]]


class Floor:
    """Its connections are as many as requests at a time; each commits by itself."""

    def __init__(self, url: str, folder: str) -> None:
        self._url = url
        self._folder = folder
        self._idle: list[AsyncConnection[Any]] = []

    def app(self) -> Starlette:
        methods = {"GET": self.get, "PUT": self.put}
        return Starlette(
            routes=[
                Route("/bench/{name}", handler, methods=[method])
                for method, handler in methods.items()
            ]
            + [Route("/", self.post, methods=["GET", "POST"])]
        )

    async def get(self, request: Request) -> Response:
        sql = "SELECT etag, file FROM floor.objects WHERE name = %s"
        rows = await self._ask(sql, request.path_params["name"])
        with open(rows[0][1], "rb", buffering=0) as file:
            return Response(file.read(), headers={"etag": rows[0][0]})

    async def put(self, request: Request) -> Response:
        body = await request.body()
        if hashlib.sha256(body).hexdigest() != request.headers["x-amz-content-sha256"]:
            return Response(status_code=400)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        path = f"{self._folder}/{uuid4().hex}"
        with open(path + "-", "xb", buffering=0) as file:
            file.write(body)
        os.rename(path + "-", path)
        sql = (
            "INSERT INTO floor.objects VALUES (%s, %s, %s) ON CONFLICT (name)"
            " DO UPDATE SET etag = excluded.etag, file = excluded.file"
        )
        await self._ask(sql, request.path_params["name"], etag, path)
        return Response(headers={"etag": etag})

    async def post(self, request: Request) -> Response:
        if request.method == "GET":
            return Response()
        asked = await request.json()
        if "logEvents" in asked:
            events = "\0".join(event["message"] for event in asked["logEvents"])
            sql = "INSERT INTO floor.events (data) VALUES (%b)"
            await self._ask(sql, zlib.compress(events.encode(), 1))
            return JSONResponse({})
        sql = "SELECT value FROM floor.parameters WHERE name = %s"
        rows = await self._ask(sql, asked["Name"])
        return JSONResponse({"Parameter": {"Value": rows[0][0]}})

    async def _ask(self, sql: Any, *values: Any) -> Any:
        connection = (
            self._idle.pop()
            if self._idle
            else await AsyncConnection.connect(self._url, autocommit=True)
        )
        cursor = await connection.execute(sql, values, prepare=True)
        rows = await cursor.fetchall() if cursor.description else []
        self._idle.append(connection)
        return rows


async def serve(port: int, url: str, folder: str) -> None:
    async with await AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(_TABLES)
    app = Floor(url, folder).app()
    await uvicorn.Server(
        uvicorn.Config(app, port=port, loop="uvloop", http="httptools", log_level="warning")
    ).serve()


if __name__ == "__main__":
    import uvloop

    uvloop.run(serve(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
