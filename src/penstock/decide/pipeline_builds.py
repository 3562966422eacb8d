"""The build that a CodeBuild action asks for, and what its end is to the action (CP-125).

Such a build has sources and artifacts of type CODEPIPELINE, whatever its project says: each input
is the ARN of its object, as `sourceVersion` (CB-113); each output has its very place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.decide.artifact_places import location_arn
from penstock.decide.overrides import effective_build
from penstock.state.builds import Status
from penstock.state.pipelines import Artifact, Failed, Succeeded

Document = dict[str, Any]
Member = Mapping[str, Any]

TYPE = "CODEPIPELINE"
_TYPES = ("PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER")
_BAD = (
    "EnvironmentVariables is to be a JSON array of objects with name, value and, if it is not"
    " PLAINTEXT, type (PARAMETER_STORE or SECRETS_MANAGER)"
)


class Ordered(NamedTuple):
    """What the action gives its build. `primary` names one of `inputs`, if there are any; `outputs`
    are places, encrypted with `key`. As a `batch` it has the outputs of several builds."""

    primary: str
    inputs: Mapping[str, Artifact]
    outputs: Mapping[str, Artifact]
    variables: Sequence[Member] = ()
    batch: bool = False
    key: str = ""


def read_variables(text: str) -> list[Member]:
    """The action's EnvironmentVariables. Raises ValueError, which says what is wrong.

    Lines may break within values: messages of commits are put in as they are.
    """
    try:
        found = json.loads(text or "[]", strict=False)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_BAD}: {error}") from None
    if not isinstance(found, list):
        raise ValueError(_BAD)
    for number, one in enumerate(found, 1):
        if not _is_variable(one):
            raise ValueError(f"{_BAD}; number {number} is none")
    return [
        {"name": one["name"], "value": one["value"], "type": one.get("type", "PLAINTEXT")}
        for one in found
    ]


def _is_variable(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and _is_text(one.get("name"))
        and bool(one["name"])
        and _is_text(one.get("value"))
        and one.get("type", "PLAINTEXT") in _TYPES
    )


def _is_text(value: Any) -> bool:
    """Whether a process can be given it."""
    if not isinstance(value, str) or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def primary_of(names: Sequence[str], asked: str) -> str:
    """The primary one of the input artifacts; "" where there are none. Raises ValueError."""
    if asked and asked not in names:
        raise ValueError(f"PrimarySource {asked} is none of the input artifacts")
    if len(names) > 1 and not asked:
        raise ValueError("PrimarySource has to name one of the input artifacts")
    return asked or (names[0] if names else "")


def ordered_build(project: Member, ordered: Ordered) -> Document:
    """The effective build of a project, or of one that there is for this build alone."""
    build = effective_build(project, {"environmentVariablesOverride": ordered.variables})
    buildspec = project["source"].get("buildspec", "")
    secondary = [name for name in ordered.inputs if name != ordered.primary]
    # A rule may have no input (CP-074); an action has one.
    build["source"] = {"type": TYPE if ordered.inputs else "NO_SOURCE", "buildspec": buildspec}
    build.pop("sourceVersion", None)
    if ordered.inputs:
        build["sourceVersion"] = arn_of(ordered.inputs[ordered.primary])
    build["secondarySources"] = [{"type": TYPE, "sourceIdentifier": name} for name in secondary]
    build["secondarySourceVersions"] = [
        {"sourceIdentifier": name, "sourceVersion": arn_of(ordered.inputs[name])}
        for name in secondary
    ]
    build["pipelineRevisions"] = {
        arn_of(one): one.revision for one in ordered.inputs.values() if one.revision
    }
    build.pop("autoRetryLimit", None)  # CB-139
    if ordered.key:
        build["encryptionKey"] = ordered.key
    return build | _artifacts(ordered)


def _artifacts(ordered: Ordered) -> Document:
    """One output is the primary artifact; of several each is a secondary one of its name."""
    placed = {name: _place(place, ordered.key) for name, place in ordered.outputs.items()}
    if len(placed) == 1 and not ordered.batch:
        return {"artifacts": next(iter(placed.values())), "secondaryArtifacts": []}
    return {
        "artifacts": {"type": "NO_ARTIFACTS"},
        "secondaryArtifacts": [
            {**place, "artifactIdentifier": name} for name, place in placed.items()
        ],
    }


def _place(artifact: Artifact, key: str) -> Document:
    path, _, name = artifact.key.rpartition("/")
    return {
        "type": TYPE,
        "location": artifact.bucket,
        "path": path,
        "name": name,
        "packaging": "ZIP",
        "encryptionKey": key,
    }


def arn_of(artifact: Artifact) -> str:
    return location_arn(artifact.bucket, artifact.key)


def outcome_of(document: Member, outputs: Mapping[str, Artifact]) -> Succeeded | Failed:
    """What a build that has ended is to its action. An output that the buildspec has no artifact
    for is not there, which only who needs it minds."""
    if document["buildStatus"] != Status.SUCCEEDED:
        return Failed("JobFailed", _terminated(document))
    return Succeeded(
        _made(outputs, (document,)),
        {one["name"]: one["value"] for one in document.get("exportedEnvironmentVariables", ())},
    )


def batch_outcome_of(
    document: Member, builds: Iterable[Member], outputs: Mapping[str, Artifact]
) -> Succeeded | Failed:
    """What a batch that has ended is to its action; `builds` are the outcomes of those that count.
    The variables that they export are nobody's: there are several of a name."""
    status = document["buildBatchStatus"]
    if status != Status.SUCCEEDED:
        return Failed("JobFailed", f"Batch build terminated with state: {status}")
    return Succeeded(_made(outputs, (document, *builds)))


def _made(outputs: Mapping[str, Artifact], documents: Iterable[Member]) -> dict[str, Artifact]:
    made = {
        one["location"]
        for document in documents
        for one in (document.get("artifacts", {}), *document.get("secondaryArtifacts", ()))
        if one.get("sha256sum")
    }
    return {name: place for name, place in outputs.items() if arn_of(place) in made}


def _terminated(document: Member) -> str:
    said = f"Build terminated with state: {document['buildStatus']}"
    for phase in document["phases"]:
        context = (phase.get("contexts") or [{}])[0]
        if phase.get("phaseStatus", Status.SUCCEEDED) != Status.SUCCEEDED and context.get(
            "message"
        ):
            code, message = context.get("statusCode", ""), context["message"]
            return f"{said}. Phase: {phase['phaseType']}, Code: {code}, Message: {message}"
    return said
