"""`penstock lint`: what AWS would refuse, and what its users trip over.

An error is what AWS refuses; everything else is a warning or a note, for AWS takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.lint.find import find, read
from penstock.lint.ignores import kept, read_ignores
from penstock.lint.kinds import Kind, kind_of
from penstock.lint.rules import RULES
from penstock.lint.subject import Subject, lines_of, subject_of

__all__ = ["LintResult", "exit_code", "lint_file", "lint_paths"]


class LintResult(NamedTuple):
    """`diagnostics` by file and place, `files` all that were looked at, `problems` paths that are
    not there; `sources` has the lines of each file that could be read."""

    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    problems: tuple[str, ...] = ()
    sources: Mapping[str, Sequence[str]] = {}


def lint_paths(paths: Sequence[str], shellcheck: bool = True, cfn_lint: bool = True) -> LintResult:
    """Lints files and what is to lint below folders; `shellcheck` and `cfn_lint` also run these,
    if they are there."""
    files, problems = find(paths)
    found: list[Diagnostic] = []
    sources: dict[str, tuple[str, ...]] = {}
    texts: dict[Kind, dict[str, bytes]] = {kind: {} for kind in Kind}
    for file in files:
        data = read(file)
        if isinstance(data, Diagnostic):
            found.append(data)
            continue
        sources[file] = lines_of(data)
        texts[kind_of(data)][file] = data
    found += _lint_templates(texts[Kind.TEMPLATE], cfn_lint)
    found += _lint_pipelines(texts[Kind.PIPELINE])
    found += _lint_buildspecs(texts[Kind.BUILDSPEC], shellcheck)
    return LintResult(_remaining(found, files, sources), files, problems, sources)


def _lint_templates(texts: Mapping[str, bytes], cfn_lint: bool) -> list[Diagnostic]:
    if not texts:
        return []
    from penstock.lint.cfn_lint import CfnLint, is_installed

    other = CfnLint(list(texts)) if cfn_lint and is_installed() else None
    from penstock.lint.templates.check import check

    found = [diagnostic for file, data in texts.items() for diagnostic in check(file, data)]
    return [*found, *other.collect(found)] if other else found


def _lint_pipelines(texts: Mapping[str, bytes]) -> list[Diagnostic]:
    if not texts:
        return []
    from penstock.lint.pipelines.check import check

    return [diagnostic for file, data in texts.items() for diagnostic in check(file, data)]


def _lint_buildspecs(texts: Mapping[str, bytes], shellcheck: bool) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    subjects: list[Subject] = []
    for file, data in texts.items():
        buildspec, reported = read_buildspec(data, file)
        found += reported
        if buildspec is not None:
            subject = subject_of(file, data, buildspec)
            subjects.append(subject)
            found += (diagnostic for rule in RULES for diagnostic in rule.check(subject))
    if shellcheck and subjects:
        from penstock.lint.shellcheck import check

        found += check(subjects, found)
    return found


def lint_file(file: str, shellcheck: bool = True) -> tuple[Diagnostic, ...]:
    return lint_paths([file], shellcheck, cfn_lint=False).diagnostics


def exit_code(result: LintResult, strict: bool = False) -> int:
    """0: nothing AWS refuses; 1: an error (with `strict` a warning too); 2: no such path."""
    grave = {Severity.ERROR, Severity.WARNING} if strict else {Severity.ERROR}
    if result.problems:
        return 2
    return int(any(diagnostic.severity in grave for diagnostic in result.diagnostics))


def _remaining(
    found: Sequence[Diagnostic], files: Sequence[str], sources: Mapping[str, tuple[str, ...]]
) -> tuple[Diagnostic, ...]:
    """What no comment ignores, in the order of the files and the places in them."""
    by_file: dict[str, set[Diagnostic]] = {file: set() for file in files}
    for diagnostic in found:
        by_file[diagnostic.file].add(diagnostic)
    remaining: list[Diagnostic] = []
    for file, diagnostics in by_file.items():
        lines = sources.get(file, ())
        ignores = read_ignores(file, lines)
        own = kept(diagnostics | set(ignores.problems), ignores, lines)
        remaining += sorted(own, key=lambda diagnostic: (diagnostic.at, diagnostic.rule))
    return tuple(remaining)
