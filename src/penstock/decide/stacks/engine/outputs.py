"""Outputs of a stack, and what it exports (TG-120)."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.decide.stacks.engine.draft import Draft
from penstock.decide.stacks.engine.references import resolved
from penstock.errors import AwsError
from penstock.state.stack_operations import OutputValue

Outputs = Mapping[str, OutputValue]


def make_outputs(draft: Draft) -> Outputs | None:
    """Those of a stack that has all its resources; None where they make the operation fail."""
    made = {}
    for name, wanted in draft.definition.outputs.items():
        try:
            value = resolved(wanted.value, draft.resources)
        except AwsError as error:
            draft.fail_by(error.message)
            return None
        if isinstance(value, dict | list | tuple):
            what = f"The value associated with output {name} must be a string."
            draft.fail_by(f"Template format error: Output {name} is malformed. {what}")
            return None
        made[name] = OutputValue(_text(value), wanted.description, wanted.export)
    problem = export_problem(draft, made)
    if problem:
        draft.fail_by(problem)
        return None
    return made


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def exported(outputs: Outputs) -> dict[str, str]:
    """Values by the names that they are exported by."""
    return {one.export: one.value for one in outputs.values() if one.export}


def export_problem(draft: Draft, made: Outputs) -> str:
    """Why these outputs cannot be, if they cannot."""
    new = exported(made)
    for name in new:
        if stack := draft.exports.taken.get(name):
            return f"Export with name {name} is already exported by stack {stack}."
    for name, value in exported(draft.outputs).items():
        used = ", ".join(draft.exports.used.get(name, ()))
        if used and name not in new:
            return f"Export {name} cannot be deleted as it is in use by {used}"
        if used and new[name] != value:
            return f"Cannot update export {name} as it is in use by {used}"
    return ""
