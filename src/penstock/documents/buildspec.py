"""A buildspec as frozen values (reference CB-001…106; AWS: build-spec-ref, batch-build-buildspec).

The values hold what the file says, not what it leads to: names of variables are not expanded, globs
are not matched, nothing is looked up. `buildspec_reader` makes them from text.
"""

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from penstock.documents.diagnostics import Position

if TYPE_CHECKING:  # most buildspecs have no batch, and each class has its price
    from penstock.documents.batch import Batch

START = Position(1, 1)


class Text(NamedTuple):
    """A scalar of the document and where it stands."""

    value: str
    at: Position = START


class Entry(NamedTuple):
    """A name and its value from a mapping such as `env.variables`; `at` is the name's place."""

    name: str
    value: str
    at: Position = START


class FailureAction(StrEnum):
    ABORT = "ABORT"
    CONTINUE = "CONTINUE"
    RETRY = "RETRY"


class OnFailure(NamedTuple):
    """`on-failure` of a phase. RETRY alone means 3 retries of any message (CB-044)."""

    action: FailureAction
    retries: int = 0
    pattern: str = ".*"


class Command(NamedTuple):
    """One entry of `commands` or `finally`. `at` is where its text starts in the file."""

    text: str
    at: Position = START


class Phase(NamedTuple):
    """One of install, pre_build, build, post_build."""

    name: str
    commands: tuple[Command, ...] = ()
    finally_: tuple[Command, ...] = ()
    run_as: str | None = None
    on_failure: OnFailure | None = None
    runtime_versions: tuple[Entry, ...] = ()
    at: Position = START


class SecretReference(NamedTuple):
    """`secret-id:json-key:version-stage:version-id` (CB-013). An ARN keeps its colons."""

    secret_id: str
    json_key: str = ""
    version_stage: str = ""
    version_id: str = ""


class Secret(NamedTuple):
    """A variable of `env.secrets-manager`."""

    name: str
    reference: SecretReference
    at: Position = START


class Env(NamedTuple):
    shell: str | None = None
    variables: tuple[Entry, ...] = ()
    parameter_store: tuple[Entry, ...] = ()
    secrets_manager: tuple[Secret, ...] = ()
    exported_variables: tuple[Text, ...] = ()
    git_credential_helper: bool = False


class Proxy(NamedTuple):
    upload_artifacts: bool = False
    logs: bool = False


class Artifact(NamedTuple):
    """`artifacts`, or one of its `secondary-artifacts` (then `identifier` is set)."""

    files: tuple[Text, ...]
    identifier: str = ""
    name: str | None = None
    base_directory: str | None = None
    exclude_paths: tuple[Text, ...] = ()
    discard_paths: bool = False
    enable_symlinks: bool = False
    s3_prefix: str | None = None
    at: Position = START


class Artifacts(NamedTuple):
    primary: Artifact
    secondary: tuple[Artifact, ...] = ()


class CacheAction(StrEnum):
    RESTORE = "restore"
    SAVE = "save"


class Cache(NamedTuple):
    """`action` None means both restore and save (CB-092)."""

    paths: tuple[Text, ...] = ()
    key: str | None = None
    fallback_keys: tuple[Text, ...] = ()
    action: CacheAction | None = None
    at: Position = START


class ReportFormat(StrEnum):
    """`file-format` values in the spelling of AWS's API (CB-067)."""

    CUCUMBERJSON = "CUCUMBERJSON"
    JUNITXML = "JUNITXML"
    NUNITXML = "NUNITXML"
    NUNIT3XML = "NUNIT3XML"
    TESTNGXML = "TESTNGXML"
    VISUALSTUDIOTRX = "VISUALSTUDIOTRX"
    CLOVERXML = "CLOVERXML"
    COBERTURAXML = "COBERTURAXML"
    JACOCOXML = "JACOCOXML"
    SIMPLECOV = "SIMPLECOV"


class ReportGroup(NamedTuple):
    """One entry of `reports`: `name` is an ARN or a name (CB-065)."""

    name: str
    files: tuple[Text, ...]
    base_directory: str | None = None
    discard_paths: bool = False
    file_format: ReportFormat = ReportFormat.JUNITXML
    at: Position = START


class Buildspec(NamedTuple):
    """A whole buildspec. `phases` holds those the file names, in the order CodeBuild runs them."""

    version: str
    phases: tuple[Phase, ...] = ()
    run_as: str | None = None
    env: Env = Env()
    proxy: Proxy = Proxy()
    artifacts: Artifacts | None = None
    cache: Cache | None = None
    reports: tuple[ReportGroup, ...] = ()
    batch: "Batch | None" = None

    def phase(self, name: str) -> Phase:
        """The named phase; an absent one is entered too, with nothing to do (CB-036)."""
        return next((phase for phase in self.phases if phase.name == name), Phase(name))
