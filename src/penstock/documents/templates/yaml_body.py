"""YAML -> plain values with short forms written out, and the place of each."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from penstock.documents.diagnostics import Position
from penstock.documents.findings import Findings, shown
from penstock.documents.libyaml import YAMLError, events, parse
from penstock.documents.templates import Path, Places, Text
from penstock.documents.templates.scalars import meaning, number
from penstock.documents.templates.short_forms import SHORT, written_out
from penstock.documents.yaml_text import report_syntax, start_of, text_start

DEPTH = 100
"""Levels of nesting, short forms included."""

_STANDARD = "tag:yaml.org,2002:"
_COLLECTIONS = frozenset((None, "!", f"{_STANDARD}map", f"{_STANDARD}seq"))
_SCALARS = frozenset(f"{_STANDARD}{name}" for name in ("str", "int", "float", "bool", "null"))
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_GET_ATT = "Fn::GetAtt"


def read_yaml(text: str, findings: Findings) -> Text | None:
    """The first document. Aliases are refused as CloudFormation does, so that no small text grows
    into a large template."""
    return _Reader(text, findings).read()


class _Open:
    """A collection whose end has not been read. `short` is its tag's key, or empty; `path` leads
    to what it becomes, without that key."""

    __slots__ = ("at", "key", "path", "short", "value")

    def __init__(self, value: Any, path: Path, short: str, at: Position) -> None:
        self.value = value
        self.path = path
        self.short = short
        self.at = at
        self.key: str | None = None

    def inner(self) -> Path:
        path = (*self.path, self.short) if self.short else self.path
        return (*path, len(self.value) if self.key is None else self.key)


class _Reader:
    """Builds values of parser events without recursion."""

    def __init__(self, text: str, findings: Findings) -> None:
        self._text = text
        self._findings = findings
        self._open: list[_Open] = []
        self._root: Any = None
        self._documents = 0
        self._keys: dict[Path, Position] = {}
        self._values: dict[Path, Position] = {}

    def read(self) -> Text | None:
        try:
            for event in parse(self._text):
                take = _TAKE.get(type(event))
                if take is not None and not take(self, event):
                    break
        except YAMLError as error:
            self._report(error)
            return None
        if self._open:  # stopped half-way
            return None
        return Text(self._root, Places(self._keys, self._values))

    def _report(self, error: YAMLError) -> None:
        """CloudFormation says only where; the parser's own words become the hint."""
        said = Findings("")
        report_syntax(error, self._text, said)
        for problem in said.close():
            line, column = problem.at
            message = f"Template format error: YAML not well-formed. (line {line}, column {column})"
            hint = f"{problem.message}: {problem.hint}" if problem.hint else problem.message
            self._findings.error(problem.at, "yaml-syntax", message, hint)

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents == 1:
            return True
        self._findings.error(
            start_of(event),
            "several-documents",
            "Template format error: a second document starts here; a template is one",
            "remove this part",
        )
        return False

    def _start_list(self, event: Any) -> bool:
        return self._begin([], event)

    def _start_dict(self, event: Any) -> bool:
        return self._begin({}, event)

    def _begin(self, value: Any, event: Any) -> bool:
        at = start_of(event)
        if len(self._open) >= DEPTH:
            message = f"Template format error: this is nested more than {DEPTH} levels deep"
            self._findings.error(at, "template-depth", message)
            return False
        if self._awaits_key():
            message = "Template format error: a key must be a text, not a list or a mapping"
            self._findings.error(at, "template-key", message, "put the key in quotes")
            return False
        path = self._open[-1].inner() if self._open else ()
        short = "" if event.tag in _COLLECTIONS else self._short(event.tag, at)
        self._place(path, short, at, at)
        self._open.append(_Open(value, path, short, at))
        return True

    def _end(self, _event: Any) -> bool:
        done = self._open.pop()
        self._add(written_out(done.short, done.value) if done.short else done.value)
        return True

    def _scalar(self, event: Any) -> bool:
        tag, style = event.tag, event.style
        plain = tag is None and not style
        start = start_of(event)
        at = start if plain and event.anchor is None else text_start(event, self._text)
        if style == '"' and _UNUSABLE.search(event.value):
            message = "Template format error: this text holds a NUL or half a character"
            self._findings.error(at, "control-character", message, "remove the escape")
        if self._awaits_key():
            self._key(event.value, at)
            return True
        path = self._open[-1].inner() if self._open else ()
        if plain:
            self._values[path] = at
            self._add(meaning(event.value))
        elif tag in SHORT:
            self._short_scalar(path, SHORT[tag], event, start, at)
        else:
            self._values[path] = at
            self._add(self._tagged(tag, event.value, at))
        return True

    def _short_scalar(
        self, path: Path, short: str, event: Any, start: Position, at: Position
    ) -> None:
        """What a short form is given is a text: `!Ref 1` is of the name "1"."""
        self._place(path, short, start, at)
        made = written_out(short, event.value)
        if short == _GET_ATT:
            before = 0
            for index, part in enumerate(made[short]):
                self._values[(*path, short, index)] = Position(at.line, at.column + before)
                before = len(part) + 1
        self._add(made)

    def _tagged(self, tag: str | None, value: str, at: Position) -> Any:
        if tag in (None, "!", f"{_STANDARD}str"):
            return value
        if tag not in _SCALARS:
            self._short(tag, at)
            return value
        made = meaning(value)
        if tag == f"{_STANDARD}float" and isinstance(number(value), int):
            return float(number(value))
        return made

    def _short(self, tag: str, at: Position) -> str:
        """The key that a tag stands for; none, after an error, for one that means nothing."""
        if tag not in SHORT:
            shown_tag = shown(tag.replace(_STANDARD, "!!"))
            message = f"Template format error: YAML tag {shown_tag} is not supported"
            hint = "short forms are written like !Ref; quote the text if the `!` belongs to it"
            self._findings.error(at, "template-tag", message, hint)
        return SHORT.get(tag, "")

    def _alias(self, event: Any) -> bool:
        message = "Template error: YAML aliases are not allowed in CloudFormation templates"
        hint = f"write out what `*{shown(event.anchor)}` stands for"
        self._findings.error(start_of(event), "template-alias", message, hint)
        if self._awaits_key():
            return False
        self._add(None)
        return True

    def _awaits_key(self) -> bool:
        if not self._open:
            return False
        inner = self._open[-1]
        return inner.key is None and isinstance(inner.value, dict)

    def _key(self, key: str, at: Position) -> None:
        """Keys are the texts that were written: an account's number keeps its zeros."""
        inner = self._open[-1]
        inner.key = key
        path = inner.inner()
        if key in inner.value:
            first = self._keys[path].line
            message = f"Template format error: duplicate key {shown(key)}, first on line {first}"
            self._findings.error(at, "duplicate-key", message, "join them, or remove one")
        self._keys.setdefault(path, at)

    def _place(self, path: Path, short: str, start: Position, at: Position) -> None:
        self._values[path] = start
        if short:
            self._keys[(*path, short)] = start
            self._values[(*path, short)] = at

    def _add(self, value: Any) -> None:
        if not self._open:
            self._root = value
            return
        inner = self._open[-1]
        if inner.key is None:
            inner.value.append(value)
        else:
            inner.value[inner.key] = value
            inner.key = None


# Each returns whether to go on.
_TAKE: dict[type, Callable[[_Reader, Any], bool]] = {
    events.DocumentStartEvent: _Reader._document,
    events.MappingStartEvent: _Reader._start_dict,
    events.SequenceStartEvent: _Reader._start_list,
    events.MappingEndEvent: _Reader._end,
    events.SequenceEndEvent: _Reader._end,
    events.ScalarEvent: _Reader._scalar,
    events.AliasEvent: _Reader._alias,
}
