"""What a pipeline's CloudFormation action does to a stack, and with what (CP-150…155). Pure.

| mode | no stack | a stack that failed | any other stack |
| --- | --- | --- | --- |
| CREATE_UPDATE | create | update, which CloudFormation may refuse | update |
| REPLACE_ON_FAILURE | create | delete, then create | update |
| DELETE_ONLY | nothing | delete | delete |
| CHANGE_SET_REPLACE | review a create | review an update | review an update |
| CHANGE_SET_EXECUTE | execute | execute | execute |

A stack that is only in review (REVIEW_IN_PROGRESS) counts as none, but to DELETE_ONLY.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from penstock.state.stacks import StackStatus

MODES = (
    "CREATE_UPDATE", "REPLACE_ON_FAILURE", "DELETE_ONLY", "CHANGE_SET_REPLACE",
    "CHANGE_SET_EXECUTE",
)  # fmt: skip
FAILED = frozenset(
    (
        StackStatus.CREATE_FAILED,
        StackStatus.DELETE_FAILED,
        StackStatus.ROLLBACK_COMPLETE,
        StackStatus.ROLLBACK_FAILED,
        StackStatus.UPDATE_ROLLBACK_FAILED,
    )
)
"""What REPLACE_ON_FAILURE replaces (CP-151)."""
MOST_OVERRIDES = 1024
"""Bytes of ParameterOverrides (CP-153)."""
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "CREATE_UPDATE": ("TemplatePath", "RoleArn"),
    "REPLACE_ON_FAILURE": ("TemplatePath", "RoleArn"),
    "DELETE_ONLY": ("RoleArn",),
    "CHANGE_SET_REPLACE": ("TemplatePath", "RoleArn", "ChangeSetName"),
    "CHANGE_SET_EXECUTE": ("ChangeSetName",),
}


class Step(Enum):
    NOTHING = auto()
    CREATE = auto()
    UPDATE = auto()
    DELETE = auto()
    REPLACE = auto()
    REVIEW_CREATE = auto()
    REVIEW_UPDATE = auto()
    EXECUTE = auto()


def step_of(mode: str, status: StackStatus | None) -> Step:
    """What is to be done, of a stack's status, or None where there is no stack (CP-151, CP-152)."""
    absent = status in (None, StackStatus.REVIEW_IN_PROGRESS)
    if mode == "DELETE_ONLY":
        return Step.NOTHING if status is None else Step.DELETE
    if mode == "CHANGE_SET_REPLACE":
        return Step.REVIEW_CREATE if absent else Step.REVIEW_UPDATE
    if mode == "CHANGE_SET_EXECUTE":
        return Step.EXECUTE
    if absent:
        return Step.CREATE
    return Step.REPLACE if mode == "REPLACE_ON_FAILURE" and status in FAILED else Step.UPDATE


class StackActionError(Exception):
    """The action's configuration cannot be carried out. The text says what is wrong with it."""


class Place(NamedTuple):
    """A file of an input artifact, `Artifact::path`."""

    artifact: str
    path: str

    def __str__(self) -> str:
        return f"{self.artifact}::{self.path}"


class Wish(NamedTuple):
    """An action's configuration. `overrides` still has its functions in it."""

    mode: str
    stack: str
    role_arn: str = ""
    change_set: str = ""
    template: Place | None = None
    settings: Place | None = None
    capabilities: tuple[str, ...] = ()
    overrides: Mapping[str, Any] = {}
    output: str = ""


def read_wish(configuration: Mapping[str, str]) -> Wish:
    """Keys that the mode needs not are not looked at (CP-150). Raises StackActionError."""
    mode, stack = configuration.get("ActionMode", ""), configuration.get("StackName", "")
    if mode not in MODES:
        raise StackActionError(f"ActionMode: {mode!r} is none of {', '.join(MODES)}")
    needed = ("StackName", *_NEEDED[mode])
    if missing := [name for name in needed if not configuration.get(name)]:
        raise StackActionError(f"{', '.join(missing)}: {mode} needs it")
    wish = Wish(
        mode,
        stack,
        "" if mode == "CHANGE_SET_EXECUTE" else configuration["RoleArn"],
        configuration.get("ChangeSetName", "") if "ChangeSetName" in needed else "",
        output="" if mode == "DELETE_ONLY" else configuration.get("OutputFileName", ""),
    )
    if "TemplatePath" not in needed:
        return wish
    settings = configuration.get("TemplateConfiguration", "")
    return wish._replace(
        template=_place("TemplatePath", configuration["TemplatePath"]),
        settings=_place("TemplateConfiguration", settings) if settings else None,
        capabilities=_words(configuration.get("Capabilities", "")),
        overrides=_overrides(configuration.get("ParameterOverrides", "")),
    )


