"""The examples that users copy, run as they would run them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ..needs import lacking
from .conftest import Project

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(project: Project, request: pytest.FixtureRequest) -> Project:
    if shutil.which("node") is None:
        raise lacking("node is not installed")
    shutil.copytree(EXAMPLES / request.param, project.folder, dirs_exist_ok=True)
    return project


@pytest.mark.parametrize("example", ["python-node"], indirect=True)
def test_the_python_and_node_application_is_green_with_reports_artifacts_and_cache(
    example: Project,
) -> None:
    ran = example.run("--json", "--secrets", "secrets.env", "--artifacts", "../kept")
    assert ran.code == 0, ran.err
    reports = {report["name"]: report for report in ran.result["reports"]}
    assert {name: report["status"] for name, report in reports.items()} == {
        "web-python-tests": "SUCCEEDED",
        "web-web-tests": "SUCCEEDED",
    }
    assert len(ran.result["artifacts"]) == 2
    assert list((example.folder.parent / "kept").glob("gauges-*/gauges.pyz"))
    assert "Cache miss" in ran.err
    secret = (example.folder / "secrets.env").read_text().strip().split("=")[-1].strip("'\"")
    assert secret not in ran.out + ran.err
    assert example.penstock("lint", "--strict").code == 0


@pytest.mark.parametrize("example", ["failing"], indirect=True)
def test_the_failing_example_ends_with_command_line_and_failed_test(example: Project) -> None:
    ran = example.run()
    assert ran.code == 1
    tail = ran.out[ran.out.index("FAILED in BUILD") :]
    assert "buildspec.yml:" in tail
    assert "exit status 1" in tail
    assert "1 failed" in tail


def demonstrated(example: str, program: str) -> str:
    """What the demo of an example says, on a server of its own."""
    aws = os.environ.get("AWS_CLI_V1")
    if not aws or shutil.which(program) is None:
        raise lacking(f"AWS_CLI_V1 or {program} is not there")
    penstock = str(Path(sys.executable).parent / "penstock")
    with tempfile.TemporaryDirectory(prefix="penstock-demo-") as data:
        environ = os.environ | {"DATA": data, "PENSTOCK": penstock, "AWS": aws}
        try:
            ran = subprocess.run(
                [str(EXAMPLES / example / "demo.sh")],
                env=environ,
                capture_output=True,
                text=True,
                timeout=120,
            )
        finally:
            subprocess.run([penstock, "down", "--data", data], capture_output=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def test_the_servers_example_builds_the_application_and_keeps_what_it_made() -> None:
    said = demonstrated("server", "node")
    assert "smoke test: passed" in said
    assert "gauges.zip" in said and "web/index.html" in said
    assert "tok-demo" not in said


def test_the_pipelines_example_brings_each_push_to_the_site_once_it_is_approved() -> None:
    said = demonstrated("pipeline", "curl")
    ended = [line for line in said.splitlines() if line.startswith("✓") and " Site " in line]
    assert ["CreatePipeline" in line for line in ended[:2]] == [True, False]
    assert "PollForSourceChanges" in said
    assert "Ground on Fridays." in said
    assert "Site: a push to branch main" in said and "started execution" in said
