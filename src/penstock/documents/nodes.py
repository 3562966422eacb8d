"""YAML text -> nodes that know their place (YAML 1.1, as CodeBuild's parser reads it).

Scalars keep the text exactly as written: `010` stays `010`, `yes` stays `yes`. What a text means
is for the reader of a document to say. Aliases and merge keys are resolved here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from penstock.documents.diagnostics import Diagnostic, Position
from penstock.documents.findings import Findings, shown
from penstock.documents.libyaml import YAMLError, events, parse
from penstock.documents.yaml_text import decode, report_syntax, start_of, text_start

DEPTH = 100
"""Levels of nesting. Real documents have fewer than 20."""

NODES = 500_000
"""Values in a file: about two seconds of work."""

ALIASED = 10_000
"""Nodes that all aliases of a file together may repeat: small files that grow without end stop."""

_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_UNUSABLE = re.compile("[\0\ud800-\udfff]")


class Scalar(NamedTuple):
    """A text. `at` is where it starts: behind an opening quote, on a block's first line."""

    value: str
    at: Position
    plain: bool = True
    end: Position = Position(1, 1)

    @property
    def is_null(self) -> bool:
        return self.plain and self.value in _NULLS


class Sequence(NamedTuple):
    items: tuple[Node, ...]
    at: Position


class Mapping(NamedTuple):
    """Each key once, in the order of the file; keys that were merged in (`<<`) come last."""

    entries: tuple[tuple[Scalar, Node], ...]
    at: Position


Node = Scalar | Sequence | Mapping


def compose(data: bytes, file: str) -> tuple[Node | None, list[Diagnostic]]:
    """The file's first document and all problems, by place. No node: nothing could be composed.

    A node may come with an error beside it (an unknown alias, say), so that the rest of the
    document can be checked too.
    """
    findings = Findings(file)
    text = decode(data, findings)
    node = None if text is None else _Composer(text, findings).compose()
    return node, findings.close()


class _Open(NamedTuple):
    """A collection whose end has not been read. `began` is the node count at its start."""

    at: Position
    anchor: str | None
    began: int
    children: list[Node]


