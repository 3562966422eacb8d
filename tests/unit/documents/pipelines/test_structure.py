"""Stages, their names and counts, and the stores of a declaration."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.documents.pipelines import Store

from .declarations import (
    action,
    after_source,
    artifacts,
    build,
    declaration,
    problems,
    read,
    source,
    stage,
    told,
)

STORE = {"type": "S3", "location": "artifacts"}
APPROVAL = action("Ask", "Approval Manual")


def approvals(count: int) -> list[dict[str, Any]]:
    return [action(f"Ask{n}", "Approval Manual") for n in range(count)]


def test_a_source_and_a_build_are_a_pipeline() -> None:
    """CP-003, CP-004"""
    pipeline, found = read(declaration())
    assert found == []
    assert [one.name for one in pipeline.stages] == ["Source", "Build"]


FAULTS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    (
        "CP-003 one stage",
        declaration(stage("Source", source())),
        [
            (
                "InvalidStructure",
                "Pipeline has only 1 stage(s). There should be a minimum of 2 stages in a pipeline",
            )
        ],
    ),
    (
        "CP-003 51 stages",
        after_source(*(stage(f"Ask{n}", APPROVAL) for n in range(50))),
        [
            (
                "InvalidStructure",
                "Pipeline has 51 stages. There should be a maximum of 50 stages in a pipeline",
            )
        ],
    ),
    (
        "CP-003 no actions",
        after_source(stage("Build")),
        [("InvalidStageDeclaration", "Stage Build should have at least one action")],
    ),
    (
        "CP-003 51 actions",
        after_source(stage("Ask", *approvals(51))),
        [
            (
                "InvalidStageDeclaration",
                "Stage Ask has 51 actions, which is more than the maximum count (50)",
            )
        ],
    ),
    (
        "CP-003 501 actions",
        after_source(*(stage(f"Ask{n}", *approvals(50)) for n in range(10))),
        [
            (
                "InvalidStructure",
                "Pipeline has 501 actions, which is more than the maximum count (500)",
            )
        ],
    ),
    (
        "CP-004 an approval in the first stage",
        declaration(stage("Source", source(), APPROVAL), stage("Build", build())),
        [
            (
                "InvalidStructure",
                "Pipeline should start with a stage that only contains source actions",
            )
        ],
    ),
    (
        "CP-004 a source in the second",
        after_source(stage("Build", build(), source("More", output="more"))),
        [
            (
                "InvalidStructure",
                "Only the first stage of a pipeline may contain source actions:"
                " More is in stage Build",
            )
        ],
    ),
    (
        "CP-005 a stage's name twice",
        after_source(stage("Ask", APPROVAL), stage("Ask", APPROVAL)),
        [
            (
                "InvalidStructure",
                "Stage names must be unique within a pipeline: Ask is used more than once",
            )
        ],
    ),
    (
        "CP-005 an action's name twice",
        after_source(stage("Ask", APPROVAL, APPROVAL)),
        [
            (
                "InvalidStageDeclaration",
                "Action names must be unique within a stage: Ask is used more than once"
                " in stage Ask",
            )
        ],
    ),
    (
        "CP-016 a blocker",
        after_source(stage("Ask", APPROVAL, blockers=[{"name": "b", "type": "Schedule"}])),
        [
            (
                "InvalidBlockerDeclaration",
                "Blockers are reserved for future use: stage Ask must not have any",
            )
        ],
    ),
    (
        "CP-008 both kinds of stores",
        declaration(artifactStores={"us-east-1": STORE}),
        [
            (
                "InvalidStructure",
                "Exactly one of artifactStore and artifactStores must be specified",
            )
        ],
    ),
]


@pytest.mark.parametrize(
    ("document", "expected"),
    [case[1:] for case in FAULTS],
    ids=[case[0] for case in FAULTS],
)
def test_what_is_no_pipeline_is_refused(
    document: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert told(document) == expected


def test_problems_say_where_they_are() -> None:
    document = declaration(
        stage("Source", source(), APPROVAL), stage("Build", build(), source("More", output="m"))
    )
    assert [one.path for one in problems(document)] == [
        ("stages", 0, "actions", 1, "actionTypeId", "category"),
        ("stages", 1, "actions", 1, "actionTypeId", "category"),
    ]


def test_the_same_name_is_free_in_another_stage() -> None:
    """CP-005"""
    assert told(after_source(stage("One", APPROVAL), stage("Two", APPROVAL))) == []


def test_stores_are_by_region() -> None:
    """CP-008"""
    key = {"id": "alias/mine", "type": "KMS"}
    single = read(declaration(artifactStore={**STORE, "encryptionKey": key}))[0]
    assert single.stores == {"": Store("artifacts", "alias/mine")}
    both = declaration(
        stage("Source", source()),
        stage("Build", build(region="eu-west-1")),
        artifactStores={"us-east-1": STORE, "eu-west-1": {**STORE, "location": "there"}},
    )
    del both["artifactStore"]
    pipeline, found = read(both)
    assert found == []
    assert pipeline.stores == {"us-east-1": Store("artifacts"), "eu-west-1": Store("there")}


@pytest.mark.parametrize("regions", [(), ("us-east-1",), ("eu-west-1",)])
def test_each_region_needs_a_store(regions: tuple[str, ...]) -> None:
    """CP-008"""
    document = after_source(stage("Build", build(region="eu-west-1")))
    if regions:
        del document["artifactStore"]
        document["artifactStores"] = dict.fromkeys(regions, STORE)
    ((code, message),) = told(document)
    assert code == "InvalidStructure"
    missing = "us-east-1" if regions == ("eu-west-1",) else "eu-west-1"
    assert missing in message
    assert told(document, "") == []  # whose Region nobody knows


def test_neither_kind_of_store_is_none() -> None:
    """CP-008"""
    document = declaration()
    del document["artifactStore"]
    assert [code for code, _ in told(document)] == ["InvalidStructure"]


@pytest.mark.parametrize(
    ("location", "fits"),
    [("abc", True), ("a" * 63, True), ("ab", False), ("a" * 64, False), ("bucket/folder", False)],
)
def test_a_store_is_a_bucket(location: str, fits: bool) -> None:
    """CP-008"""
    document = declaration(artifactStore={"type": "S3", "location": location})
    assert [code for code, _ in told(document)] == ([] if fits else ["Validation"])


def test_sources_are_in_the_pipelines_own_region() -> None:
    """CP-009"""
    stores = {"us-east-1": STORE, "eu-west-1": STORE}
    github = action(
        "GitHub",
        "Source GitHub ThirdParty",
        outputArtifacts=artifacts("other"),
        region="eu-west-1",
    )
    document = declaration(
        stage("Source", source(region="eu-west-1"), github),
        stage("Build", build(region="eu-west-1")),
        artifactStores=stores,
    )
    del document["artifactStore"]
    assert told(document) == [
        (
            "InvalidActionDeclaration",
            f"Action {name} is in region eu-west-1: cross-region source actions are not supported",
        )
        for name in ("Fetch", "GitHub")
    ]
    document["stages"][0]["actions"] = [source(region="us-east-1")]
    assert told(document) == []
