"""A stack in words: pure, from what the API answers to lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from penstock.cli.pipeline_view import moment

Member = Mapping[str, Any]
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_MARKS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": ">"}


def stacks_table(stacks: Sequence[Member]) -> list[str]:
    if not stacks:
        return ["No stacks."]
    return [
        f"{one['StackName']:<40} {one['StackStatus']:<28}"
        f" {moment(one.get('LastUpdatedTime') or one['CreationTime'])}"
        for one in stacks
    ]


def describe(stack: Member, resources: Sequence[Member]) -> list[str]:
    """What it is, what it gives, what is in it, and what went wrong."""
    lines = [f"{stack['StackName']}  {stack['StackStatus']}"]
    if reason := stack.get("StackStatusReason"):
        lines.append(f"  {reason}")
    for title, members, key, value in (
        ("Parameters", stack.get("Parameters", ()), "ParameterKey", "ParameterValue"),
        ("Outputs", stack.get("Outputs", ()), "OutputKey", "OutputValue"),
    ):
        lines += [title] if members else []
        lines += [f"  {one[key]:<30} {one.get(value, '')}".rstrip() for one in members]
    lines += ["Resources"] if resources else []
    for one in resources:
        lines.append(
            f"  {one['LogicalResourceId']:<30} {one['ResourceStatus']:<18}"
            f" {one['ResourceType']:<34} {one.get('PhysicalResourceId', '')}".rstrip()
        )
        if one["ResourceStatus"].endswith("_FAILED") and one.get("ResourceStatusReason"):
            lines.append(f"    {one['ResourceStatusReason']}")
    return lines


def events_table(events: Sequence[Member]) -> list[str]:
    return [
        f"{moment(one['Timestamp'])}  {one['ResourceStatus']:<28} {one['LogicalResourceId']:<30}"
        f" {one.get('ResourceStatusReason', '')}".rstrip()
        for one in events
    ]


def changes_table(changes: Sequence[Member]) -> list[str]:
    """What a change set would do, a line for each resource."""
    if not changes:
        return ["No differences."]
    return [_change(one["ResourceChange"]) for one in changes]


def _change(one: Member) -> str:
    line = f"{_MARKS.get(one['Action'], '?')} {one['LogicalResourceId']} ({one['ResourceType']})"
    if one["Action"] != "Modify":
        return line
    names = dict.fromkeys(
        detail["Target"].get("Name") or detail["Target"]["Attribute"]
        for detail in one.get("Details", ())
    )
    replaced = {"True": ": it is replaced", "Conditional": ": it may be replaced"}
    return f"{line} {', '.join(names)}{replaced.get(one.get('Replacement', ''), '')}".rstrip()


def is_unchanged(change_set: Member) -> bool:
    """Whether a change set failed only because nothing would change."""
    return any(words in change_set.get("StatusReason", "") for words in _UNCHANGED)
