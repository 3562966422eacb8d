"""Change sets through CloudFormation's API (TG-110)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.store import Store

from .stack_desk import HANDLE, StackDesk, template

pytestmark = pytest.mark.anyio
UNCHANGED = (
    "The submitted information didn't contain changes. Submit different information to create a"
    " change set."
)
BUCKET = "AWS::S3::Bucket"


def site(name: str, word: str = "a", secret: str = "hush") -> dict[str, Any]:
    """A bucket with a name, and a policy that refers to it."""
    tags = [{"Key": "Word", "Value": {"Ref": "Word"}}, {"Key": "S", "Value": {"Ref": "Secret"}}]
    return template(
        Parameters={
            "Word": {"Type": "String", "Default": word},
            "Secret": {"Type": "String", "NoEcho": True, "Default": secret},
        },
        Resources={
            "Bucket": {"Type": BUCKET, "Properties": {"BucketName": name, "Tags": tags}},
            "Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {"Bucket": {"Ref": "Bucket"}, "PolicyDocument": {}},
            },
        },
    )


class Reviews(StackDesk):
    async def plan(self, body: dict[str, Any], name: str = "cs", **asked: Any) -> dict[str, Any]:
        """A change set of the stack `web` as it is described."""
        made = await self(
            "create_change_set",
            StackName="web",
            ChangeSetName=name,
            **({"TemplateBody": body} if body else {}),
            **asked,
        )
        assert made["Id"].split("/")[-2] == name
        return await self.described(made["Id"])

    async def described(self, id: str, **asked: Any) -> dict[str, Any]:
        return await self("describe_change_set", ChangeSetName=id, **asked)

    async def execute(self, name: str = "cs", **asked: Any) -> None:
        await self("execute_change_set", ChangeSetName=name, StackName="web", **asked)


@pytest.fixture
async def desk(store: Store) -> Reviews:
    return Reviews(store)


def changes(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    assert all(one["Type"] == "Resource" for one in described["Changes"])
    found = [one["ResourceChange"] for one in described["Changes"]]
    return {one["LogicalResourceId"]: one for one in found}


async def test_a_stack_is_reviewed_and_created(desk: Reviews) -> None:
    """TG-105, TG-110"""
    body = template("One", "Two")
    tags = [{"Key": "a", "Value": "b"}]
    found = await desk.plan(body, ChangeSetType="CREATE", Description="first", Tags=tags)
    assert (found["Status"], found["ExecutionStatus"]) == ("CREATE_COMPLETE", "AVAILABLE")
    assert (found["Description"], found["Tags"]) == ("first", tags)
    assert {name: one["Action"] for name, one in changes(found).items()} == {
        "One": "Add",
        "Two": "Add",
    }
    stack = await desk.stack("web")
    assert stack["StackStatus"] == "REVIEW_IN_PROGRESS"
    assert stack["StackId"] == found["StackId"]
    refused = await desk.refused("update_stack", StackName="web", TemplateBody=body)
    assert "is in REVIEW_IN_PROGRESS state and can not be updated." in refused
    await desk.execute()
    assert (await desk.described(found["ChangeSetId"]))["ExecutionStatus"] == "EXECUTE_IN_PROGRESS"
    await desk.work()
    stack = await desk.stack("web")
    assert (stack["StackStatus"], stack["Tags"]) == ("CREATE_COMPLETE", tags)
    assert stack["ChangeSetId"] == found["ChangeSetId"]
    executed = await desk.described(found["ChangeSetId"])
    assert executed["ExecutionStatus"] == "EXECUTE_COMPLETE"
    assert changes(executed) == changes(found)
    assert (await desk("list_change_sets", StackName="web"))["Summaries"] == []


async def test_other_tags_of_the_stack_change_what_has_tags(desk: Reviews) -> None:
    body = {
        "Resources": {
            "Bucket": {"Type": BUCKET, "Properties": {"BucketName": "tagged"}},
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        }
    }
    await desk.plan(body, ChangeSetType="CREATE", Tags=[{"Key": "a", "Value": "1"}])
    await desk.execute()
    await desk.work()
    found = changes(await desk.plan(body, Tags=[{"Key": "a", "Value": "2"}]))
    assert found.keys() == {"Bucket"}
    assert (found["Bucket"]["Action"], found["Bucket"]["Scope"]) == ("Modify", ["Tags"])
    assert found["Bucket"]["Replacement"] == "False"


async def test_an_update_says_what_it_replaces_and_why(desk: Reviews) -> None:
    """TG-107, TG-110"""
    await desk.made_of("web", site("first"))
    found = changes(await desk.plan(site("second", "b"), IncludeNestedStacks=True))
    bucket, policy = found["Bucket"], found["Policy"]
    assert (bucket["Action"], bucket["Replacement"]) == ("Modify", "True")
    assert bucket["PhysicalResourceId"].startswith("Bucket-")
    assert set(bucket["Scope"]) == {"Properties", "Tags"}
    causes = {one.get("CausingEntity") for one in bucket["Details"]}
    assert causes == {None, "Word"}
    assert (policy["Action"], policy["Replacement"]) == ("Modify", "Conditional")
    (detail,) = policy["Details"]
    assert (detail["ChangeSource"], detail["CausingEntity"]) == ("ResourceReference", "Bucket")
    assert "AfterValue" not in detail["Target"]


async def test_values_are_shown_to_those_who_ask_but_no_secrets(desk: Reviews) -> None:
    """TG-110, TG-112"""
    await desk.made_of("web", site("first"))
    planned = await desk.plan(site("first", "a", "psst"))
    found = await desk.described(planned["ChangeSetId"], IncludePropertyValues=True)
    targets = [one["Target"] for one in changes(found)["Bucket"]["Details"]]
    assert targets[0]["Path"] == "/Properties/Tags"
    assert "****" in targets[0]["BeforeValue"]
    assert "****" in targets[0]["AfterValue"]
    assert "psst" not in str(found)
    assert "hush" not in str(found)


async def test_what_is_removed_is_told(desk: Reviews) -> None:
    await desk.made_of("web", template("One", "Two"))
    found = changes(await desk.plan(template("One")))
    assert {name: one["Action"] for name, one in found.items()} == {"Two": "Remove"}


async def test_a_change_set_that_changes_nothing_has_failed(desk: Reviews) -> None:
    """TG-108"""
    await desk.made_of("web", site("first"))
    found = await desk.plan(site("first"))
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert found["StatusReason"] == UNCHANGED
    assert found["Changes"] == []
    refused = await desk.refused("execute_change_set", ChangeSetName="cs", StackName="web")
    assert refused == (
        f"InvalidChangeSetStatus: ChangeSet [{found['ChangeSetId']}] cannot be executed in its"
        " current status of [FAILED]"
    )


async def test_executing_one_deletes_the_others(desk: Reviews) -> None:
    """TG-110"""
    await desk.made_of("web", template("One"))
    await desk.plan(template("One", "Two"), "two")
    three = await desk.plan(template("One", "Three"), "three")
    listed = (await desk("list_change_sets", StackName="web"))["Summaries"]
    assert [one["ChangeSetName"] for one in listed] == ["three", "two"]
    await desk.execute("two")
    gone = await desk.refused("describe_change_set", ChangeSetName=three["ChangeSetId"])
    assert gone == (f"ChangeSetNotFound: ChangeSet [{three['ChangeSetId']}] does not exist")
    refused = await desk.refused("execute_change_set", ChangeSetName="two", StackName="web")
    assert refused.startswith("InvalidChangeSetStatus: ")
    await desk.work()
    resources = (await desk("list_stack_resources", StackName="web"))["StackResourceSummaries"]
    assert [one["LogicalResourceId"] for one in resources] == ["One", "Two"]
    # The name can be had again.
    assert (await desk.plan(template("One"), "two"))["Status"] == "CREATE_COMPLETE"


async def test_an_update_makes_change_sets_obsolete(desk: Reviews) -> None:
    """TG-110"""
    await desk.made_of("web", template("One"))
    planned = await desk.plan(template("One", "Two"))
    await desk("update_stack", StackName="web", TemplateBody=template("One", "Three"))
    await desk.work()
    found = await desk.described(planned["ChangeSetId"])
    assert found["ExecutionStatus"] == "OBSOLETE"
    refused = await desk.refused("execute_change_set", ChangeSetName="cs", StackName="web")
    assert refused.startswith("InvalidChangeSetStatus: ")


async def test_names_and_tokens_of_change_sets(desk: Reviews) -> None:
    asked = {
        "StackName": "web",
        "ChangeSetName": "cs",
        "ChangeSetType": "CREATE",
        "TemplateBody": template(),
        "ClientToken": "one",
    }
    made = await desk("create_change_set", **asked)
    assert await desk("create_change_set", **asked) == made
    refused = await desk.refused("create_change_set", **asked | {"ClientToken": "two"})
    assert refused == "AlreadyExistsException: ChangeSet cs already exists"
    other = await desk("create_change_set", **asked | {"ChangeSetName": "other"})
    assert other["StackId"] == made["StackId"]
    await desk.execute()
    await desk.work()
    refused = await desk.refused("create_change_set", **asked | {"ChangeSetName": "third"})
    assert refused == (
        "AlreadyExistsException: Stack [web] already exists and cannot be created again with the"
        " changeSet [third]."
    )


async def test_an_update_needs_a_stack(desk: Reviews) -> None:
    """TG-109"""
    asked = {"StackName": "web", "ChangeSetName": "cs", "TemplateBody": template()}
    refused = await desk.refused("create_change_set", **asked)
    assert refused == "ValidationError: Stack [web] does not exist"
    await desk("create_stack", StackName="web", TemplateBody=template())
    await desk.work(Handle="no luck")
    refused = await desk.refused("create_change_set", **asked)
    assert "is in ROLLBACK_COMPLETE state and can not be updated." in refused


async def test_change_sets_are_deleted(desk: Reviews) -> None:
    await desk.made_of("web", template("One"))
    planned = await desk.plan(template("Two"))
    for name in ("cs", planned["ChangeSetId"]):  # the second time there is nothing
        await desk("delete_change_set", ChangeSetName=name, StackName="web")
    refused = await desk.refused("describe_change_set", ChangeSetName="cs", StackName="web")
    assert refused == "ChangeSetNotFound: ChangeSet [cs] does not exist"
    refused = await desk.refused("describe_change_set", ChangeSetName="cs")
    assert refused.startswith("ValidationError: StackName must be specified")
    refused = await desk.refused("describe_change_set", ChangeSetName="cs", StackName="no")
    assert refused == "ValidationError: Stack with id no does not exist"


async def test_a_stack_in_review_is_deleted(desk: Reviews) -> None:
    await desk.plan(template(), ChangeSetType="CREATE")
    await desk("delete_stack", StackName="web")
    await desk.work()
    assert (await desk("describe_stacks"))["Stacks"] == []


async def test_there_are_no_hooks(desk: Reviews) -> None:
    planned = await desk.plan(template(), ChangeSetType="CREATE")
    found = await desk("describe_change_set_hooks", ChangeSetName=planned["ChangeSetId"])
    assert (found["Hooks"], found["ChangeSetName"]) == ([], "cs")


async def test_changes_come_in_pages(desk: Reviews) -> None:
    planned = await desk.plan(
        template(*(f"H{number}" for number in range(230))), ChangeSetType="CREATE"
    )
    pages = [planned]
    while token := pages[-1].get("NextToken"):
        pages.append(await desk.described(planned["ChangeSetId"], NextToken=token))
    assert [len(page["Changes"]) for page in pages] == [100, 100, 30]
    assert len({name for page in pages for name in changes(page)}) == 230


async def test_the_template_of_a_change_set_is_shown(desk: Reviews) -> None:
    await desk.made_of("web", template("One"))
    planned = await desk.plan(template("One", "Two"))
    asked = {"ChangeSetName": planned["ChangeSetId"]}
    found = await desk("get_template", **asked)
    assert found["TemplateBody"] == template("One", "Two")
    assert (await desk("get_template", StackName="web"))["TemplateBody"] == template("One")


async def test_a_stack_keeps_its_template_and_values(desk: Reviews) -> None:
    """TG-111"""
    await desk.made_of("web", site("first"), Parameters=[])
    planned = await desk.plan(
        {},
        UsePreviousTemplate=True,
        Parameters=[
            {"ParameterKey": "Word", "ParameterValue": "b"},
            {"ParameterKey": "Secret", "UsePreviousValue": True},
        ],
    )
    assert planned["Parameters"][1] == {"ParameterKey": "Secret", "ParameterValue": "****"}
    assert list(changes(planned)) == ["Bucket"]


async def test_a_deployment_that_does_not_wait_is_not_there(desk: Reviews) -> None:
    express = {"Mode": "EXPRESS"}
    refused = await desk.refused(
        "create_change_set",
        StackName="web",
        ChangeSetName="cs",
        TemplateBody=template(),
        DeploymentConfig=express,
    )
    assert refused == (
        'NotImplemented: not implemented: CreateChangeSet.DeploymentConfig {"Mode": "EXPRESS"}'
    )


async def test_imports_are_not_there(desk: Reviews) -> None:
    refused = await desk.refused(
        "create_change_set",
        StackName="web",
        ChangeSetName="cs",
        TemplateBody=template(),
        ChangeSetType="IMPORT",
    )
    assert refused == "NotImplemented: not implemented: CreateChangeSet.ChangeSetType IMPORT"


async def test_nothing_is_imported_where_nothing_is_there_yet(desk: Reviews) -> None:
    """As `cdk bootstrap` asks."""
    planned = await desk.plan(
        template("One"),
        ChangeSetType="CREATE",
        ImportExistingResources=True,
        DeploymentConfig={"Mode": "STANDARD"},
    )
    assert (planned["Status"], list(changes(planned))) == ("CREATE_COMPLETE", ["One"])


async def test_a_stack_under_review_has_an_empty_template(desk: Reviews) -> None:
    """`cdk deploy` asks for it between planning and executing."""
    await desk.plan(template("One"), ChangeSetType="CREATE")
    assert (await desk("get_template", StackName="web"))["TemplateBody"] == ""
    await desk.execute()
    assert (await desk("get_template", StackName="web"))["TemplateBody"] == template("One")


async def test_what_has_failed_is_asked_for(desk: Reviews) -> None:
    """By `cdk diff`, of a change set that has failed."""
    body = template(Outputs={"Got": {"Value": {"Fn::ImportValue": "nothing"}}})
    planned = await desk.plan(body, ChangeSetType="CREATE")
    of_it = {"StackName": "web", "ChangeSetName": "cs", "Filters": {"FailedEvents": True}}
    assert (await desk("describe_events", **of_it))["OperationEvents"] == []
    target = {"TargetType": "CHANGE_SET", "TargetId": planned["ChangeSetId"]}
    assert await desk("list_hook_results", **target) == {**target, "HookResults": []}
    refused = await desk.refused("describe_events", StackName="web")
    assert refused == (
        "NotImplemented: not implemented: DescribeEvents of stacks: DescribeStackEvents has those"
    )
    unknown = await desk.refused("describe_events", StackName="web", ChangeSetName="other")
    assert unknown.startswith("ChangeSetNotFound: ")


async def test_a_failed_execution_is_told(desk: Reviews) -> None:
    planned = await desk.plan(template(), ChangeSetType="CREATE", OnStackFailure="DELETE")
    await desk.execute()
    await desk.work(Handle="no luck")
    assert (await desk.stack(planned["StackId"]))["StackStatus"] == "DELETE_COMPLETE"
    found = await desk.described(planned["ChangeSetId"])
    assert found["OnStackFailure"] == "DELETE"


async def test_a_missing_export_fails_a_change_set(desk: Reviews) -> None:
    """TG-120"""
    body = template(Outputs={"Got": {"Value": {"Fn::ImportValue": "nothing"}}})
    planned = await desk.plan(body, ChangeSetType="CREATE")
    assert (planned["Status"], planned["StatusReason"]) == (
        "FAILED",
        "No export named nothing found.",
    )


async def test_plans_are_sealed(desk: Reviews) -> None:
    """TG-112"""
    await desk.plan(site("first", secret="psst-psst"), ChangeSetType="CREATE")
    (row,) = await desk.store.database.fetch("SELECT * FROM change_sets")
    assert b"psst-psst" not in bytes(row.sealed)
    assert "psst-psst" not in str(row)
    assert HANDLE.encode() not in bytes(row.sealed)
