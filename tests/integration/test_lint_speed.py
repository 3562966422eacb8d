"""Lint as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from penstock.lint.pipelines.examples import TEMPLATE

CLEAN = Path(__file__).parents[1] / "unit" / "lint" / "fixtures" / "clean"
PROGRAM = """
import sys
from penstock.lint import exit_code, lint_paths
from penstock.lint.formats import render
result = lint_paths(sys.argv[1:])
sys.stdout.write(render(result))
sys.exit(exit_code(result))
"""


def test_two_hundred_buildspecs_take_less_than_two_seconds(tmp_path: Path) -> None:
    texts = [file.read_text() for file in sorted(CLEAN.iterdir())]
    for number in range(200):
        # Every file has commands of its own, so that none is checked for another.
        text = texts[number % len(texts)].replace("make", f"make -C part{number}")
        (tmp_path / f"buildspec-{number}.yml").write_text(text)
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    took = time.monotonic() - started
    assert done.returncode == 0, done.stderr
    assert "200 files: 0 errors, 0 warnings" in done.stdout
    assert took < 2, f"took {took:.2f} s"


def large_template() -> str:
    """A pipeline of 18 more stages, and 54 more resources."""
    stages, resources = "", ""
    for number in range(18):
        stages += (
            f"        - Name: Stage{number}\n"
            "          Actions:\n"
            "            - Name: Build\n"
            "              ActionTypeId:"
            " {Category: Build, Owner: AWS, Provider: CodeBuild, Version: '1'}\n"
            f"              Configuration: {{ProjectName: !Ref Project{number}}}\n"
            "              InputArtifacts: [{Name: tree}]\n"
        )
        resources += (
            f"  Bucket{number}:\n"
            "    Type: AWS::S3::Bucket\n"
            f"    Properties: {{BucketName: !Sub '${{AWS::StackName}}-{number}'}}\n"
            f"  Topic{number}: {{Type: AWS::SNS::Topic}}\n"
            f"  Project{number}:\n"
            "    Type: AWS::CodeBuild::Project\n"
            "    Properties:\n"
            "      ServiceRole: !GetAtt BuildRole.Arn\n"
            "      Artifacts: {Type: CODEPIPELINE}\n"
            "      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL,"
            " Image: 'aws/codebuild/standard:7.0'}\n"
            "      Source:\n"
            "        Type: CODEPIPELINE\n"
            "        BuildSpec: |\n"
            "          version: 0.2\n"
            "          phases:\n"
            "            build:\n"
            "              commands:\n"
            f"                - make part{number}\n"
        )
    return TEMPLATE + stages + resources


def test_a_pipeline_template_of_sixty_resources_takes_less_than_300_ms(tmp_path: Path) -> None:
    text = large_template()
    assert text.count("Type: AWS::") == 60
    (tmp_path / "pipeline.yml").write_text(text)
    command = [sys.executable, "-m", "penstock", "lint", "--no-cfn-lint", "pipeline.yml"]
    best = 10.0
    for _ in range(5):  # the best: others work on this machine too
        started = time.monotonic()
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        best = min(best, time.monotonic() - started)
        assert (done.returncode, done.stdout) == (0, "1 file: nothing to complain about\n")
    assert best < 0.3, f"took {best:.2f} s"


def test_linting_buildspecs_imports_nothing_of_templates(tmp_path: Path) -> None:
    (tmp_path / "buildspec.yml").write_text(
        "version: 0.2\nphases:\n  build:\n    commands: [make]\n"
    )
    program = (
        "import sys\nfrom penstock.lint import lint_paths\nlint_paths(sys.argv[1:])\n"
        "print(*(name for name in sys.modules if 'templates' in name or 'pipelines' in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "\n"
