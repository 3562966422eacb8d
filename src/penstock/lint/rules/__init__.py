"""The table of rules for buildspecs: a file per rule, a line here."""

from __future__ import annotations

from penstock.documents.diagnostics import Severity
from penstock.lint.rules import refused
from penstock.lint.rules.artifact_after_cd import artifact_after_cd
from penstock.lint.rules.artifact_folder import artifact_folder
from penstock.lint.rules.artifact_name import artifact_name
from penstock.lint.rules.artifact_path import artifact_path
from penstock.lint.rules.background_command import background_command
from penstock.lint.rules.bashism import bashism
from penstock.lint.rules.breakpoint_left import breakpoint_left
from penstock.lint.rules.cached_file import cached_file
from penstock.lint.rules.comment_cuts_command import comment_cuts_command
from penstock.lint.rules.docker_privileged import docker_privileged
from penstock.lint.rules.echoed_secret import echoed_secret
from penstock.lint.rules.exported_secret import exported_secret
from penstock.lint.rules.ignored_failure import ignored_failure
from penstock.lint.rules.literal_reference import literal_reference
from penstock.lint.rules.literal_secret import literal_secret
from penstock.lint.rules.lost_in_0_1 import lost_in_0_1
from penstock.lint.rules.on_failure_image import on_failure_image
from penstock.lint.rules.phase_order import phase_order
from penstock.lint.rules.refused import BuildspecRule
from penstock.lint.rules.reserved_variable import reserved_variable
from penstock.lint.rules.runtime import unknown_runtime
from penstock.lint.rules.sudo import sudo
from penstock.lint.rules.unguarded_post_build import unguarded_post_build
from penstock.lint.rules.uninstalled_runtime import uninstalled_runtime
from penstock.lint.rules.unpinned_image import unpinned_image
from penstock.lint.rules.unset_export import unset_export

RULES: tuple[BuildspecRule, ...] = (
    comment_cuts_command,
    bashism,
    unguarded_post_build,
    artifact_path,
    artifact_after_cd,
    artifact_folder,
    artifact_name,
    unknown_runtime,
    uninstalled_runtime,
    reserved_variable,
    literal_reference,
    literal_secret,
    echoed_secret,
    exported_secret,
    unset_export,
    lost_in_0_1,
    ignored_failure,
    background_command,
    sudo,
    docker_privileged,
    on_failure_image,
    cached_file,
    unpinned_image,
    phase_order,
    breakpoint_left,
)
"""What lint searches for beyond what CodeBuild refuses."""

REPORTED: tuple[BuildspecRule, ...] = refused.RULES
"""What the reader of buildspecs reports, with examples."""

OTHERS: dict[str, tuple[Severity, str]] = {
    "unreadable-file": (Severity.ERROR, "What should be linted cannot be read."),
    "ignore-comment": (Severity.INFO, "A `# penstock: ignore` comment that ignores nothing known."),
    "shellcheck-failed": (Severity.INFO, "shellcheck did not look at the commands."),
    "pipelines-unread": (Severity.INFO, "What says how pipelines are (botocore) is not installed."),
    "cfn-lint-failed": (Severity.INFO, "cfn-lint did not look at the templates."),
}
"""What lint says of files and of itself."""
