"""`penstock run --plan`: what would run, and nothing run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from penstock.cli.request import PHASES, Request
from penstock.documents.buildspec import Artifact, Buildspec, Command, OnFailure, Phase


def show_plan(request: Request) -> int:
    request.source.close()
    plan = as_json(request.spec, request.file)
    if request.given.has("json"):
        print(json.dumps(plan, indent=2))
    else:
        print("\n".join(_lines(plan)))
    return 0


def as_json(spec: Buildspec, file: str) -> dict[str, Any]:
    """The plan as plain values: what each phase runs, and what is fetched, kept and reported."""
    env = spec.env
    needs = [{"name": e.name, "parameter": e.value} for e in env.parameter_store]
    needs += [{"name": s.name, "secret": s.reference.secret_id} for s in env.secrets_manager]
    return {
        "buildspec": file,
        "version": spec.version,
        "shell": env.shell or "sh",
        "variables": [entry.name for entry in env.variables],
        "secrets": needs,
        "exported": [text.value for text in env.exported_variables],
        "phases": [_phase(spec.phase(name), file) for name in PHASES],
        "cache": [text.value for text in spec.cache.paths] if spec.cache else [],
        "reports": [group.name for group in spec.reports],
        "artifacts": _artifacts(spec),
        "batch": spec.batch is not None,
    }


def _phase(phase: Phase, file: str) -> dict[str, Any]:
    return {
        "name": phase.name,
        "runtimes": {entry.name: entry.value for entry in phase.runtime_versions},
        "runAs": phase.run_as,
        "onFailure": _policy(phase.on_failure),
        "commands": [_command(command, file) for command in phase.commands],
        "finally": [_command(command, file) for command in phase.finally_],
    }


def _policy(policy: OnFailure | None) -> str | None:
    if policy is None or not policy.retries:
        return policy and str(policy.action)
    return f"{policy.action}-{policy.retries}-{policy.pattern}"


def _command(command: Command, file: str) -> dict[str, Any]:
    return {"command": command.text, "file": file, "line": command.at.line}


def _artifacts(spec: Buildspec) -> list[dict[str, Any]]:
    if spec.artifacts is None:
        return []
    return [_artifact(artifact) for artifact in (spec.artifacts.primary, *spec.artifacts.secondary)]


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "identifier": artifact.identifier or None,
        "name": artifact.name,
        "baseDirectory": artifact.base_directory,
        "files": [text.value for text in artifact.files],
    }


def _lines(plan: dict[str, Any]) -> Iterator[str]:
    yield f"{plan['buildspec']}: version {plan['version']}, commands run by {plan['shell']}"
    for need in plan["secrets"]:
        yield f"needs {need['name']} = {need.get('parameter') or need.get('secret')}"
    for phase in plan["phases"]:
        yield from _phase_lines(phase)
    for title in ("reports", "cache"):
        if plan[title]:
            yield f"{title}: {', '.join(plan[title])}"
    for artifact in plan["artifacts"]:
        yield f"artifact {artifact['identifier'] or ''}: {', '.join(artifact['files'])}"
    if plan["batch"]:
        yield "has a batch: run it with --batch"


def _phase_lines(phase: dict[str, Any]) -> Iterator[str]:
    if not phase["commands"] and not phase["finally"] and not phase["runtimes"]:
        return
    extras = [f"{name} {version}" for name, version in phase["runtimes"].items()]
    extras += [f"as {phase['runAs']}"] if phase["runAs"] else []
    extras += [f"on failure {phase['onFailure']}"] if phase["onFailure"] else []
    yield phase["name"].upper() + (f" ({', '.join(extras)})" if extras else "")
    for title in ("commands", "finally"):
        for command in phase[title]:
            first, *more = command["command"].rstrip("\n").split("\n")
            mark = "finally $" if title == "finally" else "$"
            yield f"  {command['file']}:{command['line']}  {mark} {first}{' …' if more else ''}"
