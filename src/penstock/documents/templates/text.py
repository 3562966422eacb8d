"""The text of a template -> its body, and where everything in it stands.

A text that begins with `{` is JSON, any other YAML. Scalars mean what `scalars` says.
"""

from __future__ import annotations

from penstock.documents.diagnostics import Diagnostic, Position, Severity
from penstock.documents.findings import Findings
from penstock.documents.templates import Text
from penstock.documents.templates.json_body import read_json
from penstock.documents.templates.yaml_body import read_yaml
from penstock.documents.yaml_text import decode

SIZE = 1_000_000
"""Bytes of a template."""


def read_text(data: bytes, file: str) -> tuple[Text | None, list[Diagnostic]]:
    """The template as plain values, None exactly if a diagnostic is an error.

    Each error's message is as CloudFormation would refuse the template, where that is known.
    """
    findings = Findings(file)
    text = _read(data, findings)
    problems = findings.close()
    failed = any(problem.severity is Severity.ERROR for problem in problems)
    return (None if failed else text), problems


def _read(data: bytes, findings: Findings) -> Text | None:
    start = Position(1, 1)
    if len(data) > SIZE:
        message = f"Template may not exceed {SIZE} bytes in size."
        findings.error(start, "template-size", message, "split it into nested stacks")
        return None
    characters = decode(data, findings)
    if characters is None:
        return None
    read = read_json if characters.lstrip()[:1] == "{" else read_yaml
    text = read(characters, findings)
    if text is None or isinstance(text.body, dict):
        return text
    message = "Template format error: unsupported structure."
    hint = "a template is a mapping with `Resources` in it, not the name of its file"
    findings.error(start, "template-structure", message, hint)
    return None
