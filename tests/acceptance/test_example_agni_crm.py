"""The CRM's builds: green as they stand, and red at the right command for each of its faults."""

from __future__ import annotations

import hmac
import json
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ..needs import lacking
from .aws_cli import program_of
from .conftest import Installation, Ran
from .examples import Example, Team
from .examples import packages as packages

SECRETS = ("--secrets", "secrets.env")


class Crm(Example):
    def build(self, *options: str) -> Ran:
        return super().build(*SECRETS, *options)


@pytest.fixture
def crm(tmp_path: Path, packages: Path) -> Crm:
    return Crm("agni-crm", tmp_path / "crm", packages)


def need_servers() -> None:
    path = [str(one) for one in Path("/usr/lib/postgresql").glob("*/bin")]
    for program, folders in (("initdb", ":".join(path)), ("redis-server", None)):
        if shutil.which(program) is None and shutil.which(program, path=folders) is None:
            raise lacking(f"{program} is not installed")


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_its_build_lints_checks_tests_and_builds_and_says_so_in_reports_and_artifacts(
    crm: Crm,
) -> None:
    """A2, A8: and the values of both parameters are masked."""
    ran = crm.build("--artifacts", "../kept")
    assert ran.code == 0, ran.err
    reports = {report["name"]: report for report in ran.result["reports"]}
    assert reports["agni-crm-unit-tests"]["status"] == "SUCCEEDED"
    assert reports["agni-crm-unit-tests"]["total"] >= 13
    assert reports["agni-crm-coverage"]["lineCoveragePercentage"] > 80
    [version] = ran.result["exportedEnvironmentVariables"]
    assert version == {"name": "APP_VERSION", "value": "1.8.0"}
    kept = crm.folder.parent / "kept" / "agni-crm-1.8.0"
    assert (kept / "server" / "main.cjs").is_file() and (kept / "front" / "main.js").is_file()
    assert "correct-horse-battery" not in ran.out + ran.err
    assert crm.penstock("lint", "--strict").code == 0


def test_a_second_build_installs_nothing_until_the_lock_file_changes(crm: Crm) -> None:
    """A12"""
    only = ("--phase", "install")
    assert crm.build(*only).phases["INSTALL"] == "SUCCEEDED"
    again = crm.build(*only)
    assert "Cache hit" in again.err and "node_modules are those of" in again.err
    lock = crm.folder / "package-lock.json"
    lock.write_text(lock.read_text() + "\n")
    changed = crm.build(*only)
    assert "Cache fallback" in changed.err and "added" in changed.err


