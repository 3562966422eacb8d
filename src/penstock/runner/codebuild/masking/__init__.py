"""Hides secrets in a stream of output (CB-016: AWS access key ids, and every secret's value).

An automaton of the forms' first bytes (anchors) finds where a form may begin; there, and nowhere
else, whole forms are compared. Ordinary text therefore costs only the search, which runs in SIMD
code, and a chunk with nothing to hide is handed on as the object it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

MASK = b"***"

_ANCHOR = 48  # so long that the host of a secret URL does not stop the search at each URL of a log
_HEAD = 4  # of every form at least this much exists (forms.SHORTEST)
_KEY_ID_HEADS = (b"AKIA", b"ASIA")
_KEY_ID_LENGTH = 20
_KEY_ID_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

# The library searches fastest (several GB/s) with its SIMD prefilter, which takes up to 64 patterns
# and which it only chooses over searching single bytes (0.4 GB/s) when more than three first bytes
# and three rare bytes occur. Patterns of bytes that UTF-8 never holds see to that.
_DECOYS = tuple(bytes((byte,)) * _HEAD for byte in (0xF8, 0xF9, 0xFA, 0xFB))
_PATTERNS_PER_AUTOMATON = 56

Span = tuple[int, int]  # start and end of a form
Place = tuple[int, tuple[bytes, ...]]  # where a form may begin, and which


class Masker:
    """Masks a stream fed in chunks cut anywhere; `mask` and `mask_text` are independent of it.

    `secrets` maps names to values. `too_short` names those that cannot be masked safely
    (`forms.SHORTEST`), for the caller to warn of; an empty value has nothing to hide.
    """

    def __init__(self, secrets: Mapping[str, str] | None = None) -> None:
        forms: set[bytes] = set()
        too_short = []
        if secrets:
            from penstock.runner.codebuild.masking.forms import forms as forms_of

            for name, value in secrets.items():
                found = forms_of(value)
                forms |= found
                if value and not found:
                    too_short.append(name)
        self.too_short = tuple(too_short)
        anchors = sorted({form[:_ANCHOR] for form in forms} | set(_KEY_ID_HEADS))
        self._prefixes = {anchor[:n] for anchor in anchors for n in range(1, len(anchor))}
        self._last_bytes = {prefix[-1] for prefix in self._prefixes}
        self._longest_prefix = max(map(len, self._prefixes))
        self._places = _automata(anchors, forms) if forms else _key_id_places
        self._held = b""
        self._covered = 0  # bytes at the start of _held that a mask already written stands for

    def feed(self, chunk: bytes) -> bytes:
        """What may be shown now. Held back is only a tail that a form could begin with."""
        data = self._held + chunk if self._held else chunk
        spans, settled = self._find(data)
        return self._show(data, spans, settled)

    def flush(self) -> bytes:
        """What was held back, once the stream has ended."""
        data = self._held
        return self._show(data, self._find(data)[0], len(data))

    def mask(self, data: bytes) -> bytes:
        return _masked(data, self._find(data)[0], 0, len(data))[0]

    def mask_text(self, text: str) -> str:
        return self.mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def _show(self, data: bytes, spans: list[Span], settled: int) -> bytes:
        shown, self._covered = _masked(data, spans, self._covered, settled)
        self._held = data[settled:]
        return shown

    def _find(self, data: bytes) -> tuple[list[Span], int]:
        """All forms in `data`, by start, and where the first unfinished one begins (or the end)."""
        settled = self._unfinished_anchor(data)
        spans = []
        for start, forms in self._places(data):
            end, unfinished = _form_at(data, start, forms)
            if end:
                spans.append((start, end))
            if unfinished:
                settled = min(settled, start)
        return spans, settled

    def _unfinished_anchor(self, data: bytes) -> int:
        if data and data[-1] in self._last_bytes:
            for length in range(min(self._longest_prefix, len(data)), 0, -1):
                if data[-length:] in self._prefixes:
                    return len(data) - length
        return len(data)


def _form_at(data: bytes, start: int, forms: tuple[bytes, ...]) -> tuple[int, bool]:
    """Where the longest form at `start` ends (0: none), and whether `data` ends inside one."""
    end, unfinished = 0, False
    room = len(data) - start
    for form in forms:
        if data.startswith(form, start):
            end = max(end, start + len(form))
        elif room < len(form) and form.startswith(data[start:]):
            unfinished = True
    if data.startswith(_KEY_ID_HEADS, start):
        key_id = data[start : start + _KEY_ID_LENGTH]
        if not key_id.strip(_KEY_ID_ALPHABET):
            if len(key_id) == _KEY_ID_LENGTH:
                end = max(end, start + _KEY_ID_LENGTH)
            else:
                unfinished = True
    return end, unfinished


def _masked(data: bytes, spans: list[Span], covered: int, until: int) -> tuple[bytes, int]:
    """`data[covered:until]` with a mask for each run of overlapping spans that begins there.

    Also returns how far beyond `until` the last mask reaches.
    """
    if not spans and not covered and until == len(data):
        return data, 0
    shown: list[bytes] = []
    at = covered
    for start, end in spans:
        if start >= until:
            break
        if start >= at:
            shown += (data[at:start], MASK)
        at = max(at, end)
    shown.append(data[at:until])
    return b"".join(shown), max(at - until, 0)


def _key_id_places(data: bytes) -> list[Place]:
    places = []
    for head in _KEY_ID_HEADS:
        at = data.rfind(head)  # backwards, CPython searches twice as fast
        while at >= 0:
            places.append((at, ()))
            at = data.rfind(head, 0, at)
    return sorted(places)


def _automata(anchors: list[bytes], forms: set[bytes]) -> Callable[[bytes], list[Place]]:
    """A search for every place where a form may begin, overlapping ones included.

    An automaton reports matches that do not overlap. Each it leaves out begins inside one that it
    reports, so with each anchor comes a list of the places in it where forms may begin.
    """
    from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

    by_start: dict[bytes, list[bytes]] = {}
    for form in (*forms, *_KEY_ID_HEADS):
        for length in range(1, _HEAD + 1):
            by_start.setdefault(form[:length], []).append(form)
    searches = []
    for first in range(0, len(anchors), _PATTERNS_PER_AUTOMATON):
        group = anchors[first : first + _PATTERNS_PER_AUTOMATON]
        automaton = BytesAhoCorasick(
            [*group, *_DECOYS],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.ContiguousNFA,
        )
        inside = [_places_inside(anchor, by_start, forms) for anchor in group]
        searches.append((automaton.find_matches_as_indexes, inside + [[]] * len(_DECOYS)))

    def places(data: bytes) -> list[Place]:
        found = {
            (start + offset, candidates)
            for find, inside in searches
            for pattern, start, _ in find(data)
            for offset, candidates in inside[pattern]
        }
        return sorted(found) if found else []

    return places


def _places_inside(
    anchor: bytes, by_start: dict[bytes, list[bytes]], forms: set[bytes]
) -> list[Place]:
    """The offsets in `anchor` at which forms (or key ids) fit what it has from there on."""
    found = []
    for offset in range(len(anchor)):
        candidates = by_start.get(anchor[offset : offset + _HEAD], ())
        if candidates:
            rest = anchor[offset:]
            fitting = (f for f in candidates if rest.startswith(f) or f.startswith(rest))
            found.append((offset, tuple(f for f in fitting if f in forms)))
    return found
