from __future__ import annotations

from typing import Any

import pytest

from penstock.decide.stack_actions import (
    GET_ARTIFACT,
    GET_PARAM,
    Place,
    Settings,
    StackActionError,
    Step,
    Wish,
    parameters_of,
    read_settings,
    read_wish,
    step_of,
)
from penstock.state.stacks import StackStatus

ROLE = "arn:aws:iam::000000000000:role/deploy"
WHOLE = {
    "ActionMode": "CREATE_UPDATE",
    "StackName": "app",
    "RoleArn": ROLE,
    "TemplatePath": "Built::template.yaml",
}


@pytest.mark.parametrize(
    ("mode", "status", "step"),
    [
        ("CREATE_UPDATE", None, Step.CREATE),
        ("CREATE_UPDATE", "REVIEW_IN_PROGRESS", Step.CREATE),
        ("CREATE_UPDATE", "CREATE_COMPLETE", Step.UPDATE),
        ("CREATE_UPDATE", "ROLLBACK_COMPLETE", Step.UPDATE),
        ("CREATE_UPDATE", "DELETE_FAILED", Step.UPDATE),
        ("REPLACE_ON_FAILURE", None, Step.CREATE),
        ("REPLACE_ON_FAILURE", "UPDATE_COMPLETE", Step.UPDATE),
        ("REPLACE_ON_FAILURE", "UPDATE_ROLLBACK_COMPLETE", Step.UPDATE),
        ("REPLACE_ON_FAILURE", "CREATE_FAILED", Step.REPLACE),
        ("REPLACE_ON_FAILURE", "ROLLBACK_COMPLETE", Step.REPLACE),
        ("REPLACE_ON_FAILURE", "ROLLBACK_FAILED", Step.REPLACE),
        ("REPLACE_ON_FAILURE", "DELETE_FAILED", Step.REPLACE),
        ("REPLACE_ON_FAILURE", "UPDATE_ROLLBACK_FAILED", Step.REPLACE),
        ("DELETE_ONLY", None, Step.NOTHING),
        ("DELETE_ONLY", "CREATE_COMPLETE", Step.DELETE),
        ("DELETE_ONLY", "REVIEW_IN_PROGRESS", Step.DELETE),
        ("CHANGE_SET_REPLACE", None, Step.REVIEW_CREATE),
        ("CHANGE_SET_REPLACE", "REVIEW_IN_PROGRESS", Step.REVIEW_CREATE),
        ("CHANGE_SET_REPLACE", "CREATE_COMPLETE", Step.REVIEW_UPDATE),
        ("CHANGE_SET_EXECUTE", "REVIEW_IN_PROGRESS", Step.EXECUTE),
        ("CHANGE_SET_EXECUTE", "CREATE_COMPLETE", Step.EXECUTE),
    ],
)
def test_a_mode_and_what_there_is_say_what_is_done(
    mode: str, status: str | None, step: Step
) -> None:
    """CP-151, CP-152"""
    assert step_of(mode, StackStatus(status) if status else None) is step


@pytest.mark.parametrize(
    ("mode", "needed"),
    [
        ("CREATE_UPDATE", ["RoleArn", "StackName", "TemplatePath"]),
        ("REPLACE_ON_FAILURE", ["RoleArn", "StackName", "TemplatePath"]),
        ("DELETE_ONLY", ["RoleArn", "StackName"]),
        ("CHANGE_SET_REPLACE", ["ChangeSetName", "RoleArn", "StackName", "TemplatePath"]),
        ("CHANGE_SET_EXECUTE", ["ChangeSetName", "StackName"]),
    ],
)
def test_each_mode_needs_its_keys_and_heeds_no_others(mode: str, needed: list[str]) -> None:
    """CP-150"""
    every = WHOLE | {"ActionMode": mode, "ChangeSetName": "next"}
    found = [name for name in sorted(every) if name != "ActionMode" and _fails(every, name)]
    assert found == needed
    assert read_wish({**every, "TemplateConfiguration": ""}).mode == mode


def _fails(configuration: dict[str, str], without: str) -> bool:
    try:
        read_wish({name: text for name, text in configuration.items() if name != without})
    except StackActionError as error:
        return str(error) == f"{without}: {configuration['ActionMode']} needs it"
    return False


