"""The shop's builds, and its three pipelines as the CDK and its script deploy them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..needs import lacking
from .aws_cli import program_of
from .conftest import Installation
from .examples import Example, Team
from .examples import packages as packages

SITES = ("admin-dashboard", "customer-app")
PIPELINES = {name: f"e-com67-{name}-pipeline" for name in ("backend", *SITES)}


@pytest.fixture
def shop(tmp_path: Path, packages: Path) -> Example:
    return Example("e-com67", tmp_path / "shop", packages)


@pytest.mark.parametrize("site", SITES)
def test_a_front_end_is_tested_and_built_for_the_bucket_it_is_served_from(
    shop: Example, site: str
) -> None:
    """E4"""
    given = ("--env", f"APP={site}", "--artifacts", "../kept")
    ran = shop.build("--buildspec", "buildspecs/frontend.yml", *given)
    assert ran.code == 0, ran.err
    [report] = ran.result["reports"]
    assert report["status"] == "SUCCEEDED"
    kept = shop.folder.parent / "kept" / "e-com67"
    assert '<script type="module" src="/main.js">' in (kept / "index.html").read_text()
    assert "E-Com67" in (kept / "main.js").read_text()
    assert shop.penstock("lint", "--strict").code == 0


@pytest.fixture
def tools() -> Path:
    """The CDK's CLI and its library, which the script takes from the PATH."""
    folder = Path(os.environ.get("CDK_TOOLS", "none"))
    if not (folder / "node_modules" / ".bin" / "cdk").exists() or shutil.which("node") is None:
        raise lacking("the CDK's CLI, or node, is not here (CDK_TOOLS)")
    return folder


