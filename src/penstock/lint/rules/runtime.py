"""CB-051, CB-054, CB-209: runtimes of the standard images (7.0 and 8.0, and their Amazon Linux
siblings), from the images' own runtime files."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.documents.buildspec import Entry
from penstock.documents.diagnostics import Severity
from penstock.documents.findings import shown
from penstock.lint.rule import Finding, rule
from penstock.lint.subject import Subject

RUNTIMES = {
    "dotnet": ("6.0", "8.0", "10.0"),
    "golang": ("1.20", "1.21", "1.22", "1.23", "1.24", "1.25", "1.26"),
    "java": ("corretto8", "corretto11", "corretto17", "corretto21", "corretto25"),
    "nodejs": ("18", "20", "22", "24"),
    "php": ("8.1", "8.2", "8.3", "8.4", "8.5"),
    "python": ("3.9", "3.10", "3.11", "3.12", "3.13", "3.14"),
    "ruby": ("3.1", "3.2", "3.3", "3.4", "4.0"),
    "rust": ("1.93", "1.94"),
}


@rule(
    id="unknown-runtime",
    severity=Severity.WARNING,
    summary="A runtime, or a form of its version, that the standard images do not have.",
    bad="""
version: 0.2
phases:
  install:
    runtime-versions:
      docker: 20
  build:
    commands:
      - make
""",
    good="""
version: 0.2
phases:
  install:
    runtime-versions:
      nodejs: 22
      java: corretto21
  build:
    commands:
      - make
""",
)
def unknown_runtime(subject: Subject) -> Iterator[Finding]:
    for entry in subject.buildspec.phase("install").runtime_versions:
        problem = _problem(entry)
        if problem:
            yield Finding(entry.at, *problem)


def _problem(entry: Entry) -> tuple[str, str] | None:
    name, version = entry.name, entry.value
    if "$" in name:
        return None
    known = RUNTIMES.get(name)
    if known is None:
        hint = f"the standard images have {', '.join(RUNTIMES)}"
        if name == "docker":
            hint = "docker is there without being selected: remove this"
        return f"the standard images have no runtime `{shown(name)}`", hint
    if version.endswith(".x"):
        stem = version.removesuffix("x")
        if not any(f"{choice}.".startswith(stem) for choice in known):
            message = f"the standard images have no {name} {shown(version)}"
            return message, f"choose from {', '.join(known)}"
    if name == "java" and version.startswith("openjdk"):
        return f"the standard images have no java {shown(version)}", "write `corretto8`, or newer"
    return None
