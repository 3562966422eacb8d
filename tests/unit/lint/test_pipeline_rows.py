"""The rows L01 to L13: mistakes in stages and actions, each at its place."""

from __future__ import annotations

import json

import pytest

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, TEMPLATE, but

from .documents import Tree, found, place
from .documents import tree as tree


def test_l01_an_input_that_nobody_puts_out(tree: Tree) -> None:
    """L01, CP-007."""
    text = but(TEMPLATE, ("InputArtifacts: [{Name: tree}]", "InputArtifacts: [{Name: source}]"))
    assert found(tree.lint(text), "pipeline-input") == [place(text, "source}]")]


def test_l01_an_input_of_an_action_that_runs_at_the_same_time(tree: Tree) -> None:
    """L01: the same runOrder is too late."""
    second = (
        "        - name: Docs\n"
        "          actionTypeId: {category: Build, owner: AWS, provider: CodeBuild, version: '1'}\n"
        "          configuration: {ProjectName: docs}\n"
        "          inputArtifacts: [{name: site}]\n"
    )
    text = but(DECLARATION, ("    - name: Deploy\n", f"{second}    - name: Deploy\n"))
    assert found(tree.lint(text), "pipeline-input") == [place(text, "site}]\n    - name: Deploy")]
    later = but(text, ("name: Docs\n", "name: Docs\n          runOrder: 2\n"))
    assert found(tree.lint(later), "pipeline-input") == []


def test_l01_an_artifact_whose_name_is_a_parameter_is_the_same_everywhere(tree: Tree) -> None:
    """L01: references are resolved symbolically."""
    head = "Parameters:\n  Artifact: {Type: String}\nResources:"
    text = but(TEMPLATE, ("Resources:", head)).replace("[{Name: tree}]", "[{Name: !Ref Artifact}]")
    assert tree.lint(text) == ()
    text = but(
        text, ("OutputArtifacts: [{Name: site}]", "OutputArtifacts: [{Name: !Ref Artifact}]")
    )
    assert len(found(tree.lint(text), "pipeline-output-twice")) == 1


def test_l02_one_output_name_from_two_actions(tree: Tree) -> None:
    """L02, CP-007."""
    text = but(TEMPLATE, ("OutputArtifacts: [{Name: site}]", "OutputArtifacts: [{Name: tree}]"))
    assert found(tree.lint(text), "pipeline-output-twice") == [place(text, "tree}]", 3)]


def test_l03_wrong_counts_of_artifacts(tree: Tree) -> None:
    """L03, CP-011."""
    text = but(TEMPLATE, ("              InputArtifacts: [{Name: tree}]\n", ""))
    [one] = [one for one in tree.lint(text) if one.rule == "artifact-count"]
    assert one.message.startswith("Action Site declares 0 input artifacts")
    assert one.at == place(text, "Name: Site")


def test_l04_sources_stand_in_the_first_stage_and_nowhere_else(tree: Tree) -> None:
    """L04, CP-004."""
    text = but(DECLARATION, ("category: Build,", "category: Source,"))
    assert place(text, "Source, owner: AWS, provider: CodeBuild") in found(
        tree.lint(text), "source-stage"
    )


def test_l05_stages_are_two_at_least_and_have_actions(tree: Tree) -> None:
    """L05, CP-003."""
    text = DECLARATION[: DECLARATION.index("    - name: Build")]
    assert found(tree.lint(text), "stage-count") == [place(text, "- name: Source")]
    text += "    - name: Build\n      actions: []\n"
    assert place(text, "[]") in found(tree.lint(text), "stage-count")


@pytest.mark.parametrize("name", ["the site", "sité", "x" * 101])
def test_l06_characters_and_lengths_of_names(tree: Tree, name: str) -> None:
    """L06, CP-002."""
    text = but(DECLARATION, ("- name: Build", f"- name: {name}"))
    assert found(tree.lint(text), "pipeline-name") == [place(text, name)]


