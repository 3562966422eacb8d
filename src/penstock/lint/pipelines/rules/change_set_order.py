"""L13: a change set is executed after it has been made."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.rule import Finding, rule

_GOOD = (
    but(
        DECLARATION,
        ("CREATE_UPDATE", "CHANGE_SET_REPLACE"),
        ("StackName: site", "StackName: site\n            ChangeSetName: next"),
    )
    + """\
        - name: Execute
          runOrder: 2
          actionTypeId: {category: Deploy, owner: AWS, provider: CloudFormation, version: "1"}
          configuration: {ActionMode: CHANGE_SET_EXECUTE, StackName: site, ChangeSetName: next}
"""
)


@rule(
    id="change-set-order",
    severity=Severity.WARNING,
    summary="A change set is executed before, or while, it is made.",
    bad=but(_GOOD, ("          runOrder: 2\n", "")),
    good=_GOOD,
)
def change_set_order(subject: PipelineSubject) -> Iterator[Finding]:
    made: dict[tuple[str, str], tuple[int, int]] = {}
    executed = []
    for place in subject.of_provider("CloudFormation"):
        given = place.action.configuration
        key = (given.get("StackName", ""), given.get("ChangeSetName", ""))
        if given.get("ActionMode") == "CHANGE_SET_REPLACE":
            made[key] = min(place.order, made.get(key, place.order))
        elif given.get("ActionMode") == "CHANGE_SET_EXECUTE":
            executed.append((key, place))
    for key, place in executed:
        if key in made and made[key] >= place.order:
            message = f"change set {subject.shown(key[1])} is executed before it has been made"
            at = subject.place(*place.path, "name")
            yield Finding(at, message, "give the action a higher runOrder, or a later stage")
