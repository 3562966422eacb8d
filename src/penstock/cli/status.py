"""`penstock status`: whether a server is up, where, and what it answers for."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from penstock.cli.options import Given, Usage
from penstock.cli.server_command import HELP, JSON, folder_of, options, settings_of
from penstock.serving.folder import Holder

USAGE = Usage(
    "status",
    "Tells whether the server of a data folder is up.",
    (*options("data"), JSON, HELP),
    notes="Exit codes: 0 it is up and ready, 1 it is not.",
)
_PATIENCE = 5  # seconds


def perform(given: Given) -> int:
    folder = folder_of(settings_of(given))
    holder = folder.holder()
    found = _status(holder) if holder else {"status": "down"}
    found["data"] = folder.path
    if given.has("json"):
        print(json.dumps(found, indent=2))
    else:
        print("\n".join(_lines(found)))
    return 0 if found["status"] == "ready" else 1


def _status(holder: Holder) -> dict[str, Any]:
    ready = _ask(f"{holder.endpoint}/_penstock/ready") if holder.endpoint else None
    live = _ask(f"{holder.endpoint}/_penstock/health") if ready else None
    return {
        "status": ready["status"] if ready else "starting" if not holder.endpoint else "not ready",
        "endpoint": holder.endpoint,
        "version": holder.version,
        "process": holder.pid,
        "upSeconds": round(time.time() - holder.since),
        "storage": holder.storage,
        "services": live["services"] if live else {},
    }


def _ask(url: str) -> dict[str, Any] | None:
    try:
        with urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - a server's own address
            found: dict[str, Any] = json.load(answer)
            return found
    except (URLError, OSError, ValueError):
        return None


def _lines(found: dict[str, Any]) -> list[str]:
    if found["status"] == "down":
        return [f"down      no server is up on {found['data']}"]
    services = found["services"]
    own = [name for name, by in services.items() if by == "penstock"]
    others = [f"{name} by {by}" for name, by in services.items() if name not in own]
    return [
        f"{found['status']:<9} {found['endpoint']}",
        f"version   {found['version']}, process {found['process']}, up {found['upSeconds']} s",
        f"data      {found['data']}",
        f"blobs     {found['storage']}",
        f"real      {', '.join(own)}",
        *([f"elsewhere {', '.join(others)}"] if others else []),
        "sandbox   every other service: in memory, and gone when the server ends",
    ]
