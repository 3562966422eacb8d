"""What a model demands of a request's values: members there must be, lengths and ranges."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from penstock.wire.compiling import Compiler, Malformed

Path = tuple["Path", str | int] | None
"""Where a value is: below where, and a member's name or an item's number there. It is put into
words only where something is wrong."""
Check = Callable[[Any, Path, list[str]], None]
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf]")  # as UTF-8 never has one
SHOWN = 1024  # characters of a value in a finding; a value can be megabytes


class Checker(Compiler):
    """Makes functions (value, path, findings) that append what is wrong, in AWS's words.

    Where a shape and all below it ask for nothing there is no function but None, so that most of a
    request is never walked.
    """

    def _structure(self, shape: StructureShape) -> Check | None:
        required = [(name, camel(name)) for name in shape.required_members]
        checks = {
            name: (camel(name), check)
            for name, member in shape.members.items()
            if (check := self.of(member)) is not None and not member.serialization.get("streaming")
        }
        if shape.is_document_type or not (required or checks):
            return None

        def check_structure(value: dict[str, Any], path: Path, findings: list[str]) -> None:
            for name, key in required:
                if value.get(name) is None:
                    findings.append(_finding(None, (path, key), "Member must not be null"))
            for name, item in value.items():
                if name in checks:
                    key, check_member = checks[name]
                    check_member(item, (path, key), findings)

        return check_structure

    def _list(self, shape: ListShape) -> Check:
        check_item: Check | None = self.of(shape.member)
        check_size = _sized(shape, len)

        def check(value: list[Any], path: Path, findings: list[str]) -> None:
            if check_size:
                check_size(value, path, findings)
            for index, item in enumerate(value, 1):
                where = (path, index)
                if item is None:
                    findings.append(_finding(None, where, "Member must not be null"))
                elif check_item:
                    check_item(item, where, findings)

        return check

    def _map(self, shape: MapShape) -> Check:
        check_key: Check | None = self.of(shape.key)
        check_value: Check | None = self.of(shape.value)
        check_size = _sized(shape, len)

        def check(value: dict[str, Any], path: Path, findings: list[str]) -> None:
            if check_size:
                check_size(value, path, findings)
            for key, item in value.items():
                where = ((path, key), "member")
                if check_key:
                    check_key(key, where, findings)
                if item is None:
                    findings.append(_finding(None, where, "Member must not be null"))
                elif check_value:
                    check_value(item, where, findings)

        return check

    def _scalar(self, shape: Shape) -> Check | None:
        if shape.type_name in ("string", "blob"):
            return _sized(shape, len)
        if shape.type_name in ("integer", "long", "short", "byte", "float", "double"):
            return _sized(shape, None)
        return None


def findings_message(findings: Sequence[str]) -> str:
    """As AWS puts several findings in one message."""
    plural = "" if len(findings) == 1 else "s"
    return f"{len(findings)} validation error{plural} detected: {'; '.join(findings)}"


def refuse_unstorable(value: Any) -> None:
    """Raises Malformed for text that no database takes: with NUL characters or half characters."""
    if isinstance(value, str):
        if "\x00" in value:
            raise Malformed("a NUL character is not allowed in a string")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise Malformed("half of a surrogate pair is not allowed in a string") from None
    elif isinstance(value, dict):
        for key, item in value.items():
            refuse_unstorable(key)
            refuse_unstorable(item)
    elif isinstance(value, list):
        for item in value:
            refuse_unstorable(item)


def may_be_unstorable(body: bytes) -> bool:
    """Whether a body has to be looked through at all: hardly one has.

    One byte is found many times faster than several.
    """
    return (
        b"\x00" in body
        or (b"%" in body and b"%00" in body)
        or (b"\xed" in body and _SURROGATE.search(body) is not None)
        or (b"\\" in body and any(sign in body for sign in (b"\\u0000", b"\\ud", b"\\uD")))
    )


def _sized(shape: Shape, measure: Callable[[Any], int] | None) -> Check | None:
    """A check of a length, or of a number's value where there is no `measure`."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if not low and high is None and (measure or low is None):
        return None
    what = "length" if measure else "value"
    secret = shape.metadata.get("sensitive")

    def check(value: Any, path: Path, findings: list[str]) -> None:
        size = measure(value) if measure else value
        if low is not None and size < low:
            limit = f"Member must have {what} greater than or equal to {low}"
        elif high is not None and size > high:
            limit = f"Member must have {what} less than or equal to {high}"
        else:
            return
        findings.append(_finding(value, path, limit, secret=secret))

    return check


def _finding(value: Any, path: Path, constraint: str, *, secret: bool = False) -> str:
    place = _in_words(path)
    if secret:
        return f"Value at '{place}' failed to satisfy constraint: {constraint}"
    shown = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {shown} at '{place}' failed to satisfy constraint: {constraint}"


def _in_words(path: Path) -> str:
    if path is None:
        return ""
    above, part = path
    words = f"{part}.member" if isinstance(part, int) else part
    return f"{_in_words(above)}.{words}" if above else words


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_shown(item) for item in value[:SHOWN])}]"[:SHOWN]
    return str(value)[:SHOWN]


def camel(name: str) -> str:
    """A member's name as findings have it."""
    return name[:1].lower() + name[1:]
