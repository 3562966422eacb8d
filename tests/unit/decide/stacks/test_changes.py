"""What updates would do (TG-108, TG-110, TG-115)."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stacks.changes import (
    KNOWN_LATER,
    Causes,
    Change,
    changes_of,
    is_same,
    refuse_other_types,
)
from penstock.documents.templates import Output, Resource, Template
from penstock.errors import AwsError
from penstock.state.stacks import Definition, ResourceState, ResourceStatus, Wanted

from .templates import SCOPE, a_template, planned

NAMED = frozenset({"BucketName", "Code/Bucket", "Rules/*/Id"})


def _state(name: str, **properties: Any) -> ResourceState:
    return ResourceState(
        name,
        "AWS::S3::Bucket",
        ResourceStatus.CREATE_COMPLETE,
        physical_id=f"{name}-id",
        properties=properties,
        attributes={"Arn": f"arn:{name}"},
    )


def _changes(
    old: dict[str, Any], new: dict[str, Any], states: tuple[ResourceState, ...] = ()
) -> tuple[Change, ...]:
    before = planned(a_template(old), replaced_by=NAMED)
    known = {name: _state(name) for name in old} | {one.logical_id: one for one in states}
    return changes_of(before, known, planned(a_template(new), replaced_by=NAMED))


def _only(old: dict[str, Any], new: dict[str, Any]) -> Change:
    (change,) = _changes({"It": old}, {"It": new})
    return change


def test_a_new_stack_adds_everything() -> None:
    """TG-110"""
    new = planned(a_template({"B": {"P": {"Ref": "A"}}, "A": {}}))
    added = [Change("Add", name, "AWS::S3::Bucket") for name in ("B", "A")]
    assert changes_of(None, {}, new) == tuple(added)


def test_what_is_gone_is_removed_as_its_policy_says() -> None:
    """TG-110, TG-115"""
    old = {
        "A": {},
        "B": Resource("T", deletion_policy="RetainExceptOnCreate"),
        "C": Resource("T", deletion_policy="Snapshot"),
    }
    assert _changes({"Stays": {}, **old}, {"Stays": {}}) == (
        Change("Remove", "A", "AWS::S3::Bucket", "A-id", policy_action="Delete"),
        Change("Remove", "B", "T", "B-id", policy_action="Retain"),
        Change("Remove", "C", "T", "C-id", policy_action="Snapshot"),
    )


def test_a_changed_property_is_told_with_its_values() -> None:
    """TG-110"""
    before, after = {"It": {"P": 1, "Q": "same"}}, {"It": {"P": {"x": 2}, "Q": "same"}}
    (change,) = _changes(before, after, (_state("It", P="one", Q="same"),))
    target = {
        "Attribute": "Properties",
        "Name": "P",
        "RequiresRecreation": "Never",
        "Path": "/Properties/P",
        "BeforeValue": "one",
        "AfterValue": '{"x":2}',
        "AttributeChangeType": "Modify",
    }
    detail = {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}
    assert change == Change(
        "Modify", "It", "AWS::S3::Bucket", "It-id", "False", ("Properties",), (detail,)
    )


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [({}, {"P": 1}, "Add"), ({"P": 1}, {}, "Remove"), ({"P": 1}, {"P": 2}, "Modify")],
)
def test_properties_come_go_and_change(old: Any, new: Any, kind: str) -> None:
    """TG-110"""
    target = _only(old, new).details[0]["Target"]
    assert target["AttributeChangeType"] == kind
    assert ("BeforeValue" in target, "AfterValue" in target) == (kind != "Add", kind != "Remove")


@pytest.mark.parametrize(
    ("old", "new", "replacement"),
    [
        ({"P": 1}, {"P": 2}, "False"),
        ({"BucketName": "a"}, {"BucketName": "b"}, "True"),
        ({"BucketName": "a"}, {}, "True"),
        ({"Code": {"Bucket": "a", "Key": "k"}}, {"Code": {"Bucket": "b", "Key": "k"}}, "True"),
        ({"Code": {"Bucket": "a", "Key": "k"}}, {"Code": {"Bucket": "a", "Key": "l"}}, "False"),
        ({"Rules": [{"Id": 1, "P": 1}]}, {"Rules": [{"Id": 2, "P": 1}]}, "True"),
        ({"Rules": [{"Id": 1, "P": 1}]}, {"Rules": [{"Id": 1, "P": 2}]}, "False"),
    ],
)
def test_create_only_properties_make_a_new_resource(old: Any, new: Any, replacement: str) -> None:
    """TG-107, TG-110"""
    change = _only(old, new)
    assert change.replacement == replacement
    assert change.policy_action == ("ReplaceAndDelete" if replacement == "True" else "")


@pytest.mark.parametrize(
    ("old", "new", "scope"),
    [
        (Resource("T", metadata={"a": 1}), Resource("T", metadata={"a": 2}), ("Metadata",)),
        (Resource("T"), Resource("T", deletion_policy="Retain"), ("DeletionPolicy",)),
        (
            Resource("T", {"Tags": [1]}),
            Resource("T", {"Tags": [2], "P": 1}, update_policy={"a": 1}),
            ("Tags", "Properties", "UpdatePolicy"),
        ),
        (
            Resource("T", update_replace_policy="Retain"),
            Resource("T", creation_policy={"a": 1}),
            ("CreationPolicy", "UpdateReplacePolicy"),
        ),
    ],
)
def test_the_scope_says_what_of_a_resource_changes(
    old: Resource, new: Resource, scope: tuple[str, ...]
) -> None:
    """TG-110"""
    (change,) = _changes({"It": old}, {"It": new})
    assert (change.scope, change.replacement) == (scope, "False")


@pytest.mark.parametrize(
    ("key", "value", "source", "cause", "replacement"),
    [
        ("BucketName", {"Ref": "It"}, "ResourceReference", "It", "Conditional"),
        ("P", {"Ref": "It"}, "ResourceReference", "It", "False"),
        ("P", {"Fn::GetAtt": "It.Arn"}, "ResourceAttribute", "It.Arn", "False"),
        ("Code", {"Bucket": {"Ref": "It"}}, "ResourceReference", "It", "Conditional"),
        ("Code", {"Key": {"Ref": "It"}}, "ResourceReference", "It", "False"),
    ],
)
def test_what_refers_to_a_replaced_resource_changes_with_it(
    key: str, value: Any, source: str, cause: str, replacement: str
) -> None:
    """TG-107, TG-110"""
    user = {"User": {key: value}, "Third": {"P": {"Ref": "User"}}}
    changes = _changes({**user, "It": {"BucketName": "a"}}, {**user, "It": {"BucketName": "b"}})
    conditional = replacement == "Conditional"
    names = ["User", "Third", "It"] if conditional else ["User", "It"]
    assert [change.logical_id for change in changes] == names
    assert changes[0].replacement == replacement
    (detail,) = changes[0].details
    assert detail["Evaluation"] == "Dynamic"
    assert (detail["ChangeSource"], detail["CausingEntity"]) == (source, cause)
    assert KNOWN_LATER in detail["Target"]["AfterValue"]


def test_values_that_are_known_are_shown() -> None:
    """TG-110"""
    old = {"A": {}, "It": {"P": "x"}}
    new = {"A": {}, "N": {}, "It": {"P": {"Fn::Sub": "${A}/${A.Arn}/${N}/${A.Other}"}}}
    change = _changes(old, new)[1]
    assert change.details[0]["Target"]["AfterValue"] == f"A-id/arn:A/{KNOWN_LATER}/{KNOWN_LATER}"


def test_a_changed_parameter_is_named_as_the_cause() -> None:
    """TG-110"""
    template = a_template({"It": {"P": {"Fn::Sub": "x${Env}"}, "Q": {"Ref": "Port"}}})
    old = planned(template, SCOPE._replace(parameters={**SCOPE.parameters, "Env": "test"}))
    causes = Causes(template, frozenset({"Env"}))
    (change,) = changes_of(old, {"It": _state("It")}, planned(template), causes)
    static, dynamic = change.details
    assert (static["Evaluation"], static["ChangeSource"]) == ("Static", "ParameterReference")
    assert static["CausingEntity"] == "Env"
    assert (dynamic["Evaluation"], dynamic["ChangeSource"]) == ("Dynamic", "DirectModification")


def _definition(template: Template, environment: str = "prod") -> Definition:
    return planned(template, SCOPE._replace(parameters={"Env": environment}))


YES = {"Fn::Equals": [{"Ref": "Env"}, "prod"]}
BASE = a_template(
    {"It": Resource("T", {"P": 5, "E": {"Ref": "Env"}}, metadata={"m": 1})},
    conditions={"Yes": YES},
    outputs={"O": Output("x")},
)


@pytest.mark.parametrize(
    ("parts", "same"),
    [
        ({}, True),
        ({"conditions": {"Yes": YES, "More": YES}}, True),
        ({"description": "another", "metadata": {"a": 1}}, True),
        ({"outputs": {"O": Output("y")}}, False),
        ({"outputs": {"O": Output("x", export="name")}}, False),
        ({"outputs": {}}, False),
        ({"resources": {}}, False),
    ],
)
def test_only_resources_and_outputs_make_an_update(parts: dict[str, Any], same: bool) -> None:
    """TG-108, TG-115"""
    assert is_same(_definition(BASE), _definition(BASE._replace(**parts))) is same


@pytest.mark.parametrize(
    ("part", "same"),
    [
        ({"properties": {"P": "5", "E": "prod"}}, True),
        ({"properties": {"P": 6, "E": "prod"}}, False),
        ({"metadata": {"m": 2}}, False),
        ({"deletion_policy": "Retain"}, False),
        ({"deletion_policy": "Delete"}, True),
        ({"condition": "Yes"}, True),
    ],
)
def test_what_of_a_resource_makes_an_update(part: dict[str, Any], same: bool) -> None:
    """TG-108, TG-115"""
    changed = BASE._replace(resources={"It": BASE.resources["It"]._replace(**part)})
    old, new = _definition(BASE), _definition(changed)
    assert is_same(old, new) is same
    assert (changes_of(old, {"It": _state("It")}, new) == ()) is same


def test_a_parameter_that_is_used_makes_an_update_and_another_does_not() -> None:
    """TG-108, TG-115"""
    assert not is_same(_definition(BASE), _definition(BASE, "test"))
    unused = BASE._replace(resources={"It": Resource("T")})
    assert is_same(_definition(unused), _definition(unused, "test"))


def test_a_condition_that_turns_takes_resources_away() -> None:
    """TG-115"""
    template = a_template(
        {"It": {}, "Sometimes": Resource("T", condition="Yes")}, conditions={"Yes": YES}
    )
    (change,) = changes_of(_definition(template), {}, _definition(template, "test"))
    assert (change.action, change.logical_id) == ("Remove", "Sometimes")


def test_resources_keep_their_type() -> None:
    old, new = Definition({"A": Wanted("T"), "B": Wanted("T")}), Definition({"A": Wanted("U")})
    refuse_other_types(old, Definition({"A": Wanted("T"), "C": Wanted("U")}))
    with pytest.raises(AwsError) as raised:
        refuse_other_types(old, new)
    assert raised.value.message == (
        "Update of resource type is not permitted. The new template modifies resource type of the"
        " following resources: [A]"
    )
