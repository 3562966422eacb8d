"""Which builds a batch of the server asks for, and with what (CB-101…107, CB-137). Pure.

A plan is kept as JSON: what `plan_of` makes of the buildspec's `batch`. `decide.batches` is then
asked what to do with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from penstock.decide.batches import (
    MOST_BUILDS,
    Dropped,
    Moves,
    Plan,
    Task,
    TooManyBuilds,
    expand,
    next_moves,
    record,
)
from penstock.decide.overrides import effective_build
from penstock.documents.batch import Batch, BatchEnv
from penstock.state.batches import BatchProgress
from penstock.state.builds import Status
from penstock.state.recorded_batches import DOWNLOAD_SOURCE, BatchBuild

Document = dict[str, Any]
Member = Mapping[str, Any]

TIMEOUT = 480
"""Minutes (CB-105)."""

UNTOLD: Document = {
    "fastFail": False,
    "tasks": [],
    "problem": ["INTERNAL_ERROR", "The first build of the batch did not tell what to build."],
}

_RENAMED = {
    "buildTimeoutInMinutesOverride": "timeoutInMinutesOverride",
    "reportBuildBatchStatusOverride": "reportBuildStatusOverride",
}
_LONGEST_IDENTIFIER = 128
_UNPINNED = ("CODEPIPELINE", "NO_SOURCE", "S3")


def effective_batch(project: Member, request: Member) -> Document:
    """A project's members as this batch has them; `request` has StartBuildBatch's.

    A build that fails is not built again by itself: it is the batch that is retried.
    """
    renamed = {_RENAMED.get(member, member): value for member, value in request.items()}
    effective = effective_build(project, renamed)
    effective.pop("autoRetryLimit", None)
    config = {
        **project.get("buildBatchConfig", {}),
        **request.get("buildBatchConfigOverride", {}),
    }
    return {**effective, "buildBatchConfig": {"timeoutInMins": TIMEOUT, **config}}


def plan_of(batch: Batch | None, effective: Member) -> Document:
    """The plan as it is kept; with a `problem` where the batch cannot be (CB-105)."""
    if batch is None:
        return _refused("YAML_FILE_ERROR", "The buildspec has no batch section that names builds")
    restrictions = effective["buildBatchConfig"].get("restrictions", {})
    try:
        tasks = expand(batch, restrictions.get("maximumBuildsAllowed", MOST_BUILDS))
    except TooManyBuilds as error:
        return _refused("CLIENT_ERROR", f"maximumBuildsAllowed: {error}")
    if not tasks:
        return _refused("YAML_FILE_ERROR", "The batch has no builds")
    allowed = restrictions.get("computeTypesAllowed")
    default = effective["environment"]["computeType"]
    for task in tasks:
        if not _is_identifier(task.identifier):
            return _refused("YAML_FILE_ERROR", f"Invalid identifier: {task.identifier[:100]!r}")
        compute_type = task.env.compute_type or default
        if allowed and compute_type not in allowed:
            message = f"computeTypesAllowed: {task.identifier} asks for {compute_type}"
            return _refused("CLIENT_ERROR", message)
    plan = {"fastFail": batch.fast_fail, "tasks": [_kept(task) for task in tasks]}
    if "\\u0000" in json.dumps(plan):  # no variable can have it, and no database keep it
        return _refused("YAML_FILE_ERROR", "The batch has a NUL character")
    return plan


def _refused(code: str, message: str) -> Document:
    message = message.replace("\0", "")
    return {"fastFail": False, "tasks": [], "problem": [code, message]}


def _is_identifier(name: str) -> bool:
    fits = 0 < len(name) <= _LONGEST_IDENTIFIER
    return fits and name.isprintable() and "/" not in name and name != DOWNLOAD_SOURCE


def _kept(task: Task) -> Document:
    return {
        "identifier": task.identifier,
        "dependsOn": list(task.depends_on),
        "ignoreFailure": task.ignore_failure,
        "overrides": overrides(task.buildspec, task.env),
    }


def overrides(buildspec: str | None, env: BatchEnv) -> Document:
    """StartBuild's members for what a task says of its own (CB-101, CB-102)."""
    given = {
        "buildspecOverride": buildspec,
        "computeTypeOverride": env.compute_type,
        "fleetOverride": {"fleetArn": env.fleet} if env.fleet else None,
        "imageOverride": env.image,
        "privilegedModeOverride": env.privileged_mode,
        "environmentTypeOverride": env.type,
    }
    found: Document = {name: value for name, value in given.items() if value is not None}
    if env.variables:
        found["environmentVariablesOverride"] = [
            {"name": entry.name, "value": entry.value, "type": "PLAINTEXT"}
            for entry in env.variables
        ]
    return found


def executable_plan(plan: Member | None, effective: Member) -> Plan:
    """For the decider. Nothing starts before the source was read."""
    source = Task(DOWNLOAD_SOURCE)
    kept = plan["tasks"] if plan else ()
    tasks = (
        Task(
            one["identifier"],
            ignore_failure=one["ignoreFailure"],
            depends_on=(DOWNLOAD_SOURCE, *one["dependsOn"]),
        )
        for one in kept
    )
    jobs = effective.get("concurrentBuildLimit", MOST_BUILDS)
    return Plan((source, *tasks), jobs, bool(plan and plan["fastFail"]))