def test_a_front_ends_pipeline_is_rehearsed_as_synth_leaves_it(shop: Example, tools: Path) -> None:
    """E3, E4"""
    programs = (tools / "node_modules" / ".bin", tools / "python" / "bin")
    own = shop.fetched | {"JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(tools / "jsii")}
    path = ":".join((*map(str, programs), os.path.dirname(program_of(1)), os.environ["PATH"]))
    wanted = {"USE_FRONTEND_PIPELINES": "true", "WITH_FRONTEND": "true"}
    subprocess.run(
        ("cdk", "synth", "--quiet"),
        cwd=shop.folder,
        env=shop.environment(own | wanted | {"PATH": path}),
        check=True,
    )
    ran = shop.penstock(
        *("rehearse", "--app", "cdk.out", "--stack", "E-Com67-AdminPipelineStack"),
        *("--pipeline", "e-com67-admin-dashboard-pipeline", "--json"),
        env=own | {"PATH": path},
    )
    assert ran.code == 0, ran.out + ran.err
    events = [json.loads(line) for line in ran.out.splitlines()]
    stacks = [one["name"] for one in events if one["event"] == "stack"]
    assert stacks == ["E-Com67-FrontendStack", "E-Com67-AdminPipelineStack"]
    ended = events[-1]
    assert [one["place"].partition("/")[0] for one in ended["actions"]] == [
        "Source", "Build", "Deploy", "Deploy",
    ]  # fmt: skip


def test_the_script_deploys_three_pipelines_which_deploy_the_shop_at_each_push(
    shop: Example, tools: Path, install: Callable[..., Installation], until: Callable[..., Any]
) -> None:
    """E1 to E4, E6, E7: the back end's build makes the templates, functions and layers."""
    up = install("--runner-where", "host")
    up.extra = shop.fetched
    # Unpacking the CDK's library takes seconds, each time.
    team = Team(up.start(), shop.folder, JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(tools / "jsii"))
    programs = (tools / "node_modules" / ".bin", tools / "python" / "bin")
    team.environment["PATH"] = ":".join((*map(str, programs), team.environment["PATH"]))
    code, said = team.ask("./deploy_pipelines.sh check")
    assert code == 1 and "make the repository first" in said
    pushed(team)
    what_there_was_is_kept(team)
    team("cdk bootstrap aws://000000000000/us-east-1")
    team("./deploy_pipelines.sh all")
    for name in PIPELINES.values():
        until(lambda name=name: team.has_succeeded(name, "Deploy"), 300)
    the_shops_stacks_are_there_in_their_order(team)
    the_front_ends_are_in_their_buckets(team)
    assert "Succeeded" in team("./deploy_pipelines.sh status")
    the_teams_own_commands_look_on(team)
    a_push_to_master_starts_all_three(team, until)
    team("./deploy_pipelines.sh destroy")
    assert team.read("aws codepipeline list-pipelines")["pipelines"] == []


def pushed(team: Team) -> None:
    made = team.read("aws codecommit create-repository --repository-name e-com67")
    team.commit("master")
    team(f"git push -q {made['repositoryMetadata']['cloneUrlHttp']} master")


def what_there_was_is_kept(team: Team) -> None:
    """The first step of the team's migration, of a stack that was there before."""
    body = '{"Resources": {"Old": {"Type": "AWS::SNS::Topic"}}}'
    name = "--stack-name E-Com67-PipelineStack"
    team(f"aws cloudformation create-stack {name} --template-body '{body}'")
    team(f"aws cloudformation wait stack-create-complete {name}")
    team(
        "aws cloudformation describe-stacks --stack-name E-Com67-PipelineStack"
        " > backup-pipeline.json"
    )
    kept = json.loads((team.folder / "backup-pipeline.json").read_text())
    assert kept["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"
    team("./deploy_pipelines.sh destroy-old")
    code, said = team.ask("aws cloudformation describe-stacks --stack-name E-Com67-PipelineStack")
    assert code and "does not exist" in said


def the_teams_own_commands_look_on(team: Team) -> None:
    for command in (
        "aws codepipeline get-pipeline-state --name e-com67-backend-pipeline",
        "aws codepipeline get-pipeline-state --name e-com67-admin-dashboard-pipeline",
        "aws codepipeline get-pipeline-state --name e-com67-customer-app-pipeline",
    ):
        stages = team.read(command)["stageStates"]
        assert {one["latestExecution"]["status"] for one in stages} == {"Succeeded"}
    events = team.read("aws cloudformation describe-stack-events --stack-name E-Com67-DataStack")[
        "StackEvents"
    ]
    assert events[0]["ResourceStatus"] == "CREATE_COMPLETE"


def the_shops_stacks_are_there_in_their_order(team: Team) -> None:
    stacks = team.read("aws cloudformation describe-stacks")["Stacks"]
    made = {stack["StackName"]: stack for stack in stacks}
    order = [made[f"E-Com67-{name}Stack"] for name in ("Data", "Compute", "Api")]
    assert {stack["StackStatus"] for stack in order} == {"CREATE_COMPLETE"}
    assert order == sorted(order, key=lambda stack: str(stack["CreationTime"]))
    function = team.read("aws lambda get-function --function-name e-com67-orders")
    assert len(function["Configuration"]["Layers"]) == 2


def the_front_ends_are_in_their_buckets(team: Team) -> None:
    for site in SITES:
        listed = team(f"aws s3 ls s3://e-com67-{site}-000000000000")
        assert "index.html" in listed and "main.js" in listed
    rules = team.read("aws events list-rules --name-prefix e-com67")["Rules"]
    assert {rule["Name"] for rule in rules} == {f"e-com67-{name}-on-push" for name in PIPELINES}


def a_push_to_master_starts_all_three(team: Team, until: Callable[..., Any]) -> None:
    """And none goes on: what would follow has been seen already."""
    for name, pipeline in PIPELINES.items():
        team.close(pipeline, "Synth" if name == "backend" else "Build")
    team("git -c user.name=Ada -c user.email=ada@example.com commit -q --allow-empty -m Second")
    url = "aws codecommit get-repository --repository-name e-com67 --output text"
    team(f"git push -q $({url} --query repositoryMetadata.cloneUrlHttp) master")

    both = ["CloudWatchEvent", "CreatePipeline"]
    for name in PIPELINES.values():
        until(lambda name=name: team.triggers(name) == both)
