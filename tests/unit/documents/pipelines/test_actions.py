"""Actions by their types: configuration, counts of artifacts, commands."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.action_types import ACTION_TYPES, ActionTypeSpec, Counts, Property
from penstock.documents.pipelines import TypeId
from penstock.documents.pipelines.reader import read_pipeline

from .declarations import (
    REGION,
    action,
    after_source,
    artifacts,
    build,
    declaration,
    problems,
    source,
    stage,
    told,
)

COMMANDS = {"inputArtifacts": artifacts("code"), "commands": ["make"]}
TOPIC = "arn:aws:sns:us-east-1:123456789012:ask"


def refused(*actions: dict[str, Any]) -> list[str]:
    """The messages about the actions of a second stage, all of them about its actions."""
    found = problems(after_source(stage("Second", *actions)))
    assert {one.code for one in found} <= {"InvalidActionDeclarationException"}
    assert all(one.path[:3] == ("stages", 1, "actions") for one in found)
    return [one.message for one in found]


@pytest.mark.parametrize("spec", ACTION_TYPES.values(), ids=lambda spec: "-".join(spec.type[:3]))
def test_counts_of_artifacts_are_those_of_the_type(spec: ActionTypeSpec) -> None:
    """CP-011"""
    category, owner, provider, _ = spec.type
    first = category == "Source"
    names = [f"a{n}" for n in range(12)]
    sources = [source(f"S{name}", output=name) for name in names]
    others = {"commands": ["true"]} if provider == "Commands" else {}
    for kind, counts, able in (
        ("input", spec.inputs, names),
        ("output", spec.outputs, [f"o{n}" for n in range(12)]),
    ):
        for count in (counts.least - 1, counts.least, counts.most, counts.most + 1):
            if count < 0:
                continue
            given = {
                "inputArtifacts": artifacts(*names[: spec.inputs.least]),
                "outputArtifacts": artifacts(*[f"o{n}" for n in range(spec.outputs.least)]),
                f"{kind}Artifacts": artifacts(*able[:count]),
            }
            one = action("Act", f"{category} {provider} {owner}", **given, **others)
            stages = [stage("Source", *sources, *([one] if first else []))]
            stages.append(stage("Next", action("Ask", "Approval Manual") if first else one))
            expected = []
            if count < counts.least:
                expected = [
                    f"Action Act declares {count} {kind} artifacts which is less than the minimum"
                    f" count ({counts.least})"
                ]
            if count > counts.most:
                expected = [
                    f"Action Act declares {count} {kind} artifacts which is more than the maximum"
                    f" count ({counts.most})"
                ]
            found = [
                message
                for code, message in told(declaration(*stages))
                if code == "InvalidActionDeclaration" and "declares" in message
            ]
            assert found == expected


def test_a_build_without_input_is_refused_in_awss_words() -> None:
    """CP-011"""
    assert refused(action("Make", "Build CodeBuild")) == [
        "Action Make declares 0 input artifacts which is less than the minimum count (1)"
    ]


def test_a_type_that_is_not_registered_is_refused_in_awss_words() -> None:
    """CP-012"""
    other = action("A", "Source P Custom", outputArtifacts=artifacts("x"))
    assert told(declaration(stage("Source", source(), other), stage("Build", build()))) == [
        (
            "InvalidActionDeclaration",
            "ActionType (Category: 'Source', Provider: 'P', Owner: 'Custom', Version: '1') in"
            " action 'A' is not available in region 'US_EAST_1'",
        )
    ]
    assert refused({**build(), "actionTypeId": {**build()["actionTypeId"], "version": "2"}}) == [
        "ActionType (Category: 'Build', Provider: 'CodeBuild', Owner: 'AWS', Version: '2') in"
        " action 'Make' is not available in region 'US_EAST_1'"
    ]


@pytest.mark.parametrize("spec", ACTION_TYPES.values(), ids=lambda spec: "-".join(spec.type[:3]))
def test_what_a_type_requires_has_to_be_there(spec: ActionTypeSpec) -> None:
    category, owner, provider, _ = spec.type
    one = action("Act", f"{category} {provider} {owner}")
    one["configuration"] = {}
    place = 0 if category == "Source" else 1
    document = after_source(stage("Second", action("Ask", "Approval Manual")))
    document["stages"][place]["actions"].append(one)
    missing = [message for _, message in told(document) if "missing required" in message]
    assert missing == [
        f"Action configuration for action 'Act' is missing required configuration '{key.name}'"
        for key in spec.properties
        if key.required
    ]


def test_keys_that_a_type_does_not_have_are_refused() -> None:
    assert refused(build(configuration={"Projectname": "web"})) == [
        "Action configuration for action 'Make' contains unknown configuration 'Projectname'"
    ]
    document = after_source(stage("Build", build(configuration={"X": "1"})))
    assert problems(document)[0].path == ("stages", 1, "actions", 0, "configuration", "X")
    open_type = action(
        "Eks", "Deploy EKS", inputArtifacts=artifacts("code"), configuration={"Subnets": "s"}
    )
    assert refused(open_type) == []


def test_a_value_may_be_50000_characters_and_not_empty() -> None:
    """CP-013"""
    long = build(configuration={"EnvironmentVariables": "x" * 50_000})
    assert told(after_source(stage("Build", long))) == []
    bounds = (
        "[Member must have length less than or equal to 50000,"
        " Member must have length greater than or equal to 1]"
    )
    for value in ("", "x" * 50_001):
        document = after_source(stage("Build", build(configuration={"PrimarySource": value})))
        assert told(document) == [
            (
                "Validation",
                "Value at 'pipeline.stages.2.member.actions.1.member.configuration' failed to"
                f" satisfy constraint: Map value must satisfy constraint: {bounds}",
            )
        ]


def test_a_key_has_50_characters_at_most() -> None:
    """CP-013"""
    document = after_source(stage("Build", build(configuration={"k" * 51: "v"})))
    assert [code for code, _ in told(document)] == ["Validation", "InvalidActionDeclaration"]


@pytest.mark.parametrize(("minutes", "fits"), [(4, 0), (5, 1), (86_400, 1), (86_401, 0)])
def test_an_approval_may_have_a_timeout(minutes: int, fits: bool) -> None:
    """CP-015"""
    ask = action("Ask", "Approval Manual", timeoutInMinutes=minutes)
    codes = [code for code, _ in told(after_source(stage("Ask", ask)))]
    assert codes == ([] if fits else ["Validation"])


def test_no_other_action_has_a_timeout() -> None:
    """CP-015"""
    assert refused(build(timeoutInMinutes=5)) == [
        "Action Make must not have timeoutInMinutes: only manual approval actions have it"
    ]


@pytest.mark.parametrize(
    "role", ["pipeline", "arn:aws:iam::1:role/x", "arn:aws:iam::123456789012:user/x"]
)
def test_a_role_is_a_roles_arn(role: str) -> None:
    """CP-015"""
    assert [code for code, _ in told(declaration(roleArn=role))] == ["Validation"]
    document = after_source(stage("Build", build(roleArn=role)))
    assert [code for code, _ in told(document)] == ["Validation"]


def test_commands_are_lines_of_a_commands_action() -> None:
    assert refused(action("Run", "Compute Commands", **COMMANDS)) == []
    assert refused(action("Run", "Compute Commands", inputArtifacts=artifacts("code"))) == [
        "Action Run must have a non-empty commands field"
    ]
    assert refused(action("Run", "Compute Commands", **{**COMMANDS, "commands": ["a\nb"]})) == [
        "Action Run has a command of several lines: each has to be a single line"
    ]
    assert refused(
        build(
            commands=["make"],
            outputVariables=["A"],
            environmentVariables=[{"name": "A", "value": "b"}],
            outputArtifacts=[{"name": "out", "files": ["**"]}],
        )
    ) == [
        "Action Make must not have commands: only Commands actions have them",
        "Action Make must not have outputVariables: only Commands actions have them",
        "Action Make must not name the files of an output artifact: only Commands actions do",
        "Action Make must not have environmentVariables: CodeBuild actions have none",
    ]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("commands", ["x"] * 51),
        ("commands", ["x" * 1001]),
        ("commands", []),
        ("outputVariables", ["X"] * 16),
        ("environmentVariables", [{"name": f"E{n}", "value": "v"} for n in range(11)]),
        ("environmentVariables", [{"name": "E", "value": "v", "type": "PARAMETER_STORE"}]),
        ("outputArtifacts", [{"name": "out", "files": ["f"] * 11}]),
    ],
)
def test_what_a_commands_action_has_is_bounded(member: str, value: Any) -> None:
    run = action("Run", "Compute Commands", **{**COMMANDS, member: value})
    assert told(after_source(stage("Run", run)))[0][0] == "Validation"


@pytest.mark.parametrize(
    ("arn", "said"),
    [
        (TOPIC, ""),
        ("#{variables.TOPIC}", ""),
        ("topic", "contains a format error"),
        (TOPIC.replace("sns", "sqs"), "the AWS service for this ARN cannot be used"),
        (TOPIC.replace("us-east-1", "eu-west-1"), "not in the same region as the pipeline"),
    ],
)
def test_an_approval_tells_a_topic_of_its_region(arn: str, said: str) -> None:
    ask = action("Ask", "Approval Manual", configuration={"NotificationArn": arn})
    variables = [{"name": "TOPIC"}]
    found = told(after_source(stage("Ask", ask), variables=variables))
    assert [said in message for _, message in found] == ([True] if said else [])


def test_an_account_has_types_of_its_own() -> None:
    """CP-145"""
    type = TypeId("Build", "Custom", "Jenkins", "7")
    job = Property("Job", required=True, queryable=True)
    custom = {type: ActionTypeSpec(type, Counts(0, 1), Counts(0, 0), (job,), None)}
    one = action("J", "Build Jenkins Custom", configuration={"Job": "nightly"})
    one["actionTypeId"]["version"] = "7"
    assert read_pipeline(after_source(stage("Build", one)), custom, REGION)[1] == []
    for value in ("x" * 21, "a b", "ä"):
        one["configuration"] = {"Job": value}
        (found,) = read_pipeline(after_source(stage("Build", one)), custom, REGION)[1]
        assert found.code == "InvalidActionDeclarationException"
        assert "queryable" in found.message
