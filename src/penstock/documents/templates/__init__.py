"""A CloudFormation template as frozen values: what the API or a file gave, checked.

Text becomes a body (`text.read_text`): plain values with YAML's short forms written out, and the
place of each. Transforms turn bodies into bodies. `reader.read_template` makes the values below of
a body; what they hold of a user's values are plain ones, intrinsic functions included
(`{"Ref": "Bucket"}`, `{"Fn::GetAtt": ["Bucket", "Arn"]}`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Position

Body = Mapping[str, Any]
"""A whole template of plain values: dict, list, str, int, float, bool, None."""
Path = tuple[str | int, ...]
"""Keys and numbers (from 0) that lead to a value of a body."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


class Places(NamedTuple):
    """Where things stand in a file. A path that a short form implies has the short form's place."""

    keys: Mapping[Path, Position]
    values: Mapping[Path, Position]

    def of(self, path: Path) -> Position:
        """The place of a value, or of the nearest thing around it that has one."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, Position(1, 1))


class Text(NamedTuple):
    body: Body
    places: Places


class Problem(NamedTuple):
    """What is wrong with a body. `message` is in CloudFormation's words where they are known."""

    path: Path
    message: str


class Parameter(NamedTuple):
    """`constraints` are the members of AllowedPattern, AllowedValues, ConstraintDescription,
    MinLength, MaxLength, MinValue and MaxValue that were given."""

    type: str
    default: Any = None
    no_echo: bool = False
    description: str = ""
    constraints: Mapping[str, Any] = NOTHING


class Resource(NamedTuple):
    """`depends_on` is the explicit one only. Policies that were not given are ""."""

    type: str
    properties: Mapping[str, Any] = NOTHING
    depends_on: tuple[str, ...] = ()
    condition: str = ""
    deletion_policy: Any = ""
    update_replace_policy: Any = ""
    creation_policy: Mapping[str, Any] = NOTHING
    update_policy: Mapping[str, Any] = NOTHING
    metadata: Mapping[str, Any] = NOTHING


class Output(NamedTuple):
    """`export` is the value of Export.Name, or None."""

    value: Any
    description: str = ""
    condition: str = ""
    export: Any = None


class Rule(NamedTuple):
    """`assertions` are (Assert, AssertDescription)."""

    condition: Any
    assertions: tuple[tuple[Any, str], ...]


class Template(NamedTuple):
    """`transforms` are as they stand: texts, or {"Name": …, "Parameters": …}."""

    parameters: Mapping[str, Parameter]
    mappings: Mapping[str, Mapping[str, Mapping[str, Any]]]
    conditions: Mapping[str, Any]
    rules: Mapping[str, Rule]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Output]
    transforms: tuple[Any, ...] = ()
    description: str = ""
    metadata: Mapping[str, Any] = NOTHING
