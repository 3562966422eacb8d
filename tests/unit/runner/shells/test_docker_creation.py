"""What kind of container a build gets."""

from __future__ import annotations

import subprocess

import pytest

from penstock.runner.shells.docker.creation import (
    ContainerOptions,
    command,
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


NOISY = "echo starting >&2; { while echo noise; do :; done; } & cat"


def test_what_an_entrypoint_leaves_running_may_print_without_end() -> None:
    """CB-056: an engine inside that logs is not held up, and does not hold up the end."""
    with subprocess.Popen(
        command(("/bin/sh", "-c", NOISY), "word"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(b"word\n")
        process.stdin.close()
        printed = process.stdout.read()
        assert process.wait(timeout=10) == 0
    assert printed.startswith(b"starting\n")
    assert printed.endswith(b"word\n")
    assert b"ended" not in printed


@pytest.mark.parametrize("failing", ["exit 1", "printf 'no newline'; exit 1", "sleep 0.5 & exit 1"])
def test_an_entrypoint_that_fails_ends_what_stands_above_it(failing: str) -> None:
    """CB-056: after its time is over it exits 1."""
    made = command(("/bin/sh", "-c", f"echo no engine >&2; {failing}"), "word")
    ended = subprocess.run(made, stdin=subprocess.DEVNULL, capture_output=True, timeout=10)
    assert ended.stdout.startswith(b"no engine\n")
    assert b"word" not in ended.stdout
