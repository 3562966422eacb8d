"""`penstock rehearse`: whole pipelines from the working tree, as one has them at a terminal."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import Installation, Project, Ran

ROLE = "arn:aws:iam::000000000000:role/deploy"


def action(
    name: str, category: str, provider: str, *, owner: str = "AWS", **members: Any
) -> dict[str, Any]:
    kind = {"Category": category, "Owner": owner, "Provider": provider, "Version": "1"}
    for key in ("InputArtifacts", "OutputArtifacts"):
        members[key] = [{"Name": one} for one in members.get(key, ())]
    return {"Name": name, "ActionTypeId": kind, **members}


def stage(name: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"Name": name, "Actions": list(actions)}


HOSTED = action(
    "Fetch",
    "Source",
    "CodeCommit",
    OutputArtifacts=["App"],
    Configuration={"RepositoryName": "app", "BranchName": "main"},
)
BUILD = stage(
    "Build",
    action(
        "Make",
        "Build",
        "CodeBuild",
        InputArtifacts=["App"],
        OutputArtifacts=["Made"],
        Configuration={"ProjectName": {"Ref": "Project"}},
    ),
)
RELEASE = stage(
    "Release",
    action(
        "Put",
        "Deploy",
        "S3",
        InputArtifacts=["Made"],
        Configuration={"BucketName": {"Ref": "Store"}, "Extract": "true", "ObjectKey": "site"},
    ),
)
ASK = stage("Ask", action("Me", "Approval", "Manual"))


def template(*stages: dict[str, Any], **resources: Any) -> dict[str, Any]:
    environment = {
        "Type": "LINUX_CONTAINER",
        "Image": "aws/codebuild/standard:7.0",
        "ComputeType": "BUILD_GENERAL1_SMALL",
    }
    pipeline = {
        "Name": "app",
        "RoleArn": ROLE,
        "ArtifactStore": {"Type": "S3", "Location": {"Ref": "Store"}},
        "Stages": stages,
    }
    project = {
        "Name": "make",
        "ServiceRole": ROLE,
        "Source": {"Type": "CODEPIPELINE"},
        "Artifacts": {"Type": "CODEPIPELINE"},
        "Environment": environment,
    }
    return {
        "Resources": {
            "Store": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
            },
            "Project": {"Type": "AWS::CodeBuild::Project", "Properties": project},
            "Pipeline": {"Type": "AWS::CodePipeline::Pipeline", "Properties": pipeline},
            **resources,
        }
    }


@pytest.fixture
def app(project: Project) -> Project:
    """A page that a build puts a word into."""
    project.write("page.html", "<p>hello</p>\n")
    spec = {
        "version": 0.2,
        "env": {"parameter-store": {"WORD": "/app/word"}},
        "phases": {"build": {"commands": ["grep -c hello page.html", "echo said $WORD > said"]}},
        "artifacts": {"files": ["page.html", "said"]},
    }
    project.write("buildspec.yml", json.dumps(spec, indent=1))
    project.write("secrets.env", "/app/word=hunter22-swordfish\n")
    return project


WORDS = ("rehearse", "pipeline.json", "--secrets", "secrets.env")


def rehearse(project: Project, whole: dict[str, Any], *options: str) -> Ran:
    """On a server of its own."""
    project.write("pipeline.json", json.dumps(whole))
    return project.penstock(*WORDS, *options)


@pytest.fixture(scope="module")
def server() -> Iterator[Installation]:
    """For what a server of one's own is not needed for, which takes longer than all else."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        found = Installation(Path(folder), "--runner-where", "host").start()
        yield found
        found.end()


@pytest.fixture
def there(app: Project, server: Installation) -> Callable[..., Ran]:
    """Rehearses on a server that is up."""
    keys = {name: text for name, text in server.variables.items() if "AWS_" in name}

    def perform(whole: dict[str, Any], *options: str) -> Ran:
        app.write("pipeline.json", json.dumps(whole))
        return app.penstock(*WORDS, "--server", server.endpoint, *options, env=keys)

    return perform


