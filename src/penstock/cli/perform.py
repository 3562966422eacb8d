"""Performs the build a `penstock run` asks for, shows it as it goes, and ends with what matters."""

from __future__ import annotations

import gc
import os
import re
import sys
import time
from collections.abc import Callable, Mapping

from penstock.cli.alarm import Alarm, interrupt_on_signals, undisturbed
from penstock.cli.request import Request, RequestError
from penstock.cli.services import is_container, make_services
from penstock.cli.terminal import Terminal
from penstock.runner.codebuild.build import Build, Rescue
from penstock.runner.codebuild.environment import inherited
from penstock.runner.codebuild.order import Order, Result
from penstock.runner.codebuild.sinks import Sink
from penstock.runner.codebuild.source.removing import remove
from penstock.runner.shells.contract import DeadlinePassed
from penstock.state.builds import Status

EXITS = {Status.SUCCEEDED: 0, Status.STOPPED: 130, Status.FAULT: 3}


def perform(request: Request) -> int:
    """Performs one build in the foreground; the exit code says how it ended."""
    interrupt_on_signals()
    terminal = Terminal(2 if request.given.has("json") else 1)
    sink = make_sink(request, terminal)
    folder = make_folder(request.environ)
    began = time.monotonic()
    try:
        order = make_order(request, folder)
        build = Build(order, make_services(request, sink), sink, rescue=_rescue(request, terminal))
        tick = getattr(sink, "tick", None) if terminal.is_live else None
        result = perform_in_time(build, request.timeout, tick)
    finally:
        remove_folder(folder)
    _tell(request, result, time.monotonic() - began, terminal, sink)
    return EXITS.get(result.status, 1)


def perform_in_time(build: Build, timeout: float, tick: Callable[[], None] | None) -> Result:
    """Performs the build within `timeout` seconds; `tick` is called twice a second."""
    gc.enable()
    try:
        with Alarm(timeout, tick):
            return build.perform()
    except DeadlinePassed:
        return Result(Status.TIMED_OUT, ())


def make_order(request: Request, folder: str) -> Order:
    """The order for a build on this machine, whose temporary folder is `folder`."""
    given, environ = request.given, request.environ
    container = is_container(request)
    return Order(
        spec=request.spec,
        project=given.last("name") or _project(request.folder),
        uuid=make_uuid(),
        folder=os.path.join(folder, "tmp"),
        machine={} if container else _machine(environ),
        overrides=request.overrides,
        started=time.time(),
        timeout=request.timeout,
        region=environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION") or "us-east-1",
        image=_image(request) if container else "",
        initiator=environ.get("USER", ""),
        shell=request.spec.env.shell or "sh",
        strict_runtimes=given.has("strict_runtimes"),
    )


def _machine(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables of a build on this machine; CodeBuild's own programs are found first."""
    machine = inherited(environ)
    path = machine.get("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    machine["PATH"] = f"{_tools()}:{path}"
    machine.setdefault("HOME", os.path.expanduser("~"))
    return machine


def _image(request: Request) -> str:
    from penstock.cli.container import image_of

    return image_of(request.given)


def _tools() -> str:
    import penstock.runner.codebuild as package

    return os.path.join(package.__path__[0], "tools")


def _project(folder: str) -> str:
    """The folder's name, made a project name as AWS allows it (CB-184)."""
    name = re.sub(r"[^A-Za-z0-9_-]", "-", os.path.basename(folder)).lstrip("-_")
    return name[:150] or "build"


def make_uuid() -> str:
    digits = os.urandom(16).hex()
    return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", digits[16:20], digits[20:]))


def make_folder(environ: Mapping[str, str]) -> str:
    """A folder of the build's own; other users may pass through it (run-as), not look around."""
    parent = os.path.abspath(environ.get("TMPDIR") or "/tmp")  # noqa: S108 (the name is secret)
    folder = os.path.join(parent, f"penstock-{os.urandom(8).hex()}")
    try:
        os.mkdir(folder, 0o711)
        os.mkdir(os.path.join(folder, "tmp"), 0o700)
    except OSError as error:
        raise RequestError(
            f"{folder} cannot be made: {error.strerror}. Set TMPDIR to a folder with room."
        ) from None
    return folder


def remove_folder(folder: str) -> None:
    try:
        with undisturbed():
            remove(folder)
    except OSError as error:
        print(f"penstock run: {folder} was left behind: {error}", file=sys.stderr)


def make_sink(request: Request, terminal: Terminal) -> Sink:
    log_format = request.given.last("log_format") or "pretty"
    if log_format == "aws":
        from penstock.cli.log_aws import AwsSink

        return AwsSink(terminal)
    if log_format == "json":
        from penstock.cli.log_json import JsonSink

        return JsonSink(terminal, request.file)
    from penstock.cli.pretty import PrettySink

    return PrettySink(terminal, request.file)


def _rescue(request: Request, terminal: Terminal) -> Rescue | None:
    if not request.given.has("debug"):
        return None
    from penstock.cli.debug import rescue

    return rescue(terminal, request.file)


def _tell(request: Request, result: Result, seconds: float, terminal: Terminal, sink: Sink) -> None:
    if request.given.has("json"):
        from penstock.cli.result_json import print_result

        print_result(result, request.file, seconds)
    elif not request.given.has("log_format") or request.given.last("log_format") == "pretty":
        from penstock.cli.pretty import ending

        for line in ending(result, request.file, seconds, terminal):
            terminal.print(line)
