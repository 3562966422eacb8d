"""The HTTP side: a JSON API for readings, and the page that shows them."""

from __future__ import annotations

import hmac
import json
import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import NamedTuple

from gauges.levels import BadReading, parse_reading, summarise

MOST_BYTES = 4096
READINGS = re.compile(r"/api/gauges/([a-z][a-z0-9-]{0,40})/readings")
FILES = re.compile(r"/([\w.-]+\.(js|html))")
TYPES = {"js": "text/javascript", "html": "text/html; charset=utf-8"}


class Settings(NamedTuple):
    """`token` is what a client must send to add readings."""

    token: str
    flood_cm: float = 450.0


class GaugeServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], settings: Settings) -> None:
        super().__init__(address, GaugeHandler)
        self.settings = settings
        self.readings: dict[str, list[float]] = {}


class GaugeHandler(BaseHTTPRequestHandler):
    server: GaugeServer

    def do_GET(self) -> None:
        if self.path == "/api/gauges":
            found = summarise(self.server.readings, self.server.settings.flood_cm)
            self._answer(200, [summary._asdict() for summary in found])
            return
        name = FILES.fullmatch("/index.html" if self.path == "/" else self.path)
        page = resources.files("gauges") / "web" / name[1] if name else None
        if name and page and page.is_file():
            self._send(200, TYPES[name[2]], page.read_bytes())
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        wanted = READINGS.fullmatch(self.path)
        if not wanted:
            self._answer(404, {"error": "not found"})
        elif not self._is_authorised():
            self._answer(401, {"error": "a valid bearer token is needed"})
        else:
            try:
                level = parse_reading(self._body())
            except BadReading as error:
                self._answer(400, {"error": str(error)})
                return
            self.server.readings.setdefault(wanted[1], []).append(level)
            self._answer(201, {"gauge": wanted[1], "level_cm": level})

    def _is_authorised(self) -> bool:
        given = self.headers.get("Authorization", "").encode()
        return hmac.compare_digest(given, f"Bearer {self.server.settings.token}".encode())

    def _body(self) -> object:
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise BadReading(f"the body must have at most {MOST_BYTES} bytes")
        try:
            return json.loads(self.rfile.read(int(length)))
        except ValueError:
            raise BadReading("the body must be JSON") from None

    def _answer(self, status: int, value: object) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, content_type: str, data: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: the load balancer does that."""
