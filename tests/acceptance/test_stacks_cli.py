"""`penstock stacks`: what there is, what became of it, what a template would change."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .conftest import Installation, Project, Ran

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Word": {"Type": "String"}},
    "Resources": {
        "First": {
            "Type": "AWS::SSM::Parameter",
            "Properties": {"Type": "String", "Value": {"Ref": "Word"}},
        },
        "Store": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "a-store"}},
    },
    "Outputs": {"Name": {"Value": {"Ref": "First"}}},
}


def test_stacks_are_listed_shown_told_of_and_compared(
    project: Project, install: Callable[..., Installation], tmp_path: Path
) -> None:
    up = install().start()

    def stacks(*words: str) -> Ran:
        return project.penstock("stacks", *words, env=up.variables)

    assert stacks().out == "No stacks.\n"
    client = up.client("cloudformation")
    word = [{"ParameterKey": "Word", "ParameterValue": "hello"}]
    body = json.dumps(TEMPLATE)
    client.create_stack(StackName="app", TemplateBody=body, Parameters=word)
    client.get_waiter("stack_create_complete").wait(StackName="app")

    [row] = json.loads(stacks("list", "--json").out)
    assert (row["StackName"], row["StackStatus"]) == ("app", "CREATE_COMPLETE")
    shown = stacks("show", "app").out
    assert "Word" in shown and "a-store" in shown and "AWS::SSM::Parameter" in shown
    events = [
        event["ResourceStatus"] for event in json.loads(stacks("events", "app", "--json").out)
    ]
    assert (events[0], events[-1]) == ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")

    project.write("same.json", body)
    same = stacks("diff", "app", "same.json")
    assert (same.code, same.out) == (0, "No differences.\n"), same.err
    changed = json.loads(body)
    changed["Resources"]["Store"]["Properties"]["BucketName"] = "another-store"
    changed["Resources"]["More"] = {"Type": "AWS::Logs::LogGroup"}
    project.write("changed.json", json.dumps(changed))
    differs = stacks("diff", "app", "changed.json", "--param", "Word=bye")
    assert differs.code == 1, differs.err
    assert sorted(differs.out.splitlines()) == [
        "+ More (AWS::Logs::LogGroup)",
        "~ First (AWS::SSM::Parameter) Value",
        "~ Store (AWS::S3::Bucket) BucketName: it is replaced",
    ]
    listed = client.list_change_sets(StackName="app")["Summaries"]
    assert listed == []  # nothing is left of the comparing

    for words, code, said in (
        (("show", "nobody"), 1, "there is no stack nobody"),
        (("diff", "app", "nowhere.json"), 2, "nowhere.json cannot be read"),
        (("diff", "app", "same.json", "--param", "Wrod=x"), 2, "has no parameter Wrod"),
        (("shwo", "app"), 2, "penstock stacks takes"),
    ):
        refused = stacks(*words)
        assert (refused.code, said in refused.err) == (code, True), refused.err
