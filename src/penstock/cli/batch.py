"""`penstock run --batch`: the builds of a buildspec's batch, at once (CB-100…107)."""

from __future__ import annotations

import os
import time

from penstock.cli.alarm import interrupt_on_signals
from penstock.cli.batch_build import TaskBuilds
from penstock.cli.batch_json import print_batch
from penstock.cli.batch_log import BatchLog
from penstock.cli.perform import EXITS, make_folder, make_sink, remove_folder
from penstock.cli.request import Request, RequestError
from penstock.cli.services import is_container
from penstock.cli.terminal import Terminal
from penstock.decide.batches import Plan, TooManyBuilds, expand, phase_records
from penstock.runner.codebuild.batch import BatchRun
from penstock.runner.codebuild.source import SourceError
from penstock.state.builds import Status

# Two seconds after Ctrl-C nothing of a build runs any more. An engine takes longer over containers.
PATIENCE = 1.7
PATIENCE_WITH_CONTAINERS = 10.0


def run_batch(request: Request) -> int:
    """Performs the batch in the foreground; the exit code says how it ended.

    Raises RequestError.
    """
    interrupt_on_signals()
    try:
        plan = _plan(request)
        folder = make_folder(request.environ)
    except RequestError:
        request.source.close()
        raise
    try:
        return EXITS.get(_perform(request, plan, folder), 1)
    except SourceError as error:
        raise RequestError(str(error)) from None
    finally:
        remove_folder(folder)


def _plan(request: Request) -> Plan:
    batch, given = request.spec.batch, request.given
    if batch is None:
        raise RequestError(
            f"{request.file} has no `batch` section, or none that names builds. "
            "Leave out --batch to run it as one build."
        )
    if given.has("in_place"):
        raise RequestError("--in-place: the builds of a batch run at once, each in its own copy.")
    if given.has("debug"):
        raise RequestError("--debug: a batch has no terminal to lend. Run the one build by itself.")
    place = f"{request.file}:{batch.at.line}"
    try:
        tasks = expand(batch)
    except TooManyBuilds as error:
        raise RequestError(f"{place}: {error} on CodeBuild.") from None
    if not tasks:
        raise RequestError(f"{place}: the batch has no builds.")
    for task in tasks:
        _check_identifier(task.identifier, place)
    return Plan(tasks, _jobs(given.last("jobs")), batch.fast_fail)


def _check_identifier(name: str, place: str) -> None:
    """An identifier stands before lines of the log and is the name of a folder for artifacts."""
    if not name.isprintable() or "/" in name or name.startswith(".") or len(name) > 100:
        raise RequestError(
            f"{place}: the identifier {name[:100]!r} cannot be the name of a folder. "
            "Use letters, digits, `_` and `-`."
        )


def _jobs(text: str | None) -> int:
    if text is None:
        return os.cpu_count() or 1
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text)):
        raise RequestError(f"--jobs {text}: write a whole number above 0, such as -j 4.")
    return int(text)


def _perform(request: Request, plan: Plan, folder: str) -> Status:
    submitted = time.time()
    terminal = Terminal(2 if request.given.has("json") else 1)
    container = is_container(request)
    source = request.source.prepare(os.path.join(folder, "source"), self_contained=container)
    for note in (*source.notes, *_notes(request, plan)):
        make_sink(request, terminal).note(note)
    log = BatchLog(terminal, request.given.last("log_format") or "pretty", plan)
    builds = TaskBuilds(request, source, folder, terminal)
    patience = PATIENCE_WITH_CONTAINERS if container else PATIENCE
    downloaded = time.time()
    status, records = BatchRun(plan, builds.spawn, log, patience).perform()
    phases = phase_records(submitted, downloaded, time.time(), status)
    if request.given.has("json"):
        print_batch(builds, source, status, phases, records)
    else:
        log.tell(status, records, phases[-1].started - submitted)
    return status


def _notes(request: Request, plan: Plan) -> list[str]:
    """What tasks ask for and do not get."""
    notes = []
    if not is_container(request) and any(task.env.image for task in plan.tasks):
        notes.append("The images that tasks name are used with --docker only.")
    if not request.given.has("privileged") and any(t.env.privileged_mode for t in plan.tasks):
        # A privileged container owns the machine: its owner grants that, not the buildspec.
        notes.append("The privileged-mode of tasks is used with --privileged only.")
    return notes
