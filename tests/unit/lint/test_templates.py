"""Templates: places in every way of writing, conditions, transforms, what stands in the tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import TEMPLATE, but

from .documents import Tree, found, place

BUCKET = "Resources:\n  Site:\n    Type: AWS::S3::Bucket\n"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ("!Ref Sites", "Sites"),
        ("{Ref: Sites}", "Sites"),
        ("!GetAtt Sites.Arn", "Sites"),
        ("{'Fn::GetAtt': [Sites, Arn]}", "[Sites"),
        ("!Sub 'a ${Sites}'", "a ${"),
        ("!Join ['-', [a, !Ref Sites]]", "Sites"),
    ],
)
def test_references_to_nothing_stand_where_they_are(tree: Tree, value: str, part: str) -> None:
    """TG-105"""
    text = f"{BUCKET}Outputs:\n  Site:\n    Value: {value}\n"
    assert found(tree.lint(text), "unresolved-reference") == [place(text, part)]


def test_a_dependency_on_nothing(tree: Tree) -> None:
    """TG-105"""
    text = f"{BUCKET}    DependsOn: [Logs]\n"
    assert len(found(tree.lint(text), "unresolved-reference")) == 1


def test_places_in_json(tree: Tree) -> None:
    text = json.dumps({"Resources": {"Site": {"Type": "AWS::S3::Bucket", "Properties": {
        "BucketNam": {"Fn::Sub": "${Logs}-site"}}}}}, indent=1)  # fmt: skip
    both = tree.lint(text)
    assert found(both, "unresolved-reference") == [place(text, "${Logs}")]
    assert found(both, "unknown-property") == [place(text, "BucketNam")]


@pytest.mark.parametrize(
    "value", ["!GetAtt Site.Name", "!Sub 'a ${Site.Name}'", "{'Fn::GetAtt': Site.Name}"]
)
def test_attributes_that_are_not_there(tree: Tree, value: str) -> None:
    text = f"{BUCKET}Outputs:\n  Site:\n    Value: {value}\n"
    [one] = tree.lint(text)
    assert (one.rule, one.at.line) == ("unknown-attribute", 6)


def test_what_sam_adds_is_there(tree: Tree) -> None:
    text = (
        "Transform: AWS::Serverless-2016-10-31\n"
        "Globals: {Function: {Runtime: python3.13}}\n"
        "Resources:\n"
        "  Hello:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Handler: a.b, CodeUri: src, Events: {Get: {Type: Api}}}\n"
        "Outputs:\n"
        "  Role: {Value: !GetAtt HelloRole.Arn}\n"
        "  Url: {Value: !Sub 'https://${ServerlessRestApi}.example'}\n"
        "  Version: {Value: !Ref Hello.Version}\n"
    )
    assert tree.lint(text) == ()
    other = text + "  Other: {Value: !GetAtt Other.Arn}\n"
    assert found(tree.lint(other), "unresolved-reference") == [place(other, "Other.Arn")]


@pytest.mark.parametrize(
    "text",
    [
        "Transform: [MyMacro]\n" + BUCKET + "    Properties: {Name: !Ref Whatever}\n",
        "Transform: AWS::LanguageExtensions\nResources:\n  'Fn::ForEach::Sites':\n    - Name\n"
        "    - [a, b]\n    - 'Site${Name}': {Type: AWS::S3::Bucket}\n",
        BUCKET + "    Properties: {'Fn::Transform': {Name: AWS::Include, Parameters: {}}}\n",
    ],
    ids=["macro", "ForEach", "Include"],
)
def test_nothing_is_said_of_what_a_transform_may_change(tree: Tree, text: str) -> None:
    assert tree.lint(text) == ()


def test_a_template_that_cannot_be_read_has_its_place(tree: Tree) -> None:
    text = f"{BUCKET}    Properties: {{BucketName: !Reff Name}}\n"
    [one] = tree.lint(text)
    assert (one.rule, one.at.line) == ("template-tag", 4)


@pytest.mark.parametrize(
    ("parameter", "finds"),
    [
        ("GitHubToken: {Type: String}", True),
        ("DatabasePassword: {Type: String, Default: ''}", True),
        ("GitHubToken: {Type: String, NoEcho: true}", False),
        ("GitHubTokenSecretName: {Type: String}", False),
        ("TokenParameter: {Type: String}", False),
        ("DatabasePassword: {Type: 'AWS::SSM::Parameter::Value<String>'}", False),
        ("ApiToken: {Type: String, Default: /app/token}", False),
        ("RotateSecret: {Type: String, AllowedValues: ['yes', 'no']}", False),
    ],
)
def test_parameters_named_like_secrets(tree: Tree, parameter: str, finds: bool) -> None:
    text = f"Parameters:\n  {parameter}\n{BUCKET}"
    name = parameter.partition(":")[0]
    assert found(tree.lint(text), "shown-secret") == ([(2, 3)] if finds else [])
    assert [one.message for one in tree.lint(text) if one.rule == "unused-parameter"] == [
        f"nothing uses parameter {name}"
    ]


CONDITIONAL = but(
    TEMPLATE,
    ("Resources:\n", "Parameters:\n  Gate: {Type: String, Default: 'yes'}\nConditions:\n"
     "  HasGate: !Equals [!Ref Gate, 'yes']\n  HasNone: !Not [!Condition HasGate]\n"
     "Resources:\n"),
    ("              InputArtifacts: [{Name: tree}]\n",
     "              InputArtifacts:\n                - !If [HasNone, !Ref AWS::NoValue,"
     " {Name: tree}]\n"),
)  # fmt: skip


def test_conditions_are_decided_together(tree: Tree) -> None:
    """An error that only some choice leads to is a warning, which says what choice."""
    [one] = tree.lint(CONDITIONAL)
    assert (one.rule, one.severity) == ("artifact-count", Severity.WARNING)
    assert one.hint == "where HasGate is false and HasNone is true"
    always = CONDITIONAL.replace("AllowedValues", "")
    always = but(always, ("Default: 'yes'", "Default: 'yes', AllowedValues: ['yes']"))
    assert tree.lint(always) == ()


def test_a_resource_that_is_not_there_starts_nothing(tree: Tree) -> None:
    """The event rule and the polling are there in turn, never together."""
    text = but(
        TEMPLATE,
        ("Resources:\n", "Parameters:\n  Poll: {Type: String, AllowedValues: ['true', 'false']}\n"
         "Conditions:\n  IsTold: !Equals [!Ref Poll, 'false']\nResources:\n"),
        ("BranchName: main\n", "BranchName: main\n                PollForSourceChanges:"
         " !If [IsTold, false, true]\n"),
    ) + (
        "  Pushed:\n    Type: AWS::Events::Rule\n    Condition: IsTold\n    Properties:\n"
        "      EventPattern: {source: [aws.codecommit]}\n      Targets:\n"
        "        - Id: a\n          RoleArn: !GetAtt PipelineRole.Arn\n"
        "          Arn: !Sub 'arn:aws:codepipeline:eu-west-1:111122223333:${Pipeline}'\n"
    )  # fmt: skip
    assert tree.lint(text) == ()
    text = but(text, ("    Condition: IsTold\n", ""))
    assert len(found(tree.lint(text), "double-start")) == 1


INLINE = TEMPLATE[TEMPLATE.index("BuildSpec: |") : TEMPLATE.index("  Pipeline:\n")]


@pytest.mark.parametrize(
    ("files", "severity", "hint"),
    [
        ({}, Severity.INFO, "unless the source is another repository"),
        ({"ci__sites_yml": "a"}, Severity.WARNING, "it has `ci/sites.yml`"),
    ],
)
def test_a_buildspec_that_is_not_there(
    tree: Tree, files: dict[str, str], severity: Severity, hint: str
) -> None:
    text = but(TEMPLATE, (INLINE, "BuildSpec: ci/site.yml\n"), ("#{Site.REVISION}", "it"))
    [one] = tree.lint(text, **files)
    assert (one.rule, one.severity, one.hint) == ("missing-buildspec", severity, hint)
    assert one.at == place(text, "ci/site.yml")


def test_the_buildspec_of_a_build_that_another_action_feeds_is_not_in_the_tree(tree: Tree) -> None:
    text = but(
        TEMPLATE,
        (INLINE, "BuildSpec: ci/site.yml\n"),
        ("#{Site.REVISION}", "it"),
        ("        - Name: Build\n", "        - Name: Fetch\n          Actions:\n"
         "            - Name: Fetch\n              ActionTypeId:"
         " {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}\n"
         "              Configuration: {ProjectName: other}\n"
         "              InputArtifacts: [{Name: tree}]\n"
         "              OutputArtifacts: [{Name: fetched}]\n        - Name: Build\n"),
    )  # fmt: skip
    text = text.replace(
        "InputArtifacts: [{Name: tree}]\n              OutputArtifacts: [{Name: site}]",
        "InputArtifacts: [{Name: fetched}]\n              OutputArtifacts: [{Name: site}]",
    )
    assert tree.lint(text) == ()


def test_buildspecs_in_a_template_are_linted_at_their_places(tree: Tree) -> None:
    text = but(TEMPLATE, ("- make site", "- source ./settings && make site"))
    assert found(tree.lint(text), "bashism") == [place(text, "source ./")]
    text = but(text, ("BuildSpec: |", "BuildSpec: !Sub |"), ("make site", "make ${AWS::Region}"))
    assert found(tree.lint(text), "bashism") == [place(text, "source ./")]
    text = but(TEMPLATE, ("            build:\n", "            biuld:\n"))
    assert place(text, "biuld") in found(tree.lint(text), "unknown-phase")


def test_privileged_mode_is_known_where_the_project_is(tree: Tree) -> None:
    text = but(TEMPLATE, ("- make site", "- docker build ."))
    assert len(found(tree.lint(text), "docker-privileged")) == 1
    text = but(text, ("        Type: LINUX", "        PrivilegedMode: true\n        Type: LINUX"))
    assert found(tree.lint(text), "docker-privileged") == []


@pytest.mark.parametrize("where", ["line", "above", "file"])
def test_a_comment_ignores_a_rule(tree: Tree, where: str) -> None:
    parameter = "  Token: {Type: String}"
    text = f"Parameters:\n{parameter}\n{BUCKET}Outputs:\n  A: {{Value: !Ref Token}}\n"
    comment = "# penstock: ignore shown-secret"
    assert [one.rule for one in tree.lint(text)] == ["shown-secret"]
    changed = {
        "line": text.replace(parameter, f"{parameter}  {comment}"),
        "above": text.replace(parameter, f"  {comment}\n{parameter}"),
        "file": f"{comment}\n{text}",
    }
    assert tree.lint(changed[where]) == ()


def test_errors_cannot_be_ignored(tree: Tree) -> None:
    text = f"{BUCKET}    DependsOn: Logs  # penstock: ignore unresolved-reference\n"
    assert [one.rule for one in tree.lint(text)] == ["unresolved-reference"]


@pytest.mark.parametrize(
    "text",
    [
        "Resources: []\nAWSTemplateFormatVersion: 1\n",
        "AWSTemplateFormatVersion: '2010-09-09'\n",
        "AWSTemplateFormatVersion: '2010-09-09'\nResources: {A: null, B: 1, C: {Type: 1}}\n",
        TEMPLATE.replace("Stages:", "Stages: !Ref Stages\n      Other:"),
        TEMPLATE.replace("Configuration:", "Configuration: null\n              Other:"),
        TEMPLATE.replace("Actions:", "Actions: [1, null, {Name: []}]\n          Other:"),
        TEMPLATE.replace("BuildSpec: |", "BuildSpec: !Sub\n          - |"),
        TEMPLATE.replace("[{Name: tree}]", "{Name: tree}"),
        "Conditions: {A: !Condition A, B: 1, C: !Not [!Condition B]}\n" + BUCKET,
        "Resources: {A: {Type: AWS::CodePipeline::Pipeline, Properties: [1]}}\n",
        "Resources: {A: {Type: AWS::CodePipeline::Pipeline, Properties: {ArtifactStores: [1]}}}\n",
        "Resources: {A: {Type: AWS::CodeBuild::Project, Properties: {Source: 1}}}\n",
        "pipeline: {stages: [{actions: [{actionTypeId: 1}, 2]}, 3]}\n",
        "pipeline: [1]\nstages: [1]\nactionTypeId: 1\n",
    ],
)
def test_no_text_breaks_the_linter(tree: Tree, text: str) -> None:
    assert any(one.severity is Severity.ERROR for one in tree.lint(text))


def test_buildspecs_that_the_cdk_writes(tree: Tree) -> None:
    spec = {
        "version": "0.2",
        "env": {"exported-variables": ["REVISION"]},
        "phases": {"build": {"commands": ["REVISION=1"]}},
        "artifacts": {"files": "**/*"},
    }
    text = but(TEMPLATE, (INLINE, f"BuildSpec: {json.dumps(json.dumps(spec, indent=2))}\n"))
    assert tree.lint(text) == ()
    text = but(text, ("REVISION=1", "REVISION=1; source x"))
    assert found(tree.lint(text), "bashism") == [place(text, "source x")]