def test_what_a_mode_needs_not_may_be_wrong() -> None:
    """CP-150"""
    wrong = {"TemplatePath": "nothing", "ParameterOverrides": "[", "RoleArn": ROLE}
    asked = {"ActionMode": "DELETE_ONLY", "StackName": "app", **wrong}
    assert read_wish(asked) == Wish("DELETE_ONLY", "app", ROLE)


def test_a_whole_configuration_is_read() -> None:
    """CP-153, CP-155"""
    asked = {
        "TemplateConfiguration": "Source::prod.json",
        "Capabilities": "CAPABILITY_IAM,CAPABILITY_AUTO_EXPAND",
        "ParameterOverrides": '{"Size": "3"}',
        "OutputFileName": "outputs.json",
    }
    assert read_wish(WHOLE | asked) == Wish(
        "CREATE_UPDATE",
        "app",
        ROLE,
        "",
        Place("Built", "template.yaml"),
        Place("Source", "prod.json"),
        ("CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"),
        {"Size": "3"},
        "outputs.json",
    )


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"ActionMode": "CREATE"}, "ActionMode: 'CREATE' is none of CREATE_UPDATE"),
        ({"TemplatePath": "template.yaml"}, "TemplatePath: 'template.yaml' is not as Artifact"),
        ({"TemplateConfiguration": "Source::"}, "TemplateConfiguration: 'Source::' is not as"),
        ({"ParameterOverrides": "["}, "ParameterOverrides: not JSON"),
        ({"ParameterOverrides": "[" * 1000}, "ParameterOverrides: not JSON"),
        ({"ParameterOverrides": "[]"}, "ParameterOverrides: not a JSON object"),
        ({"ParameterOverrides": '{"A": "' + "x" * 1016 + '"}'}, "more than 1024 bytes"),
    ],
)
def test_what_cannot_be_carried_out_is_told(asked: dict[str, str], words: str) -> None:
    """CP-150, CP-153"""
    with pytest.raises(StackActionError, match=words):
        read_wish(WHOLE | asked)


def found(function: str, arguments: tuple[str, ...]) -> str:
    return f"{function}({','.join(arguments)})"


def test_overrides_count_more_than_the_file_and_both_may_ask_artifacts() -> None:
    """CP-153, CP-154"""
    settings = Settings({"Stage": "dev", "Size": 3, "On": True, "Zones": ["a", "b"]})
    overrides = {
        "Stage": "prod",
        "Key": {GET_ARTIFACT: ["Built", "ObjectKey"]},
        "Url": {GET_PARAM: ["Outputs", "outputs.json", "Url"]},
    }
    assert parameters_of(settings, overrides, found) == {
        "Stage": "prod",
        "Size": "3",
        "On": "true",
        "Zones": "a,b",
        "Key": "Fn::GetArtifactAtt(Built,ObjectKey)",
        "Url": "Fn::GetParam(Outputs,outputs.json,Url)",
    }


@pytest.mark.parametrize(
    "value",
    [
        None, {}, {GET_PARAM: ["Outputs", "a.json"]}, {GET_ARTIFACT: ["Built"]}, {"Ref": "Built"},
        {GET_ARTIFACT: "Built"}, {GET_PARAM: ["a", "b", 3]}, [{}],
    ],
)  # fmt: skip
def test_a_parameter_is_a_text_or_one_of_two_functions(value: Any) -> None:
    """CP-154"""
    with pytest.raises(StackActionError, match="The value of the parameter A is no text"):
        parameters_of(Settings(), {"A": value}, found)


def test_a_file_of_settings_has_three_sections() -> None:
    """CP-153"""
    place = Place("Source", "prod.json")
    text = b'{"Parameters": {"A": "1"}, "Tags": {"Team": "x"}, "StackPolicy": {"Statement": []}}'
    expected = Settings({"A": "1"}, {"Team": "x"}, '{"Statement": []}')
    assert read_settings(place, text) == expected
    assert read_settings(place, b"{}") == Settings()
    for wrong in (b"[]", b'{"Parameters": []}', b'{"Outputs": {}}', b"\xff", b""):
        with pytest.raises(StackActionError, match=r"Source::prod\.json: "):
            read_settings(place, wrong)
