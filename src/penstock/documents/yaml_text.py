"""From the bytes of a YAML file to its text, and from the parser's complaint to a diagnostic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from penstock.documents.diagnostics import Position
from penstock.documents.findings import Findings

if TYPE_CHECKING:
    from yaml import YAMLError

BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
"""What ends a line in YAML 1.1; libyaml counts lines by these."""

# As one set of characters they would take 5 ms to compile: as long as all else of reading a file.
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
_PROPERTIES = re.compile(r"(?:[&!]\S*[ \t]+)*")
_INDENTATION = re.compile(" *")
_NO_CHARACTERS = re.compile("[\ud800-\udfff\ufffe\uffff]")

_SPACES = "indent with spaces: YAML allows no tabs there"
_QUOTE = "put the whole text in quotes, or write it as a block under `|`"
_HINTS = (
    ("mapping values are not allowed", f"`: ` in unquoted text reads as a mapping: {_QUOTE}"),
    ("tab character", _SPACES),
    ("cannot start any token", f"text cannot begin with this character: {_QUOTE}"),
    ("block sequence entries are not allowed", "start the list on a line of its own"),
    ("unexpected end of stream", "close the quotes"),
    ("unexpected document indicator", "close the quotes"),
    ("unknown escape character", "double the backslash, or use single quotes"),
    ("could not find expected ':'", "check the indentation, and that each key ends with `:`"),
    ("expected '-' indicator", "give all items of the list the same indentation"),
    ("expected ',' or", f"text beginning with `[` or `{{` is a list or mapping: {_QUOTE}"),
    ("expected key", "check the indentation here; quote text that holds quotes, `[` or `{`"),
    ("undefined tag handle", f"`!` begins a tag: {_QUOTE}"),
    ("alphabetic or numeric", f"`*` begins an alias and `&` an anchor: {_QUOTE}"),
)


def decode(data: bytes, findings: Findings) -> str | None:
    """The text without its byte order mark, or None after an error.

    UTF-8, and UTF-16 if it starts with its mark, as the YAML specification has it.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        before = bytes(error.object[: error.start]).decode(encoding, "ignore")
        byte = error.object[error.start]
        message = f"byte 0x{byte:02X} is not {encoding.removesuffix('-sig').upper()} text"
        findings.error(place(before, len(before)), "not-utf8", message, "save the file as UTF-8")
        return None
    forbidden = _CONTROLS.search(text) or _NO_CHARACTERS.search(text)
    if forbidden:
        message = f"control characters are not allowed: U+{ord(forbidden[0]):04X}"
        hint = "remove it; in double quotes it can be written as an escape, such as \\e"
        findings.error(place(text, forbidden.start()), "control-character", message, hint)
        return None
    return text


def place(text: str, index: int) -> Position:
    line, start = 1, 0
    for found in BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return Position(line, index - start + 1)


def report_syntax(error: YAMLError, text: str, findings: Findings) -> None:
    """The parser's own words and "at line N", as CodeBuild reports them (CB-003)."""
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    end = place(text, len(text))
    # At the end of the text libyaml may name a line that is not there.
    at = min(Position(mark.line + 1, mark.column + 1), end) if mark else end
    hint = next((hint for words, hint in _HINTS if words in problem), "")
    if "cannot start any token" in problem and mark and "\t" in text[mark.index : mark.index + 1]:
        hint = _SPACES
    opened = getattr(error, "context_mark", None)
    if opened and opened.line + 1 < at.line:
        began = f"{error.context} that begins at line {opened.line + 1}"  # type: ignore[attr-defined]
        hint = f"{began}: {hint}" if hint else began
    findings.error(at, "yaml-syntax", f"{problem} at line {at.line}", hint)


def start_of(event: Any) -> Position:
    """Where what the event is about begins, its tag and anchor included."""
    mark = event.start_mark
    return Position(mark.line + 1, mark.column + 1)


def text_start(event: Any, text: str) -> Position:
    """Where a scalar's text begins, behind tag, anchor, quote or the `|` of a block."""
    mark = event.start_mark
    if event.style in ("|", ">"):
        return _block_start(event, text)
    properties = _PROPERTIES.match(text, mark.index)
    skipped = len(properties[0]) if properties else 0
    return Position(mark.line + 1, mark.column + skipped + (2 if event.style else 1))


def _block_start(event: Any, text: str) -> Position:
    mark, value = event.start_mark, event.value
    header_end = BREAK.search(text, mark.index)
    if header_end is None or not value:
        return start_of(event)
    line = mark.line + 2
    indentation = _INDENTATION.match(text, header_end.end())
    if indentation is None or value.startswith("\n"):
        return Position(line, 1)
    belonging = len(value) - len(value.lstrip(" "))
    return Position(line, max(1, len(indentation[0]) - belonging + 1))