class _Composer:
    """Turns parser events into nodes without recursion, so that no nesting exhausts the stack."""

    def __init__(self, text: str, findings: Findings) -> None:
        self._text = text
        self._findings = findings
        self._open: list[_Open] = []
        self._root: Node | None = None
        self._documents = 0
        self._count = 0
        self._aliased = 0
        self._anchors: dict[str, tuple[Node, int]] = {}

    def compose(self) -> Node | None:
        try:
            for event in parse(self._text):
                take = _TAKE.get(type(event))
                if take is not None and not take(self, event):
                    break
        except YAMLError as error:
            report_syntax(error, self._text, self._findings)
            return None
        if self._open:  # stopped half-way by a limit
            return None
        if self._root is None or (isinstance(self._root, Scalar) and self._root.is_null):
            self._findings.error(Position(1, 1), "empty-file", "the file says nothing")
            return None
        return self._root

    def _document(self, event: Any) -> bool:
        self._documents += 1
        if self._documents == 1:
            return True
        message = "a second document starts here; only the first one counts"
        self._findings.warn(start_of(event), "several-documents", message, "remove this part")
        return False

    def _start_collection(self, event: Any) -> bool:
        at = start_of(event)
        if len(self._open) >= DEPTH:
            message = f"this is nested more than {DEPTH} levels deep"
            self._findings.error(at, "yaml-depth", message)
            return False
        self._check_tag(event, at)
        self._open.append(_Open(at, event.anchor, self._count, []))
        return True

    def _end_sequence(self, _event: Any) -> bool:
        done = self._open.pop()
        return self._add(Sequence(tuple(done.children), done.at), done.anchor, done.began)

    def _end_mapping(self, _event: Any) -> bool:
        done = self._open.pop()
        return self._add(self._mapping(done), done.anchor, done.began)

    def _scalar(self, event: Any) -> bool:
        style, value, mark = event.style, event.value, event.end_mark
        plain = not style and event.tag is None
        at = start_of(event) if plain and event.anchor is None else text_start(event, self._text)
        self._check_tag(event, at)
        if style == '"' and _UNUSABLE.search(value):
            message = "this text holds a NUL or half a character, which no command can be given"
            self._findings.error(at, "control-character", message, "remove the escape")
        scalar = Scalar(value, at, plain, Position(mark.line + 1, mark.column + 1))
        return self._add(scalar, event.anchor, self._count)

    def _alias(self, event: Any) -> bool:
        name, at = event.anchor, start_of(event)
        inside = any(collection.anchor == name for collection in self._open)
        if inside or name not in self._anchors:
            why = "contains itself" if inside else "stands for nothing above"
            self._findings.error(at, "yaml-alias", f"the alias `*{shown(name)}` {why}")
            return self._add(Scalar("", at), None, self._count)
        node, size = self._anchors[name]
        self._aliased += size
        if self._aliased > ALIASED:
            message = f"aliases repeat more than {ALIASED} values"
            self._findings.error(at, "yaml-expansion", message)
            return False
        self._count += size - 1
        return self._add(node, None, self._count)

    def _add(self, node: Node, anchor: str | None, began: int) -> bool:
        self._count += 1
        if anchor is not None:
            self._anchors[anchor] = (node, self._count - began)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self._root = node
        if self._count <= NODES:
            return True
        message = f"the file holds more than {NODES} values"
        self._findings.error(node.at, "yaml-size", message)
        return False

    def _mapping(self, done: _Open) -> Mapping:
        entries: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Mapping] = []
        for key, value in zip(done.children[::2], done.children[1::2], strict=True):
            if not isinstance(key, Scalar):
                message = "a key must be a text, not a list or a mapping"
                self._findings.error(key.at, "yaml-key", message, "put the key in quotes")
            elif key.plain and key.value == "<<":
                merged += self._merged(value)
            else:
                self._check_duplicate(key, entries)
                entries[key.value] = (key, value)
        for source in merged:
            for key, value in source.entries:
                entries.setdefault(key.value, (key, value))
        return Mapping(tuple(entries.values()), done.at)

    def _check_duplicate(self, key: Scalar, entries: dict[str, tuple[Scalar, Node]]) -> None:
        # What CodeBuild does is unspecified; most parsers let the last one win, some refuse.
        if key.value not in entries:
            return
        first = entries[key.value][0].at.line
        message = f"`{shown(key.value)}` is here twice: the one on line {first} is ignored"
        self._findings.warn(key.at, "duplicate-key", message, "join them, or remove one")

    def _merged(self, value: Node) -> list[Mapping]:
        sources = value.items if isinstance(value, Sequence) else (value,)
        mappings = [source for source in sources if isinstance(source, Mapping)]
        if len(mappings) < len(sources):
            message = "`<<` takes a mapping or a list of mappings"
            self._findings.error(value.at, "yaml-merge", message, "write `<<: *name`")
        return mappings

    def _check_tag(self, event: Any, at: Position) -> None:
        tag = event.tag
        if tag in (None, "!") or tag.startswith("tag:yaml.org,2002:"):
            return
        message = f"the tag `{shown(tag)}` means nothing here and is ignored"
        self._findings.warn(at, "yaml-tag", message, "quote the text if the `!` belongs to it")


# Each returns whether to go on.
_TAKE: dict[type, Callable[[_Composer, Any], bool]] = {
    events.DocumentStartEvent: _Composer._document,
    events.MappingStartEvent: _Composer._start_collection,
    events.SequenceStartEvent: _Composer._start_collection,
    events.MappingEndEvent: _Composer._end_mapping,
    events.SequenceEndEvent: _Composer._end_sequence,
    events.ScalarEvent: _Composer._scalar,
    events.AliasEvent: _Composer._alias,
}
