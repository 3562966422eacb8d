"""The rows L14 to L25: mistakes in what a pipeline refers to, and in what it may do."""

from __future__ import annotations

import json
import sys

import pytest

from penstock.documents.diagnostics import Severity
from penstock.lint.pipelines.examples import DECLARATION, TEMPLATE, but
from penstock.lint.pipelines.rules.double_start import TOLD

from .documents import Tree, found, place
from .documents import tree as tree


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
