"""A pipeline's declaration as frozen values (CP-002…016): what CreatePipeline was given, checked.

Lists are tuples, what was left out has its default (CP-006). Values of `configuration` are texts as
they were written, `#{namespace.key}` and all.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

NOTHING: Mapping[str, str] = MappingProxyType({})


class Mode(StrEnum):
    """What an execution does at a stage that another is in (CP-032…037)."""

    SUPERSEDED = "SUPERSEDED"
    QUEUED = "QUEUED"
    PARALLEL = "PARALLEL"


class TypeId(NamedTuple):
    """The type of an action or of a rule."""

    category: str
    owner: str
    provider: str
    version: str = "1"


class Output(NamedTuple):
    """`files` are the patterns of a Commands action (CP-126); other actions have none."""

    name: str
    files: tuple[str, ...] = ()


class Variable(NamedTuple):
    """An environment variable of a Commands action; `type` is PLAINTEXT or SECRETS_MANAGER."""

    name: str
    value: str
    type: str = "PLAINTEXT"


class Action(NamedTuple):
    """`timeout` is in minutes (Manual only, CP-015). `region` is "" for the pipeline's own."""

    name: str
    type: TypeId
    run_order: int = 1
    configuration: Mapping[str, str] = NOTHING
    inputs: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    namespace: str = ""
    role_arn: str = ""
    region: str = ""
    timeout: int | None = None
    commands: tuple[str, ...] = ()
    output_variables: tuple[str, ...] = ()
    environment: tuple[Variable, ...] = ()


class Rule(NamedTuple):
    """`timeout` is in minutes."""

    name: str
    type: TypeId
    configuration: Mapping[str, str] = NOTHING
    commands: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    role_arn: str = ""
    region: str = ""
    timeout: int | None = None


class Result(StrEnum):
    """What comes of a condition that is not met, or of a stage that failed (CP-066)."""

    FAIL = "FAIL"
    SKIP = "SKIP"
    ROLLBACK = "ROLLBACK"
    RETRY = "RETRY"


class RetryMode(StrEnum):
    FAILED_ACTIONS = "FAILED_ACTIONS"
    ALL_ACTIONS = "ALL_ACTIONS"


class Condition(NamedTuple):
    """Rules that must all succeed (CP-065); else there is `result`."""

    result: Result
    rules: tuple[Rule, ...]


class OnFailure(NamedTuple):
    """`result` without a condition: None, ROLLBACK or RETRY; `condition` has ROLLBACK (CP-066)."""

    result: Result | None = None
    retry_mode: RetryMode = RetryMode.FAILED_ACTIONS
    condition: Condition | None = None


class Stage(NamedTuple):
    name: str
    actions: tuple[Action, ...]
    before_entry: Condition | None = None
    on_success: Condition | None = None
    on_failure: OnFailure | None = None


class VariableDeclaration(NamedTuple):
    """CP-095; `default` is None where a start has to give the value."""

    name: str
    default: str | None = None
    description: str = ""


class Globs(NamedTuple):
    """Names that count, and names that do not whatever else they match (CP-109, CP-110)."""

    includes: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


class PushFilter(NamedTuple):
    """All parts that are there have to match; a part without globs is none."""

    tags: Globs = Globs()
    branches: Globs = Globs()
    file_paths: Globs = Globs()


class PullRequestFilter(NamedTuple):
    """`events` are OPEN, UPDATED, CLOSED; () is all of them."""

    events: tuple[str, ...] = ()
    branches: Globs = Globs()
    file_paths: Globs = Globs()


class Trigger(NamedTuple):
    """A git trigger of one source action (CP-108). Any of the filters suffices."""

    source_action: str
    push: tuple[PushFilter, ...] = ()
    pull_request: tuple[PullRequestFilter, ...] = ()


class Store(NamedTuple):
    """A bucket for artifacts; `key_id` is "" for S3's own encryption (CP-081)."""

    bucket: str
    key_id: str = ""


class Pipeline(NamedTuple):
    """`stores` are by Region; a single artifactStore is that of the Region ""."""

    name: str
    role_arn: str
    stages: tuple[Stage, ...]
    stores: Mapping[str, Store]
    mode: Mode = Mode.SUPERSEDED
    type: str = "V1"
    variables: tuple[VariableDeclaration, ...] = ()
    triggers: tuple[Trigger, ...] = ()
