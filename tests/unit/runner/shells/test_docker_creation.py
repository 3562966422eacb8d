"""What kind of container a build gets."""

from __future__ import annotations

import pytest

from penstock.runner.shells.docker.creation import (
    ContainerOptions,
    creation,
    inside,
    owner_inside,
)

CODEBUILDS = ["/usr/local/bin/dockerd-entrypoint.sh"]
MOUNTS = (
    ("/tmp/b/tmp", "/codebuild/output/tmp"),
    ("/tmp/b/src1/src", "/codebuild/output/src1/src"),
)


@pytest.mark.parametrize(
    ("privileged", "entrypoint", "kept"),
    [
        (True, CODEBUILDS, CODEBUILDS),
        (True, ["sh", "/opt/dockerd-entrypoint.sh"], ["sh", "/opt/dockerd-entrypoint.sh"]),
        (False, CODEBUILDS, []),
        (True, ["/bin/tool"], []),
        (True, None, []),
    ],
)
def test_only_a_privileged_container_keeps_an_entrypoint_and_only_an_engines(
    privileged: bool, entrypoint: list[str] | None, kept: list[str]
) -> None:
    """CB-056"""
    options = ContainerOptions("any:1", "/codebuild/output/src1/src", privileged=privileged)
    made = creation(
        options, {"Config": {"Entrypoint": entrypoint}}, "/tmp/b/tmp", "/tmp/b/src1/src"
    )
    assert list(made.entrypoint) == kept
    assert made.mounts == MOUNTS


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/tmp/b/tmp", "/codebuild/output/tmp"),
        ("/tmp/b/src1/src/a/b", "/codebuild/output/src1/src/a/b"),
        ("/tmp/b/src1/source", None),
        ("/tmp/b", None),
    ],
)
def test_a_path_is_seen_inside_only_below_what_is_shared(path: str, seen: str | None) -> None:
    assert inside(MOUNTS, path) == seen


def test_the_user_of_a_rootless_engine_is_root_inside() -> None:
    assert owner_inside(["name=seccomp,profile=builtin", "name=rootless"], 1000, 1000) == "0:0"
    assert owner_inside(["name=seccomp,profile=builtin"], 1000, 100) == "1000:100"
