from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.rehearsal.assemblies import Asset, _content, read_assembly
from penstock.cli.rehearsal.subjects import SubjectError

PLACE = ("000000000000", "eu-west-1")


def stack(name: str, *needs: str) -> dict[str, Any]:
    properties = {"stackName": f"App-{name}", "templateFile": f"{name}.json", "tags": {"T": name}}
    return {
        "type": "aws:cloudformation:stack",
        "properties": {**properties, "bootstrapStackVersionSsmParameter": "/cdk/version"},
        "dependencies": [f"{name}.assets", *needs],
    }


@pytest.fixture
def app(tmp_path: Path) -> str:
    artifacts: dict[str, Any] = {
        "Api": stack("Api", "Data"), "Data": stack("Data"), "Tree": {"type": "cdk:tree"},
    }  # fmt: skip
    for name in ("Api", "Data"):
        template = {"Parameters": {"Size": {"Type": "Number"}} if name == "Data" else {}}
        (tmp_path / f"{name}.json").write_text(json.dumps(template))
        artifacts[f"{name}.assets"] = {
            "type": "aws:cdk:asset-manifest", "properties": {"file": f"{name}.assets.json"},
        }  # fmt: skip
        to = {"bucketName": "files-${AWS::AccountId}-${AWS::Region}", "objectKey": f"{name}.zip"}
        asset = {"source": {"path": "asset", "packaging": "zip"}, "destinations": {"here": to}}
        files = {"files": {"1": asset} if name == "Api" else {}}
        (tmp_path / f"{name}.assets.json").write_text(json.dumps(files))
    (tmp_path / "asset").mkdir()
    (tmp_path / "asset" / "run.sh").write_text("true\n")
    (tmp_path / "asset" / "run.sh").chmod(0o755)
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    return str(tmp_path)


def test_stacks_come_after_those_that_they_need(app: str) -> None:
    found = read_assembly(app, PLACE, parameters={"Size": "3"})
    assert [one.stack for one in found.subjects] == ["App-Data", "App-Api"]
    assert [dict(one.parameters) for one in found.subjects] == [{"Size": "3"}, {}]
    assert [one.tags for one in found.subjects] == [{"T": "Data"}, {"T": "Api"}]
    assert found.versions == ("/cdk/version",)


def test_a_stack_that_is_chosen_brings_what_it_needs(app: str) -> None:
    assert [one.stack for one in read_assembly(app, PLACE, stacks=["App-Data"]).subjects] == [
        "App-Data"
    ]
    chosen = read_assembly(app, PLACE, stacks=["App-Api"])
    assert [one.stack for one in chosen.subjects] == ["App-Data", "App-Api"]
    with pytest.raises(SubjectError, match="has no stack Api2: it has App-Api, App-Data"):
        read_assembly(app, PLACE, stacks=["Api2"])


def test_assets_have_their_places_in_the_account_and_keep_their_modes(app: str) -> None:
    (asset,) = read_assembly(app, PLACE).assets
    bucket = "files-000000000000-eu-west-1"
    assert asset == Asset(f"{app}/asset", True, bucket, "Api.zip")
    with _content(asset) as packed, zipfile.ZipFile(packed) as archive:
        (about,) = archive.infolist()
    assert (about.filename, about.external_attr >> 16 & 0o777) == ("run.sh", 0o755)


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_what_is_no_app_is_told(tmp_path: Path, text: str) -> None:
    if text:
        (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(SubjectError, match=r"manifest\.json"):
        read_assembly(str(tmp_path), PLACE)
