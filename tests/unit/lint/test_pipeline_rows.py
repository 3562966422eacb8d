"""The rows L01 to L25: mistakes in pipelines, each at its place, in declarations and templates."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, TEMPLATE, but
from penstock.lint.pipelines.rules.double_start import TOLD

from .documents import Tree, found, place


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


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


@pytest.mark.parametrize(
    ("reference", "rule"),
    [
        ("#{Sources.CommitId}", "variable-reference"),
        ("#{codepipeline.ExecutionId}", "variable-reference"),
        ("#{variables.STAGE}", "variable-reference"),
        ("#{Source.Commit}", "variable-key"),
        ("#{Source.CommitId}", ""),
        ("#{codepipeline.PipelineExecutionId}", ""),
    ],
)
def test_l14_references_to_variables(tree: Tree, reference: str, rule: str) -> None:
    """L14, CP-090 to CP-095."""
    text = but(DECLARATION, ("StackName: site", f"StackName: 'site-{reference}'"))
    assert [one.rule for one in tree.lint(text)] == ([rule] if rule else [])


def test_l14_a_namespace_that_is_filled_later(tree: Tree) -> None:
    """L14, CP-091."""
    text = but(DECLARATION, ("{ProjectName: site}", "{ProjectName: '#{Site.NAME}'}"))
    assert found(tree.lint(text), "variable-reference") == [place(text, "#{Site")]


def test_l14_a_variable_that_the_buildspec_does_not_export(tree: Tree) -> None:
    """L14, CP-125: of a buildspec in the template, and of one in the source tree."""
    text = but(TEMPLATE, ("[REVISION]", "[COMMIT]"))
    assert found(tree.lint(text), "unexported-variable") == [place(text, "#{Site.REVISION}")]
    inline = TEMPLATE[TEMPLATE.index("BuildSpec: |") : TEMPLATE.index("  Pipeline:\n")]
    text = but(TEMPLATE, (inline, "BuildSpec: ci/site.yml\n"))
    spec = (
        "version: 0.2\nenv:\n  exported-variables: [REVISION]\n"
        "phases:\n  build:\n    commands: ['REVISION=1']\n"
    )
    assert tree.lint(text, ci__site_yml=spec) == ()
    [one] = tree.lint(text, ci__site_yml=spec.replace("[REVISION]", "[COMMIT]"))
    assert (one.rule, one.message) == (
        "unexported-variable",
        "ci/site.yml does not export `REVISION`",
    )


def test_l15_what_only_v2_has(tree: Tree) -> None:
    """L15, CP-010."""
    text = but(DECLARATION, ("  name: web\n", "  name: web\n  pipelineType: V1\n"))
    text += "  executionMode: QUEUED\n"
    assert found(tree.lint(text), "v2-feature") == [place(text, "QUEUED")]


CONNECTION = "arn:aws:codestar-connections:eu-west-1:111122223333:connection/0a"


@pytest.mark.parametrize(
    "push",
    [
        "- {filePaths: {includes: ['a/**']}}",
        "- {tags: {includes: [v1]}, branches: {includes: [main]}}",
        "- {branches: {includes: [a, b, c, d, e, f, g, h, i]}}",
    ],
)
def test_l16_triggers(tree: Tree, push: str) -> None:
    """L16, CP-108, CP-109."""
    text = but(
        DECLARATION,
        ("provider: CodeCommit", "provider: CodeStarSourceConnection"),
        ("{RepositoryName: web,", f"{{ConnectionArn: '{CONNECTION}', FullRepositoryId: a/b,"),
    )
    text += (
        "  triggers:\n"
        "    - providerType: CodeStarSourceConnection\n"
        "      gitConfiguration:\n        sourceActionName: Tree\n"
        f"        push:\n          {push}\n"
    )
    found_ = tree.lint(text)
    assert {one.rule for one in found_} == {"trigger"}
    assert all(one.at.line == place(text, push)[0] for one in found_)


def test_l16_a_trigger_of_what_is_no_connection(tree: Tree) -> None:
    """L16, CP-108."""
    text = DECLARATION + (
        "  triggers:\n"
        "    - providerType: CodeStarSourceConnection\n"
        "      gitConfiguration:\n"
        "        sourceActionName: Tree\n"
        "        push: [{branches: {includes: [main]}}]\n"
    )
    assert found(tree.lint(text), "trigger") == [place(text, "Tree\n        push")]


def test_l17_polled_and_told(tree: Tree) -> None:
    """L17, CP-100, CP-101."""
    assert tree.lint(TOLD) == ()
    text = but(TOLD, ("                PollForSourceChanges: false\n", ""))
    assert found(tree.lint(text), "double-start") == [place(text, "Tree\n")]


def test_l17_neither_polled_nor_told(tree: Tree) -> None:
    """L17."""
    text = TOLD[: TOLD.index("  Pushed:")]
    [one] = tree.lint(text)
    assert (one.rule, one.severity, one.at) == (
        "never-started",
        Severity.INFO,
        place(text, "Tree\n"),
    )


CLONED = but(
    TEMPLATE,
    (
        "BranchName: main\n",
        "BranchName: main\n                OutputArtifactFormat: CODEBUILD_CLONE_REF\n",
    ),
)


def test_l18_a_build_that_may_not_clone(tree: Tree) -> None:
    """L18, CP-121."""
    assert found(tree.lint(CLONED), "clone-reference") == [place(CLONED, "tree}]", 2)]
    assert tree.lint(but(CLONED, ("'logs:*'", "'logs:*', 'codecommit:Git*'"))) == ()
    elsewhere = but(CLONED, ("!GetAtt BuildRole.Arn", "!ImportValue role"))
    assert tree.lint(elsewhere) == ()


def test_l18_a_reference_for_an_action_that_cannot_read_it(tree: Tree) -> None:
    """L18, CP-122."""
    text = but(
        DECLARATION,
        ("BranchName: main", "BranchName: main, OutputArtifactFormat: CODEBUILD_CLONE_REF"),
        ("inputArtifacts: [{name: site}]", "inputArtifacts: [{name: tree}]"),
        ("site::", "tree::"),
    )
    assert found(tree.lint(text), "clone-reference") == [place(text, "tree}]", 3)]


def test_l19_an_approval_whose_role_may_not_publish(tree: Tree) -> None:
    """L19, CP-063."""
    text = but(TEMPLATE, ("{CustomData:", "{NotificationArn: !Ref Approvals, CustomData:"))
    text += "  Approvals: {Type: AWS::SNS::Topic}\n"
    assert found(tree.lint(text), "approval-topic") == [place(text, "!Ref Approvals")]
    assert tree.lint(but(text, ("'codebuild:*'", "'codebuild:*', 'sns:Publish'"))) == ()
    managed = "      ManagedPolicyArns: ['arn:aws:iam::aws:policy/PowerUserAccess']\n"
    assert tree.lint(but(text, ("      Policies:\n", f"{managed}      Policies:\n"))) == ()


def test_l20_references_to_other_resources(tree: Tree) -> None:
    """L20."""
    text = but(TEMPLATE, ("!Ref Build}", "!Ref Artifacts}"))
    assert place(text, "!Ref Artifacts}", 2) in found(tree.lint(text), "wrong-resource")
    text = but(TEMPLATE, ("!Ref Build}", "!GetAtt Build.Arn}"))
    assert found(tree.lint(text), "wrong-resource") == [place(text, "!GetAtt Build.Arn")]


def test_l20_a_name_that_is_nearly_that_of_a_project(tree: Tree) -> None:
    """L20."""
    text = but(TEMPLATE, ("!Ref Build}", "sites}"))
    assert found(tree.lint(text), "unknown-resource") == [place(text, "sites}")]
    assert found(tree.lint(but(TEMPLATE, ("!Ref Build}", "other}"))), "unknown-resource") == []


def test_l21_s3(tree: Tree) -> None:
    """L21, CP-120, CP-129."""
    text = but(
        TEMPLATE,
        ("RepositoryName: !GetAtt Repository.Name", "S3Bucket: !Ref Artifacts"),
        ("BranchName: main", "S3ObjectKey: tree.zip"),
        ("Provider: CodeCommit", "Provider: S3"),
        ("      VersioningConfiguration: {Status: Enabled}", "      BucketName: web-artifacts"),
    )
    assert found(tree.lint(text), "unversioned-source") == [place(text, "!Ref Artifacts", 2)]
    text = DECLARATION[: DECLARATION.index("            ActionMode")].replace(
        "provider: CloudFormation", "provider: S3"
    )
    text += "            BucketName: site\n            Extract: false\n"
    assert found(tree.lint(text), "s3-deploy-key") == [place(text, "false")]


@pytest.mark.parametrize(
    "member",
    [
        "beforeEntry: {conditions: [{result: SKIP, rules: [{name: A, ruleTypeId: {category: Rule,"
        " owner: AWS, provider: DeploymentWindow, version: '1'}, configuration: {Cron: '*'}}]}]}",
        "onFailure: {result: RETRY, conditions: [{result: ROLLBACK, rules: [{name: A, ruleTypeId:"
        " {category: Rule, owner: AWS, provider: DeploymentWindow, version: '1'},"
        " configuration: {Cron: '*'}}]}]}",
    ],
)
def test_l22_conditions(tree: Tree, member: str) -> None:
    """L22, CP-066 to CP-070."""
    text = but(DECLARATION, ("    - name: Deploy\n", f"    - name: Deploy\n      {member}\n"))
    assert {one.rule for one in tree.lint(text)} == {"stage-condition"}


def test_l22_no_rollback_of_sources_and_of_parallel_pipelines(tree: Tree) -> None:
    """L22, CP-070."""
    stage = "    - name: Source\n"
    text = but(DECLARATION, (stage, f"{stage}      onFailure: {{result: ROLLBACK}}\n"))
    assert found(tree.lint(text), "stage-condition") == [place(text, "ROLLBACK")]
    stage = "    - name: Deploy\n"
    text = but(DECLARATION, (stage, f"{stage}      onFailure: {{result: ROLLBACK}}\n"))
    assert tree.lint(text) == ()
    text += "  executionMode: PARALLEL\n"
    assert found(tree.lint(text), "stage-condition") == [place(text, "ROLLBACK")]


def test_l23_other_regions_need_their_stores(tree: Tree) -> None:
    """L23, CP-008."""
    store = "ArtifactStore: {Type: S3, Location: !Ref Artifacts}"
    stores = (
        "ArtifactStores: [{Region: eu-west-1, ArtifactStore: {Type: S3, Location: !Ref Artifacts}}]"
    )
    text = but(
        TEMPLATE,
        (store, stores),
        ("- Name: Approve\n", "- Name: Approve\n              Region: us-east-1\n"),
    )
    assert found(tree.lint(text), "cross-region") == [place(text, "us-east-1")]
    more = "{Region: us-east-1, ArtifactStore: {Type: S3, Location: us-artifacts}}"
    assert tree.lint(but(text, ("Artifacts}}]", f"Artifacts}}}}, {more}]"))) == ()
    text = but(text, (stores, stores.replace("eu-west-1", "!Ref AWS::Region")))
    assert tree.lint(text) == ()


def test_l24_outputs_are_secondary_artifacts(tree: Tree) -> None:
    """L24, CP-125."""
    text = but(TEMPLATE, ("Artifacts: [{Name: site}]", "Artifacts: [{Name: site}, {Name: docs}]"))
    secondary = (
        "            files: ['**/*']\n            secondary-artifacts:\n"
        "              site: {files: ['site/**/*']}\n"
    )
    text = but(text, ("            files: ['**/*']\n", secondary))
    assert found(tree.lint(text), "output-identifiers") == [place(text, "docs}]")]


@pytest.mark.parametrize(("token", "finds"), [
    ("ghp_0123456789", True),
    ("'****'", True),
    ("'{{resolve:secretsmanager:github}}'", False),
    ("!Ref Token", False),
])  # fmt: skip
def test_l25_tokens(tree: Tree, token: str, finds: bool) -> None:
    """L25, CP-014."""
    text = but(
        TEMPLATE,
        ("Owner: AWS, Provider: CodeCommit", "Owner: ThirdParty, Provider: GitHub"),
        (
            "RepositoryName: !GetAtt Repository.Name\n                BranchName: main",
            f"Owner: team\n                Repo: web\n                Branch: main\n"
            f"                OAuthToken: {token}",
        ),
        ("Resources:", "Parameters:\n  Token: {Type: String, NoEcho: true}\nResources:"),
    )
    at = place(text, token.strip("'"))
    assert found(tree.lint(text), "literal-token") == ([at] if finds else [])


def test_l25_metadata_is_not_for_updates(tree: Tree) -> None:
    """L25."""
    action: dict[str, object] = {"actionTypeId": {}}
    pipeline = {"stages": [{"actions": [action]}]}
    text = json.dumps({"pipeline": pipeline, "metadata": {}})
    assert found(tree.lint(text), "leftover-metadata") == [place(text, 'metadata"')]


@pytest.mark.parametrize("text", [TEMPLATE, DECLARATION])
def test_without_the_models_of_aws_that_is_said(
    tree: Tree, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore", None)
    [one] = tree.lint(text)
    assert (one.rule, one.severity) == ("pipelines-unread", Severity.INFO)