def test_l07_two_of_one_name(tree: Tree) -> None:
    """L07: stages, actions, namespaces, a namespace and an artifact (CP-005, CP-092)."""
    text = but(DECLARATION, ("- name: Deploy", "- name: Build"))
    assert found(tree.lint(text), "duplicate-name") == [place(text, "Build\n", 2)]
    text = but(DECLARATION, ("namespace: Site", "namespace: Source"))
    assert found(tree.lint(text), "duplicate-name") == [place(text, "Source\n", 3)]
    text = but(DECLARATION, ("namespace: Site", "namespace: tree"))
    assert found(tree.lint(text), "duplicate-name") == [place(text, "tree\n")]


@pytest.mark.parametrize("given", ["", ", PrimarySource: dosc"])
def test_l08_several_inputs_need_a_primary_source(tree: Tree, given: str) -> None:
    """L08, CP-125."""
    text = but(
        DECLARATION,
        ("inputArtifacts: [{name: tree}]", "inputArtifacts: [{name: tree}, {name: docs}]"),
        ("{ProjectName: site}", f"{{ProjectName: site{given}}}"),
    )
    at = place(text, "dosc" if given else "{ProjectName")
    assert found(tree.lint(text), "primary-source") == [at]


OVERRIDDEN = but(
    DECLARATION,
    ("inputArtifacts: [{name: site}]", "inputArtifacts: [{name: tree}]"),
    ("site::template.yml", "tree::site.yml\n            ParameterOverrides: 'OVERRIDES'"),
)
SITE = "Parameters:\n  Stage: {Type: String}\nResources:\n  A: {Type: 'AWS::S3::Bucket'}\n"


@pytest.mark.parametrize(
    ("overrides", "rule", "part"),
    [
        ("Stage=test", "parameter-overrides", "Stage=test"),
        ('["Stage"]', "parameter-overrides", '["Stage"]'),
        ('{"Stage": "' + "x" * 1024 + '"}', "parameter-overrides", '{"Stage'),
        ('{"Stage": "a", "Sage": "b"}', "unknown-parameter", '"Sage"'),
    ],
)
def test_l09_parameter_overrides(tree: Tree, overrides: str, rule: str, part: str) -> None:
    """L09, CP-153: a JSON object of at most 1 KB, of parameters that the template has."""
    text = but(OVERRIDDEN, ("OVERRIDES", overrides))
    assert found(tree.lint(text, site_yml=SITE), rule) == [place(text, part)]


def test_l09_parameters_of_a_template_configuration(tree: Tree) -> None:
    """L09, CP-153."""
    text = but(
        OVERRIDDEN, ("ParameterOverrides: 'OVERRIDES'", "TemplateConfiguration: tree::test.json")
    )
    configuration = json.dumps({"Parameters": {"Stage": "a", "Sage": "b"}})
    files = {"site_yml": SITE, "test_json": configuration}
    [one] = [one for one in tree.lint(text, **files) if one.rule == "unknown-parameter"]
    assert one.at == place(text, "tree::test.json")
    assert "`Sage`" in one.message


BUILT = "ProjectName: site, EnvironmentVariables"


@pytest.mark.parametrize(
    "variables",
    [
        "STAGE=test",
        '{"STAGE": "test"}',
        '[{"value": "test"}]',
        '[{"name": "STAGE", "value": 1}]',
        '[{"name": "STAGE", "value": "test", "type": "SECRET"}]',
        '[{"name": "STAGE", "value": "test", "typ": "PLAINTEXT"}]',
    ],
)
def test_l10_environment_variables_of_an_action(tree: Tree, variables: str) -> None:
    """L10, CP-125."""
    text = but(DECLARATION, ("{ProjectName: site}", f"{{{BUILT}: '{variables}'}}"))
    assert found(tree.lint(text), "action-environment") == [place(text, variables)]


def test_l10_environment_variables_with_values_of_the_stack(tree: Tree) -> None:
    """L10: `${…}` may be anything, and so may what is around it."""
    variables = """!Sub '[{"name": "BUCKET", "value": "${Artifacts}"}, ${AWS::StackName}]'"""
    changed = f"{{ProjectName: !Ref Build, EnvironmentVariables: {variables}}}"
    text = but(TEMPLATE, ("{ProjectName: !Ref Build}", changed))
    assert tree.lint(text) == ()