def current(builds: Iterable[BatchBuild]) -> list[BatchBuild]:
    """Those that count, at most one for each task."""
    return [build for build in builds if not build.superseded]


def progress_of(builds: Iterable[BatchBuild], *, stopped: bool) -> BatchProgress:
    running, ended = [], {}
    for build in current(builds):
        if build.status is Status.IN_PROGRESS:
            running.append(build)
        else:
            ended[build.identifier] = build.status
    return BatchProgress(
        running=frozenset(build.identifier for build in running),
        stopping=frozenset(build.identifier for build in running if build.stopping),
        ended=ended,
        stopped=stopped,
    )


def source_build(builds: Iterable[BatchBuild]) -> BatchBuild | None:
    """The first build, which there is unless it has yet to start."""
    found = (build for build in current(builds) if build.identifier == DOWNLOAD_SOURCE)
    return next(found, None)


def has_read_source(builds: Iterable[BatchBuild]) -> bool:
    source = source_build(builds)
    return source is not None and source.status is Status.SUCCEEDED


def resolved_version(builds: Iterable[BatchBuild]) -> str:
    """What the first build found the source's version to be; empty where it did not tell."""
    source = source_build(builds)
    return str(source.outcome.get("resolvedSourceVersion", "")) if source else ""


def final_status(plan: Member | None, stopping: str | None, decided: Status) -> Status:
    """How a batch ends of which `decide.batches` has `decided` the end."""
    if stopping is not None:
        return Status(stopping)
    return Status.FAILED if plan and "problem" in plan else decided


def moves_now(plan: Plan, progress: BatchProgress) -> Moves:
    """All there is to do now, once all that is lost has been dropped."""
    moves = next_moves(plan, progress)
    while moves.drop:
        for lost in moves.drop:
            progress = record(progress, Dropped(*lost))
        moves = next_moves(plan, progress)
    return moves


def member_build(
    effective: Member, plan: Member | None, identifier: str, resolved_version: str
) -> Document:
    """The effective build of a task.

    All builds have the commit that the first one found. Artifacts in S3 go to folders by
    identifier, so that none replaces another's (AWS: unspecified); those that are to be combined
    are ZIPs, in folders by build.
    """
    build = effective_build(effective, _overrides_of(plan, identifier))
    if identifier == DOWNLOAD_SOURCE:
        nothing = {"type": "NO_ARTIFACTS"}
        return {
            **build,
            "artifacts": nothing,
            "secondaryArtifacts": [],
            "cache": {"type": "NO_CACHE"},
        }
    if resolved_version and build["source"]["type"] not in _UNPINNED:
        build["sourceVersion"] = _pinned(build.get("sourceVersion", ""), resolved_version)
    if combines(effective):
        part = {"packaging": "ZIP", "namespaceType": "BUILD_ID"}
        build["artifacts"] = {**build["artifacts"], **part}
    else:
        build["artifacts"] = _placed(build["artifacts"], identifier)
    build["secondaryArtifacts"] = [
        _placed(one, identifier) for one in build.get("secondaryArtifacts", ())
    ]
    return build | _for_pipeline(build["secondaryArtifacts"], plan, identifier)


def combines(effective: Member) -> bool:
    """Whether the builds' primary artifacts are to be one (CB-106)."""
    wanted = effective["buildBatchConfig"].get("combineArtifacts", False)
    return wanted and "location" in effective["artifacts"]


def _overrides_of(plan: Member | None, identifier: str) -> Member:
    tasks = plan["tasks"] if plan else ()
    found: Member = next((one["overrides"] for one in tasks if one["identifier"] == identifier), {})
    return found


def _for_pipeline(artifacts: list[Member], plan: Member | None, identifier: str) -> Document:
    """Of what a pipeline wants of the builds, this one's: `<identifier>` is its primary artifact,
    `<identifier>_<name>` a secondary one (CB-106). Nothing where no pipeline wants any."""
    if not any(one["type"] == "CODEPIPELINE" for one in artifacts):
        return {}
    others = {task["identifier"] for task in (plan["tasks"] if plan else ())}
    found: Document = {"secondaryArtifacts": []}
    for one in artifacts:
        wanted = one["artifactIdentifier"]
        name = wanted.removeprefix(f"{identifier}_")
        if wanted == identifier:
            place = {key: one[key] for key in one if key != "artifactIdentifier"}
            found["artifacts"] = place
        elif name != wanted and wanted not in others:
            found["secondaryArtifacts"].append({**one, "artifactIdentifier": name})
    return found


def _pinned(version: str, commit: str) -> str:
    """CB-151: with the branch or tag, where one was asked for."""
    if not version or version == commit or version.endswith("}"):
        return version or commit
    return f"{version}^{{{commit}}}"


def _placed(artifacts: Member, identifier: str) -> Member:
    if artifacts["type"] != "S3" or artifacts.get("namespaceType") == "BUILD_ID":
        return artifacts
    path = artifacts.get("path", "").rstrip("/")
    return {**artifacts, "path": f"{path}/{identifier}" if path else identifier}
