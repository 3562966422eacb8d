"""L13: what each ActionMode of a CloudFormation action needs (CP-150, CP-155)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule
from penstock.lint.templates.symbols import is_open

NEEDED = {
    "CREATE_UPDATE": ("TemplatePath", "RoleArn"),
    "REPLACE_ON_FAILURE": ("TemplatePath", "RoleArn"),
    "DELETE_ONLY": ("RoleArn",),
    "CHANGE_SET_REPLACE": ("TemplatePath", "RoleArn", "ChangeSetName"),
    "CHANGE_SET_EXECUTE": ("ChangeSetName",),
}
_CAPABILITIES = re.compile(r"CAPABILITY_[A-Z_]+(?:,CAPABILITY_[A-Z_]+)*")


@rule(
    id="stack-action",
    severity=Severity.ERROR,
    summary="A CloudFormation action without what its ActionMode needs.",
    bad=but(DECLARATION, ("CREATE_UPDATE", "CHANGE_SET_REPLACE")),
    good=DECLARATION,
)
def stack_action(subject: PipelineSubject) -> Iterator[Finding]:
    for place in subject.of_provider("CloudFormation"):
        given, path = place.action.configuration, (*place.path, "configuration")
        mode = given.get("ActionMode", "")
        if mode and mode not in NEEDED and not is_open(mode):
            message = f"there is no ActionMode `{subject.shown(mode)}`"
            hint = f"use one of {', '.join(NEEDED)}"
            yield Finding(subject.place(*path, "ActionMode"), message, hint)
        for key in NEEDED.get(mode, ()):
            if key not in given:
                yield Finding(subject.place(*path), f"ActionMode {mode} needs {key}")
        capabilities = given.get("Capabilities", "")
        if capabilities and not is_open(capabilities) and not _CAPABILITIES.fullmatch(capabilities):
            message = "Capabilities are names with commas and no spaces between them"
            yield Finding(subject.place(*path, "Capabilities"), message)