def test_l10_more_than_1000_characters(tree: Tree) -> None:
    """L10, CP-013."""
    variables = json.dumps([{"name": "STAGE", "value": "x" * 1000}])
    text = but(DECLARATION, ("{ProjectName: site}", f"{{{BUILT}: '{variables}'}}"))
    [one] = tree.lint(text)
    assert (one.rule, one.severity) == ("long-configuration", Severity.INFO)


def test_l11_configuration_keys(tree: Tree) -> None:
    """L11: unknown ones with the nearest known, and missing ones."""
    text = but(DECLARATION, ("BranchName: main", "Branch: main"))
    unknown, missing = sorted(tree.lint(text), key=lambda one: one.rule, reverse=True)
    assert (unknown.rule, tuple(unknown.at)) == ("unknown-configuration", place(text, "Branch:"))
    assert unknown.hint == "did you mean `BranchName`?"
    assert missing.rule == "missing-configuration"
    assert missing.at == place(text, "{RepositoryName")


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("TemplatePath: site::", "TemplatePath: tree::", "tree::"),
        ("TemplatePath: site::template.yml", "TemplatePath: template.yml", "template.yml"),
        (
            "StackName: site",
            'StackName: site\n            ParameterOverrides: \'{"A": {"Fn::GetParam":'
            ' ["tree", "a.json", "A"]}}\'',
            "tree\", \"a.json",
        ),
        (
            "StackName: site",
            'StackName: site\n            ParameterOverrides: \'{"A": {"Fn::GetArtifactAtt":'
            ' ["tree", "URL"]}}\'',
            'tree", "URL',
        ),
    ],
)  # fmt: skip
def test_l12_files_of_what_is_no_input(tree: Tree, old: str, new: str, part: str) -> None:
    """L12, CP-153, CP-154."""
    text = but(DECLARATION, (old, new))
    assert found(tree.lint(text), "foreign-file") == [place(text, part)]


def test_l12_in_a_short_form(tree: Tree) -> None:
    """L12: the place of the artifact in the text of `!Sub`."""
    deploy = (
        "        - Name: Deploy\n"
        "          Actions:\n"
        "            - Name: Stack\n"
        "              ActionTypeId:"
        " {Category: Deploy, Owner: AWS, Provider: CloudFormation, Version: '1'}\n"
        "              InputArtifacts: [{Name: site}]\n"
        "              Configuration:\n"
        "                ActionMode: CREATE_UPDATE\n"
        "                StackName: site\n"
        "                RoleArn: !GetAtt PipelineRole.Arn\n"
        "                TemplatePath: !Sub 'tree::${AWS::Region}.yml'\n"
    )
    text = TEMPLATE + deploy
    assert found(tree.lint(text), "foreign-file") == [place(text, "tree::$")]


@pytest.mark.parametrize(
    ("old", "new", "needs"),
    [
        ("            TemplatePath: site::template.yml\n", "", "TemplatePath"),
        ("            RoleArn: arn:aws:iam::111122223333:role/deploy\n", "", "RoleArn"),
        ("CREATE_UPDATE", "CHANGE_SET_REPLACE", "ChangeSetName"),
        ("CREATE_UPDATE", "CHANGE_SET_EXECUTE", "ChangeSetName"),
    ],
)
def test_l13_what_action_modes_need(tree: Tree, old: str, new: str, needs: str) -> None:
    """L13, CP-150."""
    [one] = tree.lint(but(DECLARATION, (old, new)))
    assert (one.rule, one.severity) == ("stack-action", Severity.ERROR)
    assert one.message.endswith(f"needs {needs}")


def test_l13_a_change_set_is_made_before_it_is_executed(tree: Tree) -> None:
    """L13."""
    execute = (
        "        - name: Execute\n"
        "          actionTypeId:"
        " {category: Deploy, owner: AWS, provider: CloudFormation, version: '1'}\n"
        "          configuration:"
        " {ActionMode: CHANGE_SET_EXECUTE, StackName: site, ChangeSetName: next}\n"
    )
    text = but(
        DECLARATION,
        ("CREATE_UPDATE", "CHANGE_SET_REPLACE"),
        ("StackName: site", "StackName: site\n            ChangeSetName: next"),
    )
    text += execute
    assert found(tree.lint(text), "change-set-order") == [place(text, "Execute\n")]
    assert tree.lint(but(text, ("name: Execute\n", "name: Execute\n          runOrder: 2\n"))) == ()
