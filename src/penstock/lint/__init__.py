"""`penstock lint`: what CodeBuild would refuse, and what its users trip over.

An error is what CodeBuild refuses; everything else is a warning or a note, for CodeBuild takes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Diagnostic, Severity
from penstock.lint.find import find, read
from penstock.lint.ignores import kept, read_ignores
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


def lint_paths(paths: Sequence[str], shellcheck: bool = True) -> LintResult:
    """Lints files and the buildspecs below folders; `shellcheck` also runs that, if it is there."""
    files, problems = find(paths)
    found: list[Diagnostic] = []
    sources: dict[str, tuple[str, ...]] = {}
    subjects: list[Subject] = []
    for file in files:
        data = read(file)
        if isinstance(data, Diagnostic):
            found.append(data)
            continue
        buildspec, reported = read_buildspec(data, file)
        sources[file] = lines_of(data)
        found += reported
        if buildspec is not None:
            subject = subject_of(file, data, buildspec)
            subjects.append(subject)
            found += (diagnostic for rule in RULES for diagnostic in rule.check(subject))
    if shellcheck:
        from penstock.lint.shellcheck import check

        found += check(subjects, found)
    return LintResult(_remaining(found, files, sources), files, problems, sources)


def lint_file(file: str, shellcheck: bool = True) -> tuple[Diagnostic, ...]:
    return lint_paths([file], shellcheck).diagnostics


def exit_code(result: LintResult, strict: bool = False) -> int:
    """0: nothing CodeBuild refuses; 1: an error (with `strict` a warning too); 2: no such path."""
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
