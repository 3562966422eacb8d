from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from penstock.cli.rehearsal.sources import Source, SourceError, folders_for, sources_of


def action(name: str, provider: str, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": {"category": "Source", "owner": "AWS", "provider": provider},
        "configuration": configuration,
    }


def test_each_source_says_where_it_looks() -> None:
    actions = [
        action("A", "CodeCommit", RepositoryName="app", BranchName="main"),
        action("B", "CodeStarSourceConnection", FullRepositoryId="o/r", BranchName="dev"),
        action("C", "GitHub", Owner="o", Repo="r", Branch="main", OAuthToken="****"),
        action("D", "S3", S3Bucket="sources", S3ObjectKey="app.zip"),
        action("E", "ECR", RepositoryName="image"),
    ]
    found = sources_of({"stages": [{"name": "Source", "actions": actions}]})
    assert [str(one) for one in found] == [
        "CodeCommit app main",
        "CodeStarSourceConnection o/r dev",
        "GitHub o/r main",
        "S3 sources/app.zip",
        "ECR  ",
    ]


APP, DOCS = Source("App", "CodeCommit", "app", "main"), Source("Docs", "S3", "b", "k")


@pytest.mark.parametrize(
    ("given", "folders"),
    [
        (["."], [".", "."]),
        ([".", "Docs=docs"], [".", "docs"]),
        (["Docs=docs", "App=app"], ["app", "docs"]),
        (["one", "two"], ["two", "two"]),
    ],
)
def test_folders_are_for_all_sources_or_for_one(given: list[str], folders: list[str]) -> None:
    assert [folder for _, folder in folders_for([APP, DOCS], given)] == folders


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["App=."], "--source Docs=DIR is missing: it is S3 b/k"),
        ([".", "Dosc=docs"], "there is no source action Dosc, only App, Docs"),
    ],
)
def test_a_source_without_a_folder_is_told(given: list[str], words: str) -> None:
    with pytest.raises(SourceError, match=words):
        list(folders_for([APP, DOCS], given))


def test_a_folder_may_have_an_equals_sign(tmp_path: Path) -> None:
    (tmp_path / "a=b").mkdir()
    folder = str(tmp_path / "a=b")
    assert [one for _, one in folders_for([APP], [folder])] == [folder]
