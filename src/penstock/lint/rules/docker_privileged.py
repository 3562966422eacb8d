"""CB-057, CB-217: the Docker daemon runs only in privileged mode."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.batch import Batch
from penstock.documents.diagnostics import Severity
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

_SUBCOMMANDS = "build buildx compose exec load network ps pull push run save service stack up"
_DAEMON = frozenset(_SUBCOMMANDS.split())


@rule(
    id="docker-privileged",
    severity=Severity.INFO,
    summary="Commands use Docker, which needs a project in privileged mode.",
    bad="""
version: 0.2
phases:
  build:
    commands:
      - docker build -t app .
""",
    good="""
version: 0.2
batch:
  build-list:
    - identifier: image
      env:
        privileged-mode: true
phases:
  build:
    commands:
      - docker build -t app .
""",
)
def docker_privileged(subject: Subject) -> Iterator[Finding]:
    if subject.buildspec.batch and _privileged(subject.buildspec.batch):
        return
    for step, call in subject.calls():
        compose = call.program == "docker-compose"
        if compose or (call.program == "docker" and _DAEMON.intersection(call.plain[1:2])):
            message = "Docker works only in a project with privilegedMode"
            hint = "a project without it fails with `Cannot connect to the Docker daemon`"
            yield Finding(subject.place(step.command, call.at), message, hint)
            return


def _privileged(batch: Batch) -> bool:
    environments = [task.env for task in (*batch.graph, *batch.list)]
    if batch.matrix:
        environments.append(batch.matrix.static_env)
    return any(environment.privileged_mode for environment in environments)
