"""Buildspecs written into a template's projects, linted as files are, at their places there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from penstock.documents.buildspec_reader import read_buildspec
from penstock.documents.diagnostics import Diagnostic, Position
from penstock.documents.yaml_text import BREAK
from penstock.lint.pipelines.projects import PROJECT, source_of
from penstock.lint.places import locate
from penstock.lint.templates.subject import TemplateSubject

_VARIABLE = re.compile(r"\$\{[^!}][^}]*\}")


def check(subject: TemplateSubject) -> Iterator[Diagnostic]:
    for name in subject.world.named(PROJECT):
        if not source_of(subject.world, name).text:
            continue
        path = subject.world.properties(name).origins[("Source", "BuildSpec")]
        value: Any = subject.text.body
        for step in path:
            value = value[step]
        if isinstance(value, dict) and isinstance(value.get("Fn::Sub"), str):
            # As long as before, so that what follows keeps its place.
            path, text = (*path, "Fn::Sub"), value["Fn::Sub"]
            text = _VARIABLE.sub(lambda found: "x" * len(found[0]), text)
        elif isinstance(value, str):
            text = value
        else:
            continue
        for one in _problems(subject.file, text):
            if one.rule == "docker-privileged" and _is_privileged(subject, name):
                continue
            if one.rule == "not-a-list" and text.lstrip().startswith("{"):
                continue  # so the CDK's own pipelines write it, and CodeBuild takes it
            at = locate(subject.lines, text, subject.place(path), _offset(text, one.at))
            yield one._replace(at=at)


def _problems(file: str, text: str) -> Iterator[Diagnostic]:
    from penstock.lint.rules import RULES
    from penstock.lint.subject import subject_of

    data = text.encode("utf-8", "replace")
    buildspec, found = read_buildspec(data, file)
    yield from found
    if buildspec is not None:
        subject = subject_of(file, data, buildspec)
        for rule in RULES:
            yield from rule.check(subject)


def _offset(text: str, at: Position) -> int:
    start, line = 0, 1
    for found in BREAK.finditer(text):
        if line == at.line:
            break
        line, start = line + 1, found.end()
    return min(start + at.column - 1, len(text))


def _is_privileged(subject: TemplateSubject, project: str) -> bool:
    environment = subject.world.properties(project).value.get("Environment")
    given = environment.get("PrivilegedMode") if isinstance(environment, dict) else None
    return str(given).lower() != "false" and given is not None
