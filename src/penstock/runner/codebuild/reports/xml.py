"""Reading XML that nobody vouches for, record by record, so that big files stay flat in memory.

A DOCTYPE that only points elsewhere (JaCoCo, Cobertura) is allowed and never fetched. One that
declares things itself is refused before a declaration is read: entities and default attributes are
how a small file grows without end, and no tool writes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from penstock.documents.buildspec import ReportFormat
from penstock.runner.codebuild.reports.files import opened
from penstock.runner.codebuild.reports.formats import format_of_root
from penstock.runner.codebuild.reports.model import Unreadable

if TYPE_CHECKING:
    from xml.parsers.expat import XMLParserType

FILE_LIMIT = 100 * 1024 * 1024
_CHUNK = 256 * 1024
_MAX_TAG = 8 * 1024 * 1024  # expat scans an unfinished tag again with every chunk
_MAX_DEPTH = 200
_MAX_ELEMENTS = 250_000
_MAX_TEXT = 16_384


class Element:
    """An element. `text` is its own text, at most some 16,000 characters of it.

    Only a record has a `parent`: elements that knew each other would wait for the collector.
    """

    __slots__ = ("attributes", "children", "parent", "tag", "text")

    def __init__(self, tag: str, attributes: dict[str, str], parent: Element | None) -> None:
        self.tag = tag
        self.attributes = attributes
        self.parent = parent
        self.children: list[Element] = []
        self.text = ""

    def get(self, name: str) -> str:
        """An attribute, or empty."""
        return self.attributes.get(name, "")

    def all(self, tag: str) -> Iterator[Element]:
        return (child for child in self.children if child.tag == tag)

    def child(self, *tags: str) -> Element | None:
        """The first element down this path of tags."""
        found: Element | None = self
        for tag in tags:
            found = next(found.all(tag), None) if found else None
        return found

    def text_of(self, *tags: str) -> str:
        """The text of `child(*tags)`, or empty."""
        found = self.child(*tags)
        return found.text if found else ""

    def ancestor(self, tag: str) -> Element | None:
        found = self.parent
        while found and found.tag != tag:
            found = found.parent
        return found


def records(path: str, file_format: ReportFormat, tag: str) -> Iterator[Element]:
    """Each outermost `tag` element with all it holds; its ancestors have their attributes only.

    Raises Unreadable (after the records before the fault) or OSError.
    """
    builder = _Builder(file_format, tag)
    with opened(path, FILE_LIMIT) as file:
        try:
            for _ in _steps(_parser(builder), file):
                yield from builder.take()
        except Unreadable:
            yield from builder.take()
            raise


def format_of_head(head: bytes) -> ReportFormat | None:
    """The format of a document by its first bytes, None where they show none."""
    builder = _Builder(None, "")
    try:
        _parse(_parser(builder), head)
    except Unreadable:
        pass  # what stands before the fault may still show the root
    return builder.format


class _Builder:
    """expat's handlers: keeps the way down to the current element, and the records."""

    def __init__(self, expected: ReportFormat | None, tag: str) -> None:
        self.expected = expected
        self.format: ReportFormat | None = None
        self._tag = tag
        self._way: list[Element] = []
        self._record_depth = 0
        self._size = 0
        self._finished: list[Element] = []

    def take(self) -> list[Element]:
        finished, self._finished = self._finished, []
        return finished

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        if internal:
            raise Unreadable(
                "its DOCTYPE declares entities or attributes, which is not safe to read"
            )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        tag = name.rpartition(":")[2]
        if not self._way:
            self._check_root(tag, attributes)
        if len(self._way) >= _MAX_DEPTH:
            raise Unreadable(f"elements are nested more than {_MAX_DEPTH} deep")
        if self._record_depth:
            element = Element(tag, attributes, None)
            self._grow(element)
        else:
            element = Element(tag, attributes, self._way[-1] if self._way else None)
        self._way.append(element)
        if tag == self._tag and not self._record_depth:
            self._record_depth = len(self._way)
            self._size = 0

    def text(self, data: str) -> None:
        if self._record_depth and len(self._way[-1].text) < _MAX_TEXT:
            self._way[-1].text += data

    def end(self, _name: str) -> None:
        element = self._way.pop()
        if len(self._way) < self._record_depth:
            self._finished.append(element)
            self._record_depth = 0

    def _grow(self, element: Element) -> None:
        self._size += 1
        if self._size > _MAX_ELEMENTS:
            raise Unreadable(f"one <{self._tag}> holds more than {_MAX_ELEMENTS:,} elements")
        self._way[-1].children.append(element)

    def _check_root(self, tag: str, attributes: dict[str, str]) -> None:
        self.format = format_of_root(tag, attributes)
        if self.expected and self.format is not self.expected:
            is_what = f"is {self.format}" if self.format else f"starts with <{tag[:50]}>"
            raise Unreadable(
                f"it {is_what}, but its group says {self.expected}: correct file-format or files"
            )


def _parser(builder: _Builder) -> XMLParserType:
    from xml.parsers import expat

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = builder.doctype
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.text
    return parser


def _steps(parser: XMLParserType, file: BinaryIO) -> Iterator[None]:
    """Parses the file, pausing after every chunk."""
    fed = 0
    while chunk := file.read(_CHUNK):
        fed += len(chunk)
        if fed > FILE_LIMIT:
            raise Unreadable(f"it grew above {FILE_LIMIT:,} bytes while it was read")
        _parse(parser, chunk)
        if fed - parser.CurrentByteIndex > _MAX_TAG:
            raise Unreadable(
                f"line {parser.CurrentLineNumber}: a tag or comment above {_MAX_TAG:,} bytes"
            )
        yield
    _parse(parser, b"", final=True)
    yield


def _parse(parser: XMLParserType, data: bytes, final: bool = False) -> None:
    from xml.parsers.expat import ExpatError

    try:
        parser.Parse(data, final)
    except ExpatError as error:
        raise Unreadable(f"this is not XML, or only part of it: {error}") from None
    except (LookupError, ValueError) as error:
        # Python looks up the encodings that expat does not know.
        raise Unreadable(f"its encoding cannot be read: {error}") from None
