from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.lint.find import find
from penstock.lint.kinds import Kind, is_document, kind_of
from penstock.lint.pipelines.examples import DECLARATION, TEMPLATE

RESOURCES = {"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}
APPSPEC = "version: 0.0\nResources:\n  - F:\n      Type: AWS::Lambda::Function\n"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TEMPLATE, Kind.TEMPLATE),
        (TEMPLATE.partition("\n")[2], Kind.TEMPLATE),
        (json.dumps(RESOURCES), Kind.TEMPLATE),
        (json.dumps(RESOURCES, indent=2), Kind.TEMPLATE),
        (DECLARATION, Kind.PIPELINE),
        (DECLARATION.replace("pipeline:\n", "").replace("\n  ", "\n"), Kind.PIPELINE),
        ('{"pipeline": {"stages": [{"actions": [{"actionTypeId": {}}]}]}}', Kind.PIPELINE),
        ("version: 0.2\nphases:\n  build:\n    commands: [make]\n", Kind.BUILDSPEC),
        (APPSPEC, Kind.BUILDSPEC),
        ("a: b\n", Kind.BUILDSPEC),
        ("", Kind.BUILDSPEC),
    ],
)
def test_a_text_tells_its_kind(text: str, kind: Kind) -> None:
    assert kind_of(text.encode()) is kind


@pytest.mark.parametrize(
    "text",
    [
        TEMPLATE + "  {% for a in b %}\n",
        TEMPLATE.replace("main", "${self:custom.branch}"),
        TEMPLATE.replace("main", "!Rain::Embed branch.txt"),
        json.dumps({"event": RESOURCES, "text": '"Resources": {"Type": "AWS::S3::Bucket"'}),
    ],
)
def test_what_becomes_a_template_is_left_alone(text: str) -> None:
    assert not is_document(text.encode())


def test_dynamic_references_are_no_other_templates() -> None:
    assert is_document(TEMPLATE.replace("main", "'{{resolve:ssm:branch}}'").encode())


def test_templates_and_pipelines_are_found(tmp_path: Path) -> None:
    texts = {
        "infra/pipeline.yaml": TEMPLATE,
        "infra/site.template": json.dumps(RESOURCES),
        "pipeline.json": '{"pipeline": {"stages": [{"actions": [{"actionTypeId": {}}]}]}}',
        "appspec.yml": APPSPEC,
        "package.json": "{}",
        "cdk.out/Stack.template.json": json.dumps(RESOURCES),
        "cdk.out/tree.json": '{"tree": {"stages": [{"actionTypeId": "AWS::"}]}}',
        "cdk.out/assembly-Dev/Dev.template.json": json.dumps(RESOURCES),
        "cdk.out/assembly-Dev/asset.2/site.yml": TEMPLATE,
        "cdk.out/asset.1/site.yml": TEMPLATE,
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    files = [str(Path(file).relative_to(tmp_path)) for file in find([str(tmp_path)]).files]
    assert files == ["infra/pipeline.yaml", "infra/site.template", "pipeline.json"]
    named = find([str(tmp_path / "cdk.out")]).files
    assert [Path(file).name for file in named] == ["Stack.template.json", "Dev.template.json"]


def test_a_folder_that_git_ignores_is_linted_when_it_is_named(tmp_path: Path) -> None:
    import subprocess

    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / ".gitignore").write_text("cdk.out\n")
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out" / "Stack.template.json").write_text(json.dumps(RESOURCES))
    assert find([str(tmp_path)]).files == ()
    assert len(find([str(tmp_path / "cdk.out")]).files) == 1
