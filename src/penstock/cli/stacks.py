"""`penstock stacks`: a server's stacks, what became of one, what a template would change."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from uuid import uuid4

from penstock.cli.api import ENDPOINT, Api
from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.rehearsal.parameters import ParametersError, read_parameters
from penstock.cli.server_command import HELP, JSON, CommandError, options
from penstock.cli.stack_view import (
    changes_table,
    describe,
    events_table,
    is_unchanged,
    stacks_table,
)

USAGE = Usage(
    "stacks",
    "Lists stacks, shows one or its events, or what a template would change in it.",
    (
        *options("data"),
        ENDPOINT,
        Option(("--param",), "diff: a parameter of the template", "NAME=VALUE", True),
        Option(("--parameters",), "diff: a file of parameters", "FILE", True),
        Option(("--all",), "list: deleted stacks too"),
        JSON,
        HELP,
    ),
    words="[list | show STACK | events STACK | diff STACK TEMPLATE]",
    notes="Parameters that diff is not given have the stack's own values. Its exit code is 1 where"
    " something\nwould change, 0 where nothing would.",
)
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_GONE = "DELETE_COMPLETE"


def perform(given: Given) -> int:
    action, *words = given.words or ("list",)
    wanted = {"list": 0, "show": 1, "events": 1, "diff": 2}.get(action)
    if wanted is None or len(words) != wanted:
        raise UsageError(f"penstock stacks takes {USAGE.words}")
    client = Api(given).client("cloudformation")
    if action == "list":
        return _list(client, given)
    if action == "show":
        return _show(client, given, words[0])
    if action == "events":
        return _events(client, given, words[0])
    return _diff(client, given, *words)


def _list(client: Any, given: Given) -> int:
    pages = client.get_paginator("list_stacks").paginate()
    found = [
        stack
        for page in pages
        for stack in page["StackSummaries"]
        if given.has("all") or stack["StackStatus"] != _GONE
    ]
    return _print(given, found, stacks_table(found))


def _show(client: Any, given: Given, name: str) -> int:
    stack = _find(client, name)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=name)
    resources = [one for page in pages for one in page["StackResourceSummaries"]]
    return _print(given, {**stack, "Resources": resources}, describe(stack, resources))


def _events(client: Any, given: Given, name: str) -> int:
    """The oldest first, as one reads a log."""
    _find(client, name)
    pages = client.get_paginator("describe_stack_events").paginate(StackName=name)
    events = [event for page in pages for event in page["StackEvents"]][::-1]
    return _print(given, events, events_table(events))


def _diff(client: Any, given: Given, name: str, file: str) -> int:
    stack = _find(client, name)
    try:
        changed = read_parameters(given.all("parameters"), given.all("param"))
        with open(file, encoding="utf-8") as opened:
            body = opened.read()
    except ParametersError as error:
        raise UsageError(str(error)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}") from None
    summary = client.get_template_summary(TemplateBody=body)
    known = [one["ParameterKey"] for one in summary.get("Parameters", ())]
    kept = {one["ParameterKey"] for one in stack.get("Parameters", ())} - changed.keys()
    if unknown := sorted(changed.keys() - set(known)):
        raise UsageError(f"{file} has no parameter {', '.join(unknown)}")
    set_ = client.create_change_set(
        StackName=name,
        ChangeSetName=f"diff-{uuid4().hex[:8]}",
        TemplateBody=body,
        Capabilities=_CAPABILITIES,
        Parameters=[
            {"ParameterKey": one, "UsePreviousValue": True}
            if one in kept
            else {"ParameterKey": one, "ParameterValue": changed[one]}
            for one in known
            if one in kept or one in changed
        ],
    )["Id"]
    try:
        found = _described(client, set_)
    finally:
        client.delete_change_set(ChangeSetName=set_)
    if found["Status"] == "FAILED" and not is_unchanged(found):
        raise CommandError(f"{file}: {found.get('StatusReason', '')}")
    changes = found.get("Changes", [])
    _print(given, changes, changes_table(changes))
    return 1 if changes else 0


def _described(client: Any, set_: str) -> Any:
    waiter = client.get_waiter("change_set_create_complete")
    waiter.config.delay = 0.2
    from botocore.exceptions import WaiterError

    try:
        waiter.wait(ChangeSetName=set_)
    except WaiterError:
        pass  # it says itself why it failed
    found = client.describe_change_set(ChangeSetName=set_)
    token = found.get("NextToken")
    while token:
        page = client.describe_change_set(ChangeSetName=set_, NextToken=token)
        found["Changes"] += page["Changes"]
        token = page.get("NextToken")
    return found


def _find(client: Any, name: str) -> Any:
    from botocore.exceptions import ClientError

    try:
        return client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" not in error.response["Error"]["Message"]:
            raise
    raise CommandError(f"there is no stack {name}: `penstock stacks` lists them")


def _print(given: Given, value: Any, lines: Iterable[str]) -> int:
    print(json.dumps(value, indent=2, default=str) if given.has("json") else "\n".join(lines))
    return 0
