"""L14: the variables that a type of action puts out are known, but for some types."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.diagnostics import Severity
from penstock.documents.pipelines.subject import ActionPlace
from penstock.lint.pipelines.examples import DECLARATION, but
from penstock.lint.pipelines.subject import PipelineSubject
from penstock.lint.pipelines.uses import uses
from penstock.lint.rule import Finding, rule

_NEWER = frozenset(
    ("CodeStarSourceConnection", f"Author{detail}") for detail in ("Id", "Email", "DisplayName")
)
"""In use, but not in the table of types."""
_GOOD = but(DECLARATION, ("StackName: site", "StackName: 'site-#{Source.CommitId}'"))


@rule(
    id="variable-key",
    severity=Severity.WARNING,
    summary="`#{namespace.key}` of a key that the action of the namespace does not put out.",
    bad=but(_GOOD, ("CommitId", "Commit")),
    good=_GOOD,
)
def variable_key(subject: PipelineSubject) -> Iterator[Finding]:
    producers = {place.action.namespace: place for place in subject.actions}
    for reference, path in uses(subject):
        place = producers.get(reference.namespace)
        keys = None if place is None else _keys(subject, place)
        if place is None or keys is None or reference.key in keys:
            continue
        if (place.action.type.provider, reference.key) in _NEWER:
            continue
        provider, name = place.action.type.provider, subject.shown(place.action.name)
        message = f"{provider} action {name} puts out no `{subject.shown(reference.key)}`"
        hint = f"it puts out: {', '.join(keys)}" if keys else "it puts out no variables"
        yield Finding(subject.within(path, f"#{{{reference.text}}}"), message, hint)


def _keys(subject: PipelineSubject, place: ActionPlace) -> tuple[str, ...] | None:
    """Those that are always known. Pull requests have more of them."""
    if place.spec is None or place.spec.open:
        return None
    action = place.action
    if action.type.provider == "Commands":
        return action.output_variables
    for trigger in subject.pipeline.triggers:
        if trigger.source_action == action.name and trigger.pull_request:
            return None
    return place.spec.variables
