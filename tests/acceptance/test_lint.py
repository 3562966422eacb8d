"""`penstock lint` in a repository with a buildspec, a template and a pipeline's declaration."""

from __future__ import annotations

import json

from penstock.lint.pipelines.examples import DECLARATION, TEMPLATE, but

from .conftest import Project

BUILDSPEC = "version: 0.2\nphases:\n  build:\n    commands: [make]\n"


def test_a_tree_without_mistakes(project: Project) -> None:
    project.write("buildspec.yml", BUILDSPEC)
    project.write("infra/pipeline.yml", TEMPLATE)
    project.write("infra/pipeline-declaration.yaml", DECLARATION)
    ran = project.penstock("lint", "--no-shellcheck")
    assert (ran.code, ran.out, ran.err) == (0, "3 files: nothing to complain about\n", "")


def test_mistakes_across_files_at_their_places(project: Project) -> None:
    inline = TEMPLATE[TEMPLATE.index("BuildSpec: |") : TEMPLATE.index("  Pipeline:\n")]
    project.write("ci/site.yml", BUILDSPEC)
    project.write("infra/pipeline.yml", but(TEMPLATE, (inline, "BuildSpec: ci/site.yml\n")))
    project.write(".git/HEAD", "ref: refs/heads/main\n")
    ran = project.penstock("lint", "--no-shellcheck", "--no-cfn-lint")
    assert ran.code == 0
    assert "infra/pipeline.yml:75:52: warning: ci/site.yml does not export `REVISION`" in ran.out
    assert f"\n      | {' ' * 51}^\n" in ran.out
    strict = project.penstock("lint", "--no-shellcheck", "--no-cfn-lint", "--strict")
    assert strict.code == 1


def test_an_error_as_json(project: Project) -> None:
    text = but(DECLARATION, ("inputArtifacts: [{name: tree}]", "inputArtifacts: [{name: tre}]"))
    project.write("pipeline.yml", text)
    ran = project.penstock("lint", "--format", "json")
    result = json.loads(ran.out)
    assert (ran.code, result["summary"]) == (1, {"error": 1, "warning": 0, "info": 0})
    [one] = result["diagnostics"]
    assert (one["rule"], one["line"], one["column"]) == ("pipeline-input", 18, 35)
    assert one["message"] == (
        "Input Artifact Bundle tre in action Site is not declared as Output Artifact Bundle in any"
        " of the preceding actions"
    )


def test_a_synthesized_app_is_linted_where_it_is_named(project: Project) -> None:
    template = {"Resources": {"Site": {"Type": "AWS::S3::Bucket", "DependsOn": ["Gone"]}}}
    project.write("cdk.out/Site.template.json", json.dumps(template))
    assert project.penstock("lint").out == "no buildspec, template or pipeline found\n"
    ran = project.penstock("lint", "cdk.out", "--no-cfn-lint")
    assert ran.code == 1
    assert "Unresolved resource dependencies [Gone]" in ran.out