def _words(text: str) -> tuple[str, ...]:
    """CP-155"""
    return tuple(word for word in text.split(",") if word)


def _place(name: str, text: str) -> Place:
    artifact, between, path = text.partition("::")
    if not between or not artifact or not path:
        raise StackActionError(f"{name}: {text!r} is not as Artifact::path")
    return Place(artifact, path)


def _overrides(text: str) -> Mapping[str, Any]:
    if len(text.encode()) > MOST_OVERRIDES:
        raise StackActionError(f"ParameterOverrides: more than {MOST_OVERRIDES} bytes")
    return read_object("ParameterOverrides", text) if text else {}


def read_object(name: str, text: str | bytes) -> dict[str, Any]:
    """JSON that is to be an object. Raises StackActionError."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StackActionError(f"{name}: not JSON: {error}") from None
    if not isinstance(found, dict):
        raise StackActionError(f"{name}: not a JSON object")
    return found


class Settings(NamedTuple):
    """What a TemplateConfiguration file has; `policy` is a stack policy as JSON, or ""."""

    parameters: Mapping[str, Any] = {}
    tags: Mapping[str, str] = {}
    policy: str = ""


def read_settings(place: Place, text: bytes) -> Settings:
    """CP-153. Raises StackActionError."""
    found = read_object(str(place), text)
    if unknown := sorted(found.keys() - {"Parameters", "Tags", "StackPolicy"}):
        raise StackActionError(f"{place}: {', '.join(unknown)}: only Parameters, Tags, StackPolicy")
    members = {name: found.get(name, {}) for name in ("Parameters", "Tags", "StackPolicy")}
    for name, value in members.items():
        if not isinstance(value, dict):
            raise StackActionError(f"{place}: {name}: not a JSON object")
    policy = json.dumps(members["StackPolicy"]) if members["StackPolicy"] else ""
    tags = {key: str(value) for key, value in members["Tags"].items()}
    return Settings(members["Parameters"], tags, policy)


GET_PARAM, GET_ARTIFACT = "Fn::GetParam", "Fn::GetArtifactAtt"
Find = Callable[[str, tuple[str, ...]], str]
"""The value of a function (its name, its arguments). Raises StackActionError."""


def parameters_of(settings: Settings, overrides: Mapping[str, Any], find: Find) -> dict[str, str]:
    """Overrides count more than the file (CP-153); both may have the functions of CP-154.

    Raises StackActionError.
    """
    return {
        name: _value(name, value, find)
        for name, value in {**settings.parameters, **overrides}.items()
    }


def asked_files(settings: Settings, overrides: Mapping[str, Any]) -> list[Place]:
    """The files that Fn::GetParam asks, each once. Raises StackActionError."""
    found: dict[Place, None] = {}

    def note(function: str, arguments: tuple[str, ...]) -> str:
        if function == GET_PARAM:
            found[Place(*arguments[:2])] = None
        return ""

    parameters_of(settings, overrides, note)
    return list(found)


def _value(name: str, value: Any, find: Find) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return ",".join(_value(name, one, find) for one in value)
    if isinstance(value, dict) and len(value) == 1:
        ((function, arguments),) = value.items()
        count = {GET_PARAM: 3, GET_ARTIFACT: 2}.get(function)
        texts = isinstance(arguments, list) and all(isinstance(one, str) for one in arguments)
        if count and texts and len(arguments) == count:
            return find(function, tuple(arguments))
    raise StackActionError(
        f"The value of the parameter {name} is no text,"
        f' nor {{"{GET_PARAM}": [ARTIFACT, FILE, KEY]}} or {{"{GET_ARTIFACT}": [ARTIFACT, NAME]}}'
    )


SUCCEEDED = frozenset(
    (StackStatus.CREATE_COMPLETE, StackStatus.UPDATE_COMPLETE, StackStatus.DELETE_COMPLETE)
)


def has_succeeded(status: StackStatus) -> bool:
    """Whether the operation that ended so was what the action wanted."""
    return status in SUCCEEDED
