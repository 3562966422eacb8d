"""Starts the packed application and talks to it as its users will.

usage: python3 tools/smoke.py dist/gauges.pyz      (API_TOKEN is in the environment)
"""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from urllib.parse import urlsplit


def ask(address: str, method: str, path: str, body: object = None, token: str = ""):
    connection = http.client.HTTPConnection(address, timeout=10)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    print(f"  {method} {path} {headers}")
    connection.request(method, path, json.dumps(body), headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data


def expect(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        sys.exit(f"smoke test: {what}: expected {wanted!r}, found {found!r}")


def check(address: str) -> None:
    path = "/api/gauges/aare/readings"
    expect("no token", ask(address, "POST", path, {"level_cm": 400})[0], 401)
    token = os.environ["API_TOKEN"]
    expect("a reading", ask(address, "POST", path, {"level_cm": 400}, token)[0], 201)
    found = json.loads(ask(address, "GET", "/api/gauges")[1])
    expect("status", [(gauge["gauge"], gauge["status"]) for gauge in found], [("aare", "watch")])
    status, page = ask(address, "GET", "/")
    expect("the page", (status, b"<title>River gauges</title>" in page), (200, True))


def main(application: str) -> None:
    command = [sys.executable, application, "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            check(urlsplit(server.stdout.readline().split()[-1]).netloc)
        finally:
            server.terminate()
    print("smoke test: passed")


if __name__ == "__main__":
    main(*sys.argv[1:])