def events(ran: Ran, kind: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in ran.out.splitlines()]
    return [event for event in found if event["event"] == kind]


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a rehearsal keeps what it has; others have theirs elsewhere."""
    with tempfile.TemporaryDirectory(prefix="penstock-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


def left_over(temporary: Path) -> list[Path]:
    return list(temporary.glob("penstock-*"))


def test_a_pipeline_runs_from_files_that_nobody_has_committed(
    app: Project, temporary: Path
) -> None:
    repository = {"Type": "AWS::CodeCommit::Repository", "Properties": {"RepositoryName": "app"}}
    whole = template(stage("Source", HOSTED), BUILD, ASK, RELEASE, Repository=repository)
    ran = rehearse(app, whole, "--approve", "auto")
    assert ran.code == 0, ran.out + ran.err
    lines = ran.out.splitlines()
    assert lines[0].startswith("✓ stack pipeline: 4 resources in ")
    assert "Fetch is . in place of CodeCommit app main" in lines
    assert "  | 1" in lines  # what grep has counted
    assert "hunter22-swordfish" not in ran.out + ran.err
    done = [line.split()[1] for line in lines if line.startswith("✓") and "/" in line]
    assert done == ["Source/Fetch", "Build/Make", "Ask/Me", "Release/Put"]
    assert any(line.startswith("SUCCEEDED in ") for line in lines)
    assert lines[-1].split()[:2] == ["between", "actions"]
    assert not left_over(temporary)


def test_red_ends_with_the_line_that_failed(app: Project) -> None:
    app.write("page.html", "<p>goodbye</p>\n")
    ran = rehearse(app, template(stage("Source", HOSTED), BUILD, RELEASE))
    assert ran.code == 1, ran.out + ran.err
    told = ran.out[ran.out.index("\nFAILED in Build/Make") :].splitlines()
    number = next(
        at
        for at, line in enumerate((app.folder / "buildspec.yml").read_text().splitlines(), 1)
        if "grep -c hello" in line
    )
    assert told[2] == f"  buildspec.yml:{number}  grep -c hello page.html"
    assert "exit status 1" in told[3]
    assert "Release/Put" not in ran.out


GITHUB = action(
    "Fetch",
    "Source",
    "GitHub",
    owner="ThirdParty",
    OutputArtifacts=["Made"],
    Configuration={"Owner": "ada", "Repo": "app", "Branch": "main", "OAuthToken": {"Ref": "Token"}},
)
CONNECTED = action(
    "Fetch",
    "Source",
    "CodeStarSourceConnection",
    OutputArtifacts=["Made"],
    Configuration={
        "ConnectionArn": "arn:aws:codeconnections:eu-west-1:123456789012:connection/0f6a",
        "FullRepositoryId": "ada/app",
        "BranchName": "trunk",
    },
)
OBJECT = action(
    "Fetch",
    "Source",
    "S3",
    OutputArtifacts=["Made"],
    Configuration={"S3Bucket": {"Ref": "Store"}, "S3ObjectKey": "app.zip"},
)


def test_every_kind_of_source_is_given_the_folder(app: Project) -> None:
    sources, puts = [], []
    for kind, source in {"Hub": GITHUB, "Behind": CONNECTED, "Object": OBJECT}.items():
        sources.append({**source, "Name": f"Fetch{kind}", "OutputArtifacts": [{"Name": kind}]})
        put = {"BucketName": {"Ref": "Store"}, "Extract": "true", "ObjectKey": kind}
        puts.append(action(f"Put{kind}", "Deploy", "S3", InputArtifacts=[kind], Configuration=put))
    whole = template(stage("Source", *sources), stage("Release", *puts))
    whole["Parameters"] = {"Token": {"Type": "String", "NoEcho": True}}
    ran = rehearse(app, whole, "--json")
    assert ran.code == 0, ran.out + ran.err
    notes = [event["text"] for event in events(ran, "note")]
    assert "Token is a secret and was not given: it is 'rehearsal' here" in notes
    (ended,) = events(ran, "ended")
    assert (ended["status"], ended["failures"]) == ("Succeeded", [])
    assert {one["place"] for one in ended["actions"]} == {
        *(f"Source/Fetch{kind}" for kind in ("Hub", "Behind", "Object")),
        *(f"Release/Put{kind}" for kind in ("Hub", "Behind", "Object")),
    }


@pytest.mark.parametrize(
    ("options", "ran"),
    [
        (["--stop-after", "Build"], ["Fetch", "Make"]),
        (["--skip", "Ask"], ["Fetch", "Make", "Put"]),
        (["--only", "Build"], ["Fetch", "Make"]),
    ],
)
def test_some_of_the_stages_run(
    there: Callable[..., Ran], options: list[str], ran: list[str]
) -> None:
    whole = template(stage("Source", HOSTED), BUILD, ASK, RELEASE)
    done = there(whole, "--json", *options)
    assert done.code == 0, done.out + done.err
    ended = [one for one in events(done, "action") if one["status"] == "Succeeded"]
    assert [one["actionName"] for one in ended] == ran


def test_where_nobody_can_be_asked_an_approval_is_rejected(there: Callable[..., Ran]) -> None:
    ran = there(template(stage("Source", HOSTED), ASK), "--json")
    assert ran.code == 1
    assert "--approve auto" in events(ran, "note")[-1]["text"]
    (ended,) = events(ran, "ended")
    assert [one["action"] for one in ended["failures"]] == ["Ask/Me"]


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ({"Parameters": {"Size": {"Type": "Number"}}}, [], "Parameters: [Size] must have values"),
        ({"Resources": {"A": {"Type": "AWS::No::Such"}}}, [], "Unrecognized resource types"),
        ({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}}, [], "there is no pipeline in it"),
        ({}, ["--only", "Relaese"], "there is no stage Relaese"),
        ({}, ["--source", "Fech=."], "there is no source action Fech, only Fetch"),
        ({}, ["--param", "Size"], "--param takes NAME=VALUE"),
    ],
)
def test_what_cannot_be_rehearsed_is_told_and_exits_with_2(
    there: Callable[..., Ran], change: dict[str, Any], options: list[str], words: str
) -> None:
    ran = there(template(stage("Source", HOSTED), BUILD) | change, *options)
    assert (ran.code, words in ran.err) == (2, True), ran.out + ran.err
    assert "Traceback" not in ran.err


def test_a_resource_that_cannot_be_made_is_told_with_its_reason(there: Callable[..., Ran]) -> None:
    other = {"Type": "AWS::CodeBuild::Project", "DependsOn": "Project",
             "Properties": {"Fn::GetAtt": []}}  # fmt: skip
    other["Properties"] = template()["Resources"]["Project"]["Properties"]
    whole = template(stage("Source", HOSTED), BUILD, Other=other)
    whole["Resources"]["Pipeline"]["DependsOn"] = "Other"
    ran = there(whole)
    assert ran.code == 1, ran.out + ran.err
    assert "stack pipeline of pipeline.json is ROLLBACK_COMPLETE" in ran.err
    assert "Other (AWS::CodeBuild::Project): " in ran.err


def test_a_template_reads_parameters_and_one_of_its_pipelines_is_chosen(
    app: Project, there: Callable[..., Ran]
) -> None:
    """A pipeline without a name has another each time."""
    whole = template(stage("Source", HOSTED), BUILD)
    whole["Parameters"] = {
        "Word": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/read/word"}
    }
    whole["Resources"]["Group"] = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": {"Fn::Sub": "${Word}-{{resolve:ssm:/read/other}}"}},
    }
    second = json.loads(json.dumps(whole["Resources"]["Pipeline"]))
    second["Properties"].pop("Name", None)
    whole["Resources"]["Second"] = second
    text = (app.folder / "secrets.env").read_text()
    app.write("secrets.env", f"{text}/read/word=w\n/read/other=o\n")
    ran = there(whole, "--pipeline", "Third")
    assert ran.code == 2
    assert "there is no pipeline Third: there are " in ran.err
    assert "Second (pipeline-Second-" in ran.err
    ran = there(whole, "--pipeline", "Second")
    assert ran.code == 0, ran.out + ran.err


def test_an_interrupted_rehearsal_leaves_nothing(app: Project, temporary: Path) -> None:
    app.write("buildspec.yml", json.dumps({"version": 0.2, "phases": {"build": {
        "commands": ["echo begun; sleep 3600"]}}}))  # fmt: skip
    app.write("pipeline.json", json.dumps(template(stage("Source", HOSTED), BUILD)))
    process = subprocess.Popen(
        app.command("rehearse", "pipeline.json"),
        cwd=app.folder,
        env=app.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler) and None,
    )
    with process:
        assert process.stdout is not None
        for line in process.stdout:
            if "begun" in line and "echo" not in line:
                assert left_over(temporary)
                process.send_signal(signal.SIGINT)
                break
        assert process.stdout.read() is not None
    assert process.returncode == 130
    assert not left_over(temporary)


def test_the_server_stays_where_it_is_to_be_kept(app: Project) -> None:
    ran = rehearse(app, template(stage("Source", HOSTED), BUILD), "--keep")
    assert ran.code == 0, ran.out + ran.err
    kept = next(line for line in ran.out.splitlines() if "stays up" in line)
    folder = kept.rpartition("--data ")[2]
    try:
        listed = app.penstock("pipelines", "--data", folder)
        assert listed.out.startswith("app ")
    finally:
        assert app.penstock("down", "--data", folder).code == 0
        shutil.rmtree(Path(folder).parent)


def test_on_a_server_that_is_up_the_stack_is_taken_away_again(
    there: Callable[..., Ran], server: Installation
) -> None:
    """After all rehearsals there, green, red and such as could not make their stacks."""
    ran = there(template(stage("Source", OBJECT), RELEASE))
    assert ran.code == 0, ran.out + ran.err
    ran = there(template(Other={"Type": "AWS::CodePipeline::Pipeline", "Properties": {}}))
    assert ran.code != 0
    stacks = server.client("cloudformation").list_stacks()["StackSummaries"]
    assert {one["StackStatus"] for one in stacks} == {"DELETE_COMPLETE"}
    assert server.client("s3").list_buckets()["Buckets"] == []


def test_a_cdk_app_is_rehearsed_as_synth_leaves_it(app: Project, tmp_path: Path) -> None:
    out = app.folder / "cdk.out"
    asset = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "here"}}
    artifacts = {}
    for name, body, needs in (
        ("Base", {"Resources": {"Where": asset}}, ["Base.assets"]),
        ("Pipe", template(stage("Source", HOSTED), BUILD), ["Base"]),
    ):
        app.write(f"cdk.out/{name}.json", json.dumps(body))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "properties": {"templateFile": f"{name}.json", "stackName": f"App{name}"},
            "dependencies": needs,
        }
    to = {"bucketName": "assets-${AWS::AccountId}", "objectKey": "a.txt"}
    files = {"1": {"source": {"path": "a.txt"}, "destinations": {"here": to}}}
    app.write("cdk.out/a.txt", "an asset")
    app.write("cdk.out/Base.assets.json", json.dumps({"files": files}))
    artifacts["Base.assets"] = {
        "type": "aws:cdk:asset-manifest",
        "properties": {"file": "Base.assets.json"},
    }
    app.write("cdk.out/manifest.json", json.dumps({"artifacts": artifacts}))
    ran = app.penstock("rehearse", "--app", str(out), "--secrets", "secrets.env", "--json")
    assert ran.code == 0, ran.out + ran.err
    assert [event["name"] for event in events(ran, "stack")] == ["AppBase", "AppPipe"]
