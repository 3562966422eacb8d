"""One build of a batch, in the process made for it."""

from __future__ import annotations

import os
import time
from functools import partial

from penstock.cli.batch_log import LogTerminal
from penstock.cli.options import Given
from penstock.cli.perform import (
    make_order,
    make_sink,
    make_uuid,
    perform_in_time,
    remove_folder,
)
from penstock.cli.pretty import ending
from penstock.cli.request import Request, RequestError, read_request
from penstock.cli.result_json import as_json
from penstock.cli.services import is_container, make_services
from penstock.cli.terminal import Terminal
from penstock.decide.batches import Task
from penstock.runner.codebuild.batch_child import Child, Outcome
from penstock.runner.codebuild.build import Build
from penstock.runner.codebuild.order import Result
from penstock.runner.codebuild.source import Source, begin
from penstock.state.builds import PhaseContext, PhaseRecord, PhaseType, Status


class TaskBuilds:
    """Starts the builds of a batch.

    `source` is a copy of what the user builds, and each build has a copy of that: what changes
    meanwhile changes none of them. `folder` is the batch's own; `terminal` shows how they ended.
    """

    def __init__(self, request: Request, source: Source, folder: str, terminal: Terminal) -> None:
        self.batch_order = make_order(request, folder)
        self._request = request
        self._source = source
        self._folder = folder
        self._terminal = terminal
        self._uuids: dict[str, str] = {}
        self._parent = os.getpid()

    def arn(self, identifier: str) -> str:
        return self.batch_order._replace(uuid=self._uuids[identifier]).arn

    def spawn(self, task: Task) -> Child:
        """Starts the build of a task. Raises OSError."""
        uuid = self._uuids[task.identifier] = make_uuid()
        marker = f"CODEBUILD_BUILD_ID={self.batch_order.project}:{uuid}"
        return Child(partial(self._outcome, task, uuid), marker)

    def _outcome(self, task: Task, uuid: str) -> Outcome:
        began = time.time()
        result = self._result(task, uuid, began)
        file = task.buildspec or self._request.file
        seconds = time.time() - began
        lines = ending(result, file, seconds, self._terminal)
        return Outcome(result.status, as_json(result, file, seconds), tuple(lines))

    def _result(self, task: Task, uuid: str, began: float) -> Result:
        try:
            request = self._request_of(task)
        except RequestError as error:
            return _refused("YAML_FILE_ERROR", str(error), began)
        if request is None:  # what is wrong with it stands in the log
            message = f"{task.buildspec} is not a buildspec that CodeBuild would run"
            return _refused("YAML_FILE_ERROR", message, began)
        try:
            return self._build(request, task, uuid)
        except RequestError as error:
            return _refused("CLIENT_ERROR", str(error), began)

    def _request_of(self, task: Task) -> Request | None:
        """The request for a task's build, None as `read_request` does. Raises RequestError."""
        batch, path = self._request, self._source.path
        given = _given(batch.given, task, is_container(batch))
        request: Request | None
        if task.buildspec is None:
            request = batch._replace(given=given, source=begin(path))
        elif os.path.lexists(os.path.join(path, task.buildspec)):
            request = read_request(given, path, batch.environ)
        else:
            raise RequestError(f"YAML file does not exist: {task.buildspec}")
        # What a task sets, it sets on top of what the whole batch was started with.
        variables = {entry.name: entry.value for entry in task.env.variables}
        overrides = {**batch.overrides, **variables}
        return request and request._replace(folder=batch.folder, overrides=overrides)

    def _build(self, request: Request, task: Task, uuid: str) -> Result:
        """Performs the build. Raises RequestError."""
        folder = os.path.join(self._folder, uuid)
        os.mkdir(folder, 0o711)
        try:
            order = make_order(request, folder)
            order = order._replace(uuid=uuid, batch_identifier=task.identifier)
            os.mkdir(order.folder)
            sink = make_sink(request, LogTerminal(self._terminal.has_colors))
            services = make_services(request, sink)
            fetch = services.fetch
            services = services._replace(fetch=lambda target: self._known(fetch(target)))
            build = Build(order, services, sink)
            return perform_in_time(build, request.timeout, self._tick)
        finally:
            remove_folder(folder)

    def _tick(self) -> None:
        """Where the process that waits for the build has gone, the build ends too."""
        if os.getppid() != self._parent:
            raise KeyboardInterrupt

    def _known(self, copy: Source) -> Source:
        """The copy, with what CodeBuild's variables say of the original."""
        _, version, resolved, url, _ = self._source
        return copy._replace(version=version, resolved_version=resolved, repo_url=url)


def _given(given: Given, task: Task, container: bool) -> Given:
    """The options for one build: its own buildspec, image and folder of artifacts (CB-106)."""
    options = {name: values for name, values in given.options.items() if name != "commit"}
    if task.buildspec is not None:
        options["buildspec"] = (task.buildspec,)
    if container:
        options["docker"] = ("",)
        if task.env.image:
            options["image"] = (task.env.image,)
        if task.env.privileged_mode is False:
            options.pop("privileged", None)
    artifacts = given.last("artifacts")
    if artifacts is not None:
        options["artifacts"] = (os.path.join(artifacts, task.identifier),)
    return Given(options, given.words)


def _refused(code: str, message: str, began: float) -> Result:
    """The result of a build that has no commands to run (CB-003)."""
    context = PhaseContext(code, message)
    phase = PhaseRecord(PhaseType.DOWNLOAD_SOURCE, began, time.time(), Status.FAILED, context)
    return Result(Status.FAILED, (phase,))