SERVER = "packages/server/src"
FAULTS = {
    "lint": (
        (f"{SERVER}/http.ts", "\nconst LONGEST", "\nconsole.log('here');\nconst LONGEST"),
        "npm run lint",
        "Unexpected console statement",
    ),
    "type": (
        (f"{SERVER}/settings.ts", "port: numbered('PORT', 3000)", "port: 'PORT'"),
        "npm run typecheck",
        "Type 'string' is not assignable to type 'number'",
    ),
    "test": (
        ("packages/shared/src/stages.ts", "QUALIFIED: ['LEAD', 'WON', 'LOST']", "QUALIFIED: []"),
        "npm test",
        "a deal is qualified before it is won",
    ),
    "schema": (
        (f"{SERVER}/type-defs.ts", "amountCents: Int!\n", "amountCents: Int!\n    owner: String\n"),
        "if ! diff -u packages/front/src/generated/api.ts",
        "GraphQL schema changes detected",
    ),
    "migration": (
        (f"{SERVER}/entities.ts", "domain: {", "phone: { type: 'text' },\n    domain: {"),
        "npm run migration:check",
        "pending: ALTER TABLE company ADD COLUMN phone text NOT NULL",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_its_build_is_red_at_the_command_that_finds_the_fault(crm: Crm, fault: str) -> None:
    """A2"""
    change, command, said = FAULTS[fault]
    crm.replace(*change)
    # Lint and types have their own faults; they have no say in what comes after them.
    late = fault in ("test", "schema", "migration")
    ran = crm.build(*(("--skip-phase", "pre_build") if late else ()))
    assert ran.code == 1
    failure = ran.result["failure"]
    assert failure["command"].startswith(command), failure
    assert failure["exitStatus"] != 0
    assert said in ran.err


def test_an_integration_test_that_fails_leaves_no_server_behind(crm: Crm) -> None:
    """A3"""
    need_servers()
    crm.replace(f"{SERVER}/summary-cache.ts", "await redis.del(KEY);", "await redis.ping();")
    ran = crm.build("--buildspec", "buildspec-integration-tests.yml")
    assert ran.code == 1
    assert ran.result["failure"]["command"] == "npm run test:integration"
    [failed] = ran.result["reports"][0]["failed"]
    assert failed["name"] == "the summary is kept in Redis until a deal changes"
    [told] = [line for line in ran.err.splitlines() if line.startswith("PostgreSQL listens")]
    ports = [int(word.strip(",")) for word in told.split() if word.strip(",").isdigit()]
    assert len(ports) == 2 and not any(map(answers, ports))


GIVEN = {
    "GitHubOwner": "innovation-grupo-uma",
    "GitHubRepo": "twenty-uma",
    "NotificationEmail": "dev-team@agnicrm.com",
}
TESTED = ["Source/GitHub", "Build/Main-CI", "IntegrationTests/Integration-Tests"]


def test_its_pipeline_is_rehearsed_from_the_working_tree(crm: Crm) -> None:
    """A2, A3, A8"""
    need_servers()
    crm.replace("packages/front/index.html", "<h1>Agni CRM</h1>", "<h1>Not committed</h1>")
    given = [word for name, text in GIVEN.items() for word in ("--param", f"{name}={text}")]
    how = ("--source", ".", *SECRETS, "--approve", "auto", "--json")
    ran = crm.penstock("rehearse", "codepipeline-template.yaml", *given, *how, env=crm.fetched)
    assert ran.code == 0, ran.out + ran.err
    events = [json.loads(line) for line in ran.out.splitlines()]
    [end] = [event for event in events if event["event"] == "ended"]
    assert end["status"] == "Succeeded"
    assert [one["place"] for one in end["actions"]][:3] == TESTED
    said = [event["text"] for event in events if event["event"] == "output"]
    assert any("migrations applied: 0001-companies" in line for line in said)
    assert "correct-horse-battery" not in ran.out


# The commands of the team's own documentation, as they stand there.

PARAMETERS = r"""
aws ssm put-parameter \
  --name "/agni-crm/ci/postgres-password" \
  --value "your-secure-postgres-password" \
  --type "SecureString" \
  --description "PostgreSQL password for CI/CD"
aws ssm put-parameter \
  --name "/agni-crm/ci/redis-url" \
  --value "redis://localhost:6379" \
  --type "String" \
  --description "Redis URL for CI/CD"
"""
CREATE = r"""
aws cloudformation create-stack \
  --stack-name agni-crm-pipeline \
  --template-body file://codepipeline-template.yaml \
  --parameters \
    ParameterKey=GitHubOwner,ParameterValue=innovation-grupo-uma \
    ParameterKey=GitHubRepo,ParameterValue=twenty-uma \
    ParameterKey=GitHubBranch,ParameterValue=main \
    ParameterKey=GitHubToken,ParameterValue=ghp_your_github_token_here \
    ParameterKey=BuildComputeType,ParameterValue=BUILD_GENERAL1_LARGE \
    ParameterKey=NotificationEmail,ParameterValue=dev-team@agnicrm.com \
  --capabilities CAPABILITY_NAMED_IAM \
  --region us-east-1
"""
STATUS = r"""
aws cloudformation describe-stacks \
  --stack-name agni-crm-pipeline \
  --query 'Stacks[0].StackStatus'
"""
UPDATE = r"""
aws cloudformation update-stack \
  --stack-name agni-crm-pipeline \
  --template-body file://codepipeline-template.yaml \
  --parameters \
    ParameterKey=GitHubOwner,UsePreviousValue=true \
    ParameterKey=GitHubRepo,UsePreviousValue=true \
    ParameterKey=GitHubBranch,UsePreviousValue=true \
    ParameterKey=GitHubToken,UsePreviousValue=true \
    ParameterKey=BuildComputeType,UsePreviousValue=true \
    ParameterKey=NotificationEmail,UsePreviousValue=true \
  --capabilities CAPABILITY_NAMED_IAM
"""
BUILDS = r"""
aws codebuild list-builds-for-project \
  --project-name agni-crm-ci-build \
  --max-items 10
"""
SMALLER = r"""
aws codebuild update-project \
  --name agni-crm-ci-build \
  --environment type=LINUX_CONTAINER,computeType=BUILD_GENERAL1_MEDIUM,image=aws/codebuild/standard:7.0
"""  # noqa: E501
ALARMS = r"""
aws cloudwatch describe-alarms --alarm-names \
  agni-crm-pipeline-failure \
  agni-crm-build-failure
"""
# Whose parameters it only begins to name.
STAGING = r"""
aws cloudformation create-stack \
  --stack-name agni-crm-pipeline-staging \
  --template-body file://codepipeline-template.yaml \
  --parameters \
    ParameterKey=GitHubBranch,ParameterValue=staging \
    ParameterKey=Name,ParameterValue=agni-crm-staging \
    ParameterKey=GitHubOwner,ParameterValue=innovation-grupo-uma \
    ParameterKey=GitHubRepo,ParameterValue=twenty-uma \
    ParameterKey=GitHubToken,ParameterValue=ghp_your_github_token_here \
    ParameterKey=NotificationEmail,ParameterValue=dev-team@agnicrm.com \
  --capabilities CAPABILITY_NAMED_IAM
"""
PIPELINE = "agni-crm-pipeline"


def test_the_teams_commands_make_its_pipeline_and_operate_it(
    crm: Crm, install: Callable[..., Installation], until: Callable[..., Any], tmp_path: Path
) -> None:
    """A1, A3, A4, A7 to A11, A14"""
    need_servers()
    up = install(
        "--runner-where", "host", "--connections", f"GitHub={tmp_path}/git/{{repository}}.git"
    )
    up.extra = crm.fetched
    team = Team(up.start(), crm.folder)
    team.commit("main")
    team(f"git clone -q --bare . {tmp_path}/git/innovation-grupo-uma/twenty-uma.git")
    team(PARAMETERS)
    team(CREATE)
    until(lambda: team.read(STATUS) == "CREATE_COMPLETE")
    the_token_is_told_to_nobody(team)
    the_first_execution_is_built_and_tested(team, until)
    its_logs_are_tailed(team)
    somebody_approves(team, until)
    signed_pushes_to_the_branch_start_it(team)
    the_build_gets_another_computer(team)
    the_stack_is_updated_with_the_values_that_it_has(team)
    another_branch_has_a_pipeline_of_its_own(team)


def the_token_is_told_to_nobody(team: Team) -> None:
    for asked in (
        "cloudformation describe-stacks",
        f"codepipeline get-pipeline --name {PIPELINE}",
        "codepipeline list-webhooks",
    ):
        said = team(f"aws {asked}")
        assert "****" in said and "ghp_your" not in said


def the_first_execution_is_built_and_tested(team: Team, until: Callable[..., Any]) -> None:
    until(lambda: team.has_succeeded(PIPELINE, "IntegrationTests"), 300)
    [build] = team.read(BUILDS)["ids"]
    [found] = team.read(f"aws codebuild batch-get-builds --ids {build}")["builds"]
    exported = {one["name"]: one["value"] for one in found["exportedEnvironmentVariables"]}
    assert exported == {"APP_VERSION": "1.8.0"}
    alarms = {one["AlarmName"] for one in team.read(ALARMS)["MetricAlarms"]}
    assert alarms == {"agni-crm-pipeline-failure", "agni-crm-build-failure"}


def its_logs_are_tailed(team: Team) -> None:
    """By version 2 of the CLI, as version 1 has no such command. It follows until it is ended."""
    for project, line in (("ci", "No pending migrations"), ("integration-tests", "✔ both stores")):
        group = f"/aws/codebuild/agni-crm-{project}"
        words = ("logs", "tail", group, "--follow", "--endpoint-url", team.installation.endpoint)
        with subprocess.Popen(
            ("timeout", "60", program_of(2), *words),
            env=team.environment | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        ) as tail:
            assert tail.stdout is not None
            assert any(line in told for told in tail.stdout)
            tail.terminate()


def somebody_approves(team: Team, until: Callable[..., Any]) -> None:
    def token() -> str | None:
        state = team.read(f"aws codepipeline get-pipeline-state --name {PIPELINE}")
        latest = state["stageStates"][-1]["actionStates"][0].get("latestExecution", {})
        found: str | None = latest.get("token")
        return found

    team(
        f"aws codepipeline put-approval-result --pipeline-name {PIPELINE} --stage-name Approval"
        f" --action-name Manual-Approval --token {until(token)}"
        " --result summary=seen,status=Approved"
    )
    until(lambda: team.stages(PIPELINE)["Approval"] == "Succeeded")


def signed_pushes_to_the_branch_start_it(team: Team) -> None:
    team.close(PIPELINE, "Build")
    [hook] = team.read("aws codepipeline list-webhooks")["webhooks"]
    assert delivered(hook["url"], "refs/heads/main")["pipelineExecutionId"]
    assert delivered(hook["url"], "refs/heads/other") == {
        "pipelineExecutionId": None,
        "explanation": ["filter 1: $.ref is refs/heads/other, not refs/heads/main"],
    }
    with pytest.raises(HTTPError, match="403"):
        delivered(hook["url"], "refs/heads/main", token=b"another")
    assert team.triggers(PIPELINE) == ["Webhook", "CreatePipeline"]


def delivered(url: str, ref: str, token: bytes = b"ghp_your_github_token_here") -> Any:
    """What is answered to a delivery as GitHub signs it."""
    body = json.dumps({"ref": ref}).encode()
    signature = "sha256=" + hmac.new(token, body, "sha256").hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": signature}
    with urlopen(Request(url, body, headers)) as answer:
        return json.load(answer)


def the_build_gets_another_computer(team: Team) -> None:
    project = team.read(SMALLER)["project"]
    assert project["environment"]["computeType"] == "BUILD_GENERAL1_MEDIUM"


def the_stack_is_updated_with_the_values_that_it_has(team: Team) -> None:
    code, said = team.ask(UPDATE)
    assert code != 0 and "No updates are to be performed." in said
    template = team.folder / "codepipeline-template.yaml"
    text = template.read_text()
    template.write_text(text.replace("TimeoutInMinutes: 60", "TimeoutInMinutes: 50"))
    team(UPDATE)
    team(f"aws cloudformation wait stack-update-complete --stack-name {PIPELINE}")
    [project] = team.read("aws codebuild batch-get-projects --names agni-crm-ci-build")["projects"]
    assert project["timeoutInMinutes"] == 50


def another_branch_has_a_pipeline_of_its_own(team: Team) -> None:
    team(STAGING)
    team("aws cloudformation wait stack-create-complete --stack-name agni-crm-pipeline-staging")
    listed = team.read("aws codepipeline list-pipelines")["pipelines"]
    assert {one["name"] for one in listed} == {PIPELINE, "agni-crm-staging-pipeline"}
