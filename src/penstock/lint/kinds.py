"""What a file is, as its text tells: a template, a pipeline's declaration, else a buildspec."""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    BUILDSPEC = "buildspec"
    TEMPLATE = "template"
    PIPELINE = "pipeline"


_VERSION = re.compile(rb"""^["']?AWSTemplateFormatVersion["']?[ \t]*:""", re.MULTILINE)
_VERSION_JSON = re.compile(rb'"AWSTemplateFormatVersion"\s*:')
_RESOURCES = re.compile(rb"""^["']?Resources["']?[ \t]*:""", re.MULTILINE)
_RESOURCES_JSON = re.compile(rb'"Resources"\s*:\s*\{')
_TYPE = re.compile(rb"""["']?Type["']?\s*:\s*["']?(?:AWS|Custom|Alexa)::""")
_STAGES = re.compile(rb"""["']?stages["']?\s*:\s*(?:\[|-)""")
_ACTION_TYPE = re.compile(rb"""["']?actionTypeId["']?\s*:""")
_FOREIGN = re.compile(rb"\{%|\{\{(?!resolve:)|\$\{(?:self|opt|file|env|param)[:(]|Rain::")
_APPSPEC = re.compile(rb"""^["']?Resources["']?[ \t]*:\s*-""", re.MULTILINE)


def kind_of(data: bytes) -> Kind:
    if _is_template(data):
        return Kind.TEMPLATE
    if _STAGES.search(data) and _ACTION_TYPE.search(data):
        return Kind.PIPELINE
    return Kind.BUILDSPEC


def is_document(data: bytes) -> bool:
    """Whether a file that nobody named is a template or a declaration, and not first the input of
    another program that makes one (Jinja, Rain, the Serverless Framework)."""
    if b"AWS::" not in data and b"actionTypeId" not in data:
        return False
    kind = kind_of(data)
    if kind is Kind.BUILDSPEC or _FOREIGN.search(data):
        return False
    return not _is_json(data) or _is_whole(data, kind)


def _is_template(data: bytes) -> bool:
    json = _is_json(data)
    if not json and _APPSPEC.search(data):
        return False
    resources = (_RESOURCES_JSON if json else _RESOURCES).search(data)
    version = (_VERSION_JSON if json else _VERSION).search(data)
    return bool(resources and _TYPE.search(data)) or bool(version and (resources or not json))


def _is_json(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{"


def _is_whole(data: bytes, kind: Kind) -> bool:
    """Whether JSON is of the kind, and does not only hold one somewhere; broken JSON may be."""
    import json

    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return True
    if not isinstance(document, dict):
        return False
    if kind is Kind.TEMPLATE:
        return "Resources" in document
    return "stages" in document or isinstance(document.get("pipeline"), dict)
