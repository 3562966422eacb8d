"""The buildspec of a build: found, read, and completed by what the project says (CB-001…003)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.decide.artifact_places import split_location
from penstock.documents.buildspec import Buildspec, Entry, Env, Secret
from penstock.documents.buildspec_env import parse_secret_reference
from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.errors import AwsError
from penstock.worker.memory import Memory
from penstock.worker.refusal import refused, refused_by
from penstock.worker.sources.s3 import fetch_object
from penstock.worker.work import Work

DEFAULT = "buildspec.yml"
YAML_FILE_ERROR = "YAML_FILE_ERROR"
_INLINE = re.compile(r"\n|^\s*\{|^\s*version\s*:")

Member = Mapping[str, Any]


class Found(NamedTuple):
    """A buildspec's text, and what it is called."""

    text: bytes
    name: str


def is_inline(buildspec: str) -> bool:
    """Whether a `buildspec` member is one itself, not the path of one (AWS: unspecified).

    A text of several lines is, and one that begins as a buildspec does.
    """
    return _INLINE.search(buildspec) is not None


def find_spec(work: Work, memory: Memory, source: str) -> Found:
    """The buildspec that the project or the build names; `source` is the primary's folder.

    Raises Refused.
    """
    given: str = work.effective["source"].get("buildspec", "")
    if is_inline(given):
        return Found(given.encode(), "inline")
    if given.startswith("arn:aws:s3:::"):
        return Found(_of_s3(work, memory, given), given)
    path = os.path.join(source, given or DEFAULT)
    if os.path.commonpath((os.path.realpath(path), os.path.realpath(source))) != os.path.realpath(
        source
    ):
        raise refused(f"{given} leads out of the source", YAML_FILE_ERROR)
    try:
        with open(path, "rb") as file:
            return Found(file.read(), work.inside(path))
    except OSError:
        inside = work.inside(path)
        message = f"stat {inside}: no such file or directory" if given else _NO_FILE
        raise refused(message, YAML_FILE_ERROR) from None


_NO_FILE = "YAML file does not exist"


def _of_s3(work: Work, memory: Memory, arn: str) -> bytes:
    bucket, key = split_location(arn)
    path = os.path.join(work.folder, "buildspec")
    account = work.begun.name.account
    try:
        memory.ask(lambda: fetch_object(memory.store, bucket, key, path, owner=account))
    except AwsError as error:
        raise refused_by(error, arn) from None
    with open(path, "rb") as file:
        return file.read()


def read_spec(found: Found, build: Member, warn: Callable[[str], None]) -> Buildspec:
    """Reads it and puts in what the effective build says; warns of all that is wrong with it.

    Raises Refused.
    """
    spec, diagnostics = read_buildspec(found.text, found.name)
    for diagnostic in diagnostics:
        warn(str(diagnostic))
    if spec is None:
        raise refused(_message(diagnostics), YAML_FILE_ERROR)
    spec = spec._replace(env=with_secrets(spec.env, build["environment"]))
    if build["artifacts"]["type"] == "NO_ARTIFACTS" and spec.artifacts is not None:
        kept = spec.artifacts.secondary if build.get("secondaryArtifacts") else ()
        primary = spec.artifacts.primary._replace(files=())
        spec = spec._replace(artifacts=spec.artifacts._replace(primary=primary, secondary=kept))
    return spec


def _message(diagnostics: Sequence[Diagnostic]) -> str:
    errors = [one for one in diagnostics if one.severity is Severity.ERROR]
    return "; ".join(f"line {one.at.line}: {one.message}" for one in errors)


def plain_variables(environment: Member) -> dict[str, str]:
    """The values that a project or a build gives itself (CB-014)."""
    return {
        variable["name"]: variable["value"]
        for variable in environment.get("environmentVariables", ())
        if variable.get("type", "PLAINTEXT") == "PLAINTEXT"
    }


def with_secrets(env: Env, environment: Member) -> Env:
    """`env` with the variables whose values a project keeps elsewhere, before its own (CB-011).

    Raises Refused for what names no secret.
    """
    parameters, secrets = [], []
    for variable in environment.get("environmentVariables", ()):
        name, value = variable["name"], variable["value"]
        if variable.get("type") == "PARAMETER_STORE":
            parameters.append(Entry(name, value))
        elif variable.get("type") == "SECRETS_MANAGER":
            reference = parse_secret_reference(value)
            if reference is None:
                raise refused(f"{name}: {value} names no secret", "Secrets Manager Error")
            secrets.append(Secret(name, reference))
    names = {one.name for one in parameters} | {one.name for one in secrets}
    return env._replace(
        parameter_store=(
            *parameters,
            *(one for one in env.parameter_store if one.name not in names),
        ),
        secrets_manager=(*secrets, *(one for one in env.secrets_manager if one.name not in names)),
    )
