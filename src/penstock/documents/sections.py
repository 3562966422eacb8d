"""Reads typed values out of the mappings of a document, reporting what is not as it should be.

One policy everywhere: a value of the wrong kind is an error, for it cannot be read; an unknown key
is a warning; a key without a value is a warning and counts as absent.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from penstock.documents.buildspec import Entry, Text
from penstock.documents.diagnostics import Position
from penstock.documents.findings import Findings, shown
from penstock.documents.nodes import Mapping, Node, Scalar, Sequence

_FLAGS = {"yes": True, "true": True, "no": False, "false": False}
_KINDS = {Scalar: "a text", Sequence: "a list", Mapping: "a mapping"}


class Section(NamedTuple):
    """A mapping of the document. `path` names it in messages, `at` is where its key stands."""

    path: str
    at: Position
    keys: dict[str, Scalar]
    values: dict[str, Node]
    findings: Findings

    def path_of(self, key: str) -> str:
        return f"{self.path}.{shown(key)}" if self.path else shown(key)

    def at_key(self, key: str) -> Position:
        return self.keys[key].at if key in self.keys else self.at

    def lacks(self, key: str) -> bool:
        """Whether the key is absent or has no value."""
        node = self.values.get(key)
        return node is None or (isinstance(node, Scalar) and node.is_null)

    def allow(self, known: Collection[str], hints: dict[str, str] | None = None) -> None:
        """Warns of every key that is not known; `hints` says more than the nearest known key."""
        for name, key in self.keys.items():
            if name not in known:
                message = f"`{self.path_of(name)}` is no key CodeBuild knows: it is ignored"
                near = self.findings.nearest(name, known)
                hint = (hints or {}).get(name) or (f"did you mean `{near}`?" if near else "")
                self.findings.warn(key.at, "unknown-key", message, hint)

    def child(self, key: str, known: Collection[str] | None = None) -> Section | None:
        """The mapping under the key, None if it is absent. No `known`: its keys are free."""
        node = self._value(key)
        if node is None:
            return None
        section = open_section(node, self.path_of(key), self.at_key(key), self.findings)
        if section is not None and known is not None:
            section.allow(known)
        return section

    def text(self, key: str) -> Text | None:
        node = self._value(key)
        if node is None:
            return None
        if isinstance(node, Scalar):
            return Text(node.value, node.at)
        wrong_type(node, self.path_of(key), "a text", self.findings)
        return None

    def string(self, key: str) -> str | None:
        text = self.text(key)
        return None if text is None else text.value

    def flag(self, key: str) -> bool | None:
        """yes, no, true or false in any case (CB-006). Other words are unspecified: unset."""
        text = self.text(key)
        if text is None:
            return None
        value = _FLAGS.get(text.value.lower())
        if value is None:
            message = f"`{self.path_of(key)}` is yes or no, not `{shown(text.value)}`"
            self.findings.warn(text.at, "bad-flag", f"{message}: it is ignored", "write yes or no")
        return value

    def sequence(self, key: str) -> tuple[Node, ...]:
        """The items of a list of mappings."""
        node = self._value(key)
        if node is None:
            return ()
        if not isinstance(node, Sequence):
            wrong_type(node, self.path_of(key), "a list", self.findings)
            return ()
        self.check_filled(key, node)
        return node.items

    def texts(self, key: str, one_is_fine: bool = False) -> tuple[Text, ...]:
        """A list of texts; a single text counts as a list of one (unspecified: with a warning)."""
        node = self._value(key)
        if isinstance(node, Scalar):
            if not one_is_fine:
                message = f"`{self.path_of(key)}` should be a list"
                self.findings.warn(node.at, "not-a-list", message, "write it on a line after `- `")
            return (Text(node.value, node.at),)
        if isinstance(node, Mapping):
            wrong_type(node, self.path_of(key), "a list of texts", self.findings)
        if not isinstance(node, Sequence):
            return ()
        self.check_filled(key, node)
        return tuple(
            Text(item.value, item.at)
            for index, item in enumerate(node.items)
            if self._usable(item, f"{self.path_of(key)}[{index}]") and isinstance(item, Scalar)
        )

    def entries(self, need_value: bool = False) -> tuple[Entry, ...]:
        """The names and texts of this mapping. No value: the empty text, or if needed an error."""
        return tuple(
            Entry(name, text, self.keys[name].at)
            for name, node in self.values.items()
            if (text := self._entry_text(name, node, need_value)) is not None
        )

    def check_filled(self, key: str, node: Sequence) -> None:
        if not node.items:
            message = f"`{self.path_of(key)}` is an empty list"
            self.findings.warn(node.at, "empty-list", message, "fill it, or remove the key")

    def _value(self, key: str) -> Node | None:
        if key in self.values and self.lacks(key):
            message = f"`{self.path_of(key)}` has no value: as if it were not there"
            hint = "give it a value (indented below it), or remove the key"
            self.findings.warn(self.at_key(key), "null-value", message, hint)
            return None
        return self.values.get(key)

    def _usable(self, item: Node, path: str) -> bool:
        if not isinstance(item, Scalar):
            wrong_type(item, path, "a text", self.findings)
            return False
        if item.value and not item.is_null:
            return True
        message = f"`{path}` is empty and is ignored"
        self.findings.warn(item.at, "empty-item", message, "fill it, or remove the `-`")
        return False

    def _entry_text(self, name: str, node: Node, need_value: bool) -> str | None:
        path, at = self.path_of(name), self.keys[name].at
        if not isinstance(node, Scalar):
            wrong_type(node, path, "a text", self.findings)
            return None
        text = "" if node.is_null else node.value
        if need_value and not text:
            self.findings.error(at, "missing-value", f"`{path}` needs a value")
            return None
        if node.is_null:
            message = f"`{path}` has no value: it becomes the empty text"
            self.findings.warn(at, "null-value", message, f'write `{shown(name)}: ""`')
        return text


def open_section(node: Node, path: str, at: Position, findings: Findings) -> Section | None:
    """The node as a section, or None after an error."""
    if not isinstance(node, Mapping):
        wrong_type(node, path or "the document", "a mapping", findings)
        return None
    keys = {key.value: key for key, _ in node.entries}
    values = {key.value: value for key, value in node.entries}
    return Section(path, at, keys, values, findings)


def wrong_type(node: Node, path: str, wanted: str, findings: Findings) -> None:
    is_null = isinstance(node, Scalar) and node.is_null
    found = "nothing" if is_null else _KINDS[type(node)]
    hint = ""
    if wanted == "a text":
        hint = "quote text that holds `: `, or begins with `[` or `{`"
    elif wanted == "a mapping":
        hint = "write `key: value` lines, indented below it"
    elif wanted.startswith("a list"):
        hint = "write one item per line, each after `- `"
    findings.error(node.at, "wrong-type", f"`{path}` should be {wanted}, not {found}", hint)
