"""What a template is given: `--param NAME=VALUE`, and files in the shapes that AWS's tools take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from penstock.documents.diagnostics import Severity
from penstock.documents.templates.text import read_text

SHAPES = (
    '[{"ParameterKey": …, "ParameterValue": …}], {"Parameters": {NAME: VALUE}}, {NAME: VALUE}'
    ' or ["NAME=VALUE"]'
)


class ParametersError(Exception):
    """Parameters cannot be read. The text says which, and what is taken."""


def read_parameters(files: Iterable[str], pairs: Iterable[str]) -> dict[str, str]:
    """By name; later ones count, and pairs more than files. Raises ParametersError."""
    found: dict[str, str] = {}
    for file in files:
        found |= _of_file(file)
    for text in pairs:
        found |= _pair(text, "--param")
    return found


def _of_file(file: str) -> dict[str, str]:
    try:
        with open(file, "rb") as opened:
            data = opened.read()
    except OSError as error:
        raise ParametersError(f"{file} cannot be read: {error.strerror}") from None
    if data.lstrip()[:1] == b"[":  # a template is no list
        data = b'{"Parameters": ' + data + b"}"
    text, findings = read_text(data, file)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if text is None or errors:
        raise ParametersError(str(errors[0]) if errors else f"{file} says nothing")
    asked = text.body.get("Parameters", text.body)
    found: dict[str, str] = {}
    if isinstance(asked, Mapping):
        found = {str(name): _text(value, file) for name, value in asked.items()}
    elif isinstance(asked, list):
        for one in asked:
            found |= _member(one, file)
    else:
        raise ParametersError(f"{file} has no parameters: it takes {SHAPES}")
    return found


def _member(one: Any, file: str) -> dict[str, str]:
    if isinstance(one, str):
        return _pair(one, file)
    if not isinstance(one, Mapping) or "ParameterKey" not in one:
        raise ParametersError(f"{file} has no parameters: it takes {SHAPES}")
    return {str(one["ParameterKey"]): _text(one.get("ParameterValue", ""), file)}


def _pair(text: str, where: str) -> dict[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise ParametersError(f"{where} takes NAME=VALUE, not {text!r}")
    return {name: value}


def _text(value: Any, file: str) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return ",".join(_text(one, file) for one in value)
    if isinstance(value, Mapping) or value is None:
        raise ParametersError(f"{file}: a parameter's value is a text, not {value!r}")
    return str(value)
