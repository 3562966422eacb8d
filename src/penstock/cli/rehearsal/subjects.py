"""What is rehearsed: one template, or the stacks of a CDK app."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple

_NAME = re.compile(r"[^A-Za-z0-9-]+")
_LONGEST = 100


class SubjectError(Exception):
    """What is to be rehearsed cannot be. The text says why."""


class Subject(NamedTuple):
    """A stack that is to be made: its template as it stands in `file`."""

    stack: str
    file: str
    body: str
    parameters: Mapping[str, str]
    tags: Mapping[str, str] = {}


def subject_of(file: str, stack: str, parameters: Mapping[str, str]) -> Subject:
    """A template's; without a name the stack is called as the file is. Raises SubjectError."""
    try:
        with open(file, encoding="utf-8") as opened:
            body = opened.read()
    except UnicodeDecodeError:
        raise SubjectError(f"{file} is not UTF-8 text") from None
    except OSError as error:
        raise SubjectError(f"{file} cannot be read: {error.strerror}") from None
    return Subject(stack or _name(file), file, body, parameters)


def _name(file: str) -> str:
    plain = os.path.basename(os.path.abspath(file)).split(".")[0]
    name = _NAME.sub("-", plain).strip("-")[:_LONGEST]
    return name if name[:1].isalpha() else f"stack-{name}".rstrip("-")
