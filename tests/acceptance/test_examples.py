"""The examples that users copy, run as they would run them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from .conftest import Project

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def example(project: Project, request: pytest.FixtureRequest) -> Project:
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
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
