"""Whatever a file holds: no exception, a buildspec exactly if there is no error, true positions."""

from __future__ import annotations

import copy
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.buildspec_rules import RULES
from penstock.documents.diagnostics import Position, Severity
from penstock.documents.yaml_text import BREAK

WHOLE: dict[str, Any] = {
    "version": "0.2",
    "run-as": "root",
    "env": {
        "shell": "bash",
        "variables": {"A": "1", "B": "two"},
        "parameter-store": {"P": "/p"},
        "secrets-manager": {"S": "s:k::"},
        "exported-variables": ["A"],
        "git-credential-helper": "yes",
    },
    "proxy": {"upload-artifacts": "no", "logs": "yes"},
    "phases": {
        "install": {"runtime-versions": {"nodejs": "18"}, "on-failure": "RETRY-2-x"},
        "build": {"commands": ["a", "b\nc\n"], "finally": ["d"], "run-as": "root"},
    },
    "artifacts": {
        "files": ["**/*"],
        "exclude-paths": ["x"],
        "secondary-artifacts": {"one": {"files": ["y"], "discard-paths": "yes"}},
    },
    "cache": {"paths": ["p"], "key": "k", "fallback-keys": ["f"], "action": "save"},
    "reports": {"unit": {"files": ["*.xml"], "file-format": "JunitXml"}},
    "batch": {
        "build-graph": [{"identifier": "a"}, {"identifier": "b", "depend-on": ["a"]}],
        "build-matrix": {
            "static": {"env": {"type": "t"}},
            "dynamic": {"env": {"image": ["i"], "variables": {"V": ["1"]}}},
        },
        "build-fanout": {"parallelism": 2},
    },
}

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.floats()
KEYS = st.sampled_from(["files", "commands", "env", "build", "identifier", "<<"]) | st.text(
    max_size=4
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = enumerate(tree if isinstance(tree, list) else [])
    inner = tree.items() if isinstance(tree, dict) else items
    found = [path]
    for key, value in inner:
        found += places(value, (*path, key))
    return found


def replaced(path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    tree = copy.deepcopy(WHOLE)
    inner: Any = tree
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return tree


def check(data: bytes) -> None:
    spec, problems = read_buildspec(data, "f.yml")
    assert (spec is None) == any(problem.severity is Severity.ERROR for problem in problems)
    assert {problem.rule for problem in problems} <= set(RULES)
    assert list(problems) == sorted(problems, key=lambda problem: problem.at)
    text = data.decode(
        "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig", "replace"
    )
    lines = BREAK.split(text)
    for problem in problems:
        assert isinstance(problem.at, Position)
        assert 1 <= problem.at.line <= len(lines)
        assert 1 <= problem.at.column <= len(lines[problem.at.line - 1]) + 1
        str(problem).encode()


@given(st.binary(max_size=300))
def test_arbitrary_bytes(data: bytes) -> None:
    check(data)


@settings(max_examples=300)
@given(st.sampled_from(places(WHOLE)), TREES, st.booleans())
def test_any_value_in_any_place(path: tuple[Any, ...], value: Any, flow: bool) -> None:
    text = yaml.dump(replaced(path, value), default_flow_style=flow, sort_keys=False)
    check(text.encode("utf-8", "replace"))


@settings(max_examples=300)
@given(st.integers(0, 2000), st.integers(0, 8), st.text("[]{}:-#&*!|>'\"%@\\ \t\n\0é<", max_size=6))
def test_files_with_a_part_overwritten(at: int, length: int, text: str) -> None:
    whole = yaml.dump(WHOLE, sort_keys=False)
    at %= len(whole)
    check((whole[:at] + text + whole[at + length :]).encode())


@given(
    st.lists(st.sampled_from(WORDS := yaml.dump(WHOLE, sort_keys=False).splitlines()), max_size=20)
)
def test_lines_of_a_good_file_in_any_order(lines: list[str]) -> None:
    check("\n".join(lines).encode())


def test_the_file_they_all_start_from_is_good_but_for_its_batch() -> None:
    _, problems = read_buildspec(yaml.dump(WHOLE, sort_keys=False).encode(), "f.yml")
    assert {problem.rule for problem in problems} == {"several-batch-kinds"}
