"""Reads a buildspec: bytes -> frozen values and every problem found (CB-003…006).

An error is what CodeBuild refuses or fails on, or what cannot be read at all; where AWS's
documentation is silent, a problem is a warning. `buildspec_rules` names them all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.documents.buildspec import Buildspec, Proxy
from penstock.documents.buildspec_env import read_env, without_old_key
from penstock.documents.buildspec_outputs import read_artifacts, read_cache, read_reports
from penstock.documents.buildspec_phases import PHASES, read_phases
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.documents.findings import Findings, shown
from penstock.documents.nodes import Node, Scalar, compose
from penstock.documents.sections import Section, open_section

if TYPE_CHECKING:
    from penstock.documents.batch import Batch

VERSIONS = ("0.1", "0.2")

_KEYS = ("version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache")
_PHASES = {phase.replace("_", ""): phase for phase in PHASES}
_OLD_KEYS = tuple("environment_variables" if key == "env" else key for key in _KEYS)


def read_buildspec(data: bytes, file: str) -> tuple[Buildspec | None, tuple[Diagnostic, ...]]:
    """The buildspec, None exactly if a problem is an error; and all problems, by place.

    `file` is the name the diagnostics carry; nothing is opened.
    """
    node, problems = compose(data, file)
    findings = Findings(file)
    spec = None if node is None else _buildspec(node, findings)
    found = tuple(sorted([*problems, *findings.close()], key=lambda problem: problem.at))
    failed = any(problem.severity is Severity.ERROR for problem in found)
    return (None if failed else spec), found


def _buildspec(node: Node, findings: Findings) -> Buildspec | None:
    top = open_section(node, "", node.at, findings)
    if top is None:
        return None
    version = _version(top)
    keys = _OLD_KEYS if version == "0.1" else _KEYS
    _check_keys(top, version, keys)
    return Buildspec(
        version=version,
        phases=read_phases(top, keys),
        run_as=top.string("run-as"),
        env=read_env(top, version),
        proxy=_proxy(top),
        artifacts=read_artifacts(top, version),
        cache=read_cache(top),
        reports=read_reports(top),
        batch=_batch(top),
    )


def _version(top: Section) -> str:
    """CB-004: 0.1 or 0.2, as a number or a text."""
    node = None if top.lacks("version") else top.values["version"]
    hint = "write `version: 0.2`"
    if node is None:
        message = "`version` is missing"
        top.findings.error(top.at_key("version"), "missing-version", message, hint)
        return VERSIONS[-1]
    value = node.value if isinstance(node, Scalar) else ""
    if value not in VERSIONS:
        message = f"`version` is 0.1 or 0.2, not `{shown(value)}`"
        top.findings.error(node.at, "bad-version", message, hint)
        return VERSIONS[-1]
    return value


def _check_keys(top: Section, version: str, keys: tuple[str, ...]) -> None:
    """CB-203, CB-218: phases beside `phases` and keys of the other version say so."""
    own, other = ("environment_variables", "env")[:: 1 if version == "0.1" else -1]
    top = without_old_key(top, other, f"version {version} calls it `{own}`")
    strays = {name: _PHASES[plain] for name in top.keys if (plain := _plain(name)) in _PHASES}
    for name, phase in strays.items():
        message = f"`{shown(name)}` stands beside `phases`, not below it: it is ignored"
        hint = f"indent it below `phases:`, as `{phase}:`"
        top.findings.warn(top.at_key(name), "phase-outside-phases", message, hint)
    rest = {name: key for name, key in top.keys.items() if name not in strays}
    top._replace(keys=rest).allow(keys)


def _plain(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")


def _proxy(top: Section) -> Proxy:
    body = top.child("proxy", ("upload-artifacts", "logs"))
    if body is None:
        return Proxy()
    return Proxy(bool(body.flag("upload-artifacts")), bool(body.flag("logs")))


def _batch(top: Section) -> Batch | None:
    if "batch" not in top.keys:
        return None
    from penstock.documents.buildspec_batch import read_batch

    return read_batch(top)
