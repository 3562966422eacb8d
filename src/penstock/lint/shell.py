"""A shell script as the simple commands in it: enough to ask what a buildspec's command runs.

Not a parser of the shell language: text it cannot make sense of yields fewer calls, never an error,
because a rule that misses something does less harm than one that misreads it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from penstock.lint.quoting import bracket_end, quote_end, unquoted


class Call(NamedTuple):
    """One simple command. Words keep their quotes; redirections and assignments stand apart.

    `at` is the offset of its first character in the script, `ends` the operator behind it (or "" at
    the end), `depth` how many subshells and substitutions are around it, `block` how many of
    `if`, `for`, `while`, `case`, `{`. `captured`: its output goes into a `$(...)`.
    """

    words: tuple[str, ...]
    assignments: tuple[str, ...]
    redirections: tuple[tuple[str, str], ...]
    at: int
    ends: str
    depth: int
    block: int
    captured: bool

    @property
    def plain(self) -> tuple[str, ...]:
        """The words without quotes and without what merely wraps a program (`sudo`, `env A=1`)."""
        words = [unquoted(word) for word in self.words]
        while words and words[0] in _WRAPPERS:
            words.pop(0)
            while words and (words[0].startswith("-") or _ASSIGNMENT.match(words[0])):
                words.pop(0)
        return tuple(words)

    @property
    def program(self) -> str:
        plain = self.plain
        return plain[0].rpartition("/")[2] if plain else ""


_DEEPEST = 20
_WRAPPERS = frozenset({"sudo", "env", "nohup", "time", "exec", "command", "nice", "setsid", "npx"})
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*\+?=")
_OPENS = frozenset({"if", "while", "until", "for", "case", "{", "select"})
_CLOSES = frozenset({"fi", "done", "esac", "}"})
_LEADS = frozenset({"then", "else", "elif", "do", "!", "if", "while", "until", "{"})
_SPACE = re.compile(r"(?:[ \t\r]|\\\n)+")
_OPERATOR = re.compile(r"\n|;;&?|;&?|&&|\|\||\|&|\||&(?!>)|[()]")
_REDIRECTION = re.compile(r"(?:\d*(?:<<<|<<-?|<>|<&|<(?!\()|>>|>&|>\||>(?!\())|&>>?)[ \t]*")
_CHARACTERS = re.compile(r"""[^\s\\'"$`;&|()<>]+""")
_FUNCTION_BRACKETS = re.compile(r"\(\s*\)")


def calls(script: str) -> tuple[Call, ...]:
    """Every simple command of the script in the order of the text, those in `$(...)` included."""
    found = list(_Scanner(script).run())
    found.sort(key=lambda call: call.at)
    return tuple(found)


class _Scanner:
    """One pass over a script (or over the inside of one substitution of it)."""

    def __init__(self, text: str, start: int = 0, end: int | None = None, depth: int = 0) -> None:
        self.text = text
        self.at = start
        self.end = len(text) if end is None else end
        self.depth = self.outer = depth
        self.block = 0
        self.captured = depth > 0
        self.heredocs: list[tuple[str, bool]] = []
        self.inner: list[tuple[int, int]] = []
        self.pattern = False
        self.clear()

    def clear(self) -> None:
        self.words: list[str] = []
        self.assignments: list[str] = []
        self.redirections: list[tuple[str, str]] = []
        self.first = -1

    def run(self) -> Iterator[Call]:
        while self.at < self.end:
            if space := _SPACE.match(self.text, self.at, self.end):
                self.at = space.end()
            elif self.text[self.at] == "#":
                self.at = self._find("\n", self.at)
            elif redirection := _REDIRECTION.match(self.text, self.at, self.end):
                self._redirect(redirection)
            elif operator := _OPERATOR.match(self.text, self.at, self.end):
                yield from self._operator(operator)
            else:
                self._word()
        yield from self._finish("")
        for start, end in self.inner if self.depth < _DEEPEST else ():
            yield from _Scanner(self.text, start, end, self.depth + 1).run()

    def _find(self, what: str, start: int) -> int:
        place = self.text.find(what, start, self.end)
        return self.end if place < 0 else place

    def _finish(self, ends: str) -> Iterator[Call]:
        if (self.words or self.assignments) and not self.pattern:
            place = (max(self.depth, 0), self.block, self.captured)
            words, assignments = tuple(self.words), tuple(self.assignments)
            yield Call(words, assignments, tuple(self.redirections), self.first, ends, *place)
        self.clear()

    def _operator(self, operator: re.Match[str]) -> Iterator[Call]:
        if self._brackets():
            return
        self.at = operator.end()
        sign = operator[0]
        yield from self._finish(sign)
        if sign.startswith(";;"):
            self.pattern = True
        elif sign == ")" and self.pattern:
            self.pattern = False
        elif sign in "()" and not self.pattern:
            self.depth = max(self.outer, self.depth + (1 if sign == "(" else -1))
        elif sign == "\n":
            self._skip_heredocs()

    def _brackets(self) -> bool:
        """What looks like a subshell but is none: `f()`, `a=(1 2)`, `((i++))`."""
        if self.text[self.at] != "(":
            return False
        if not self.words and self.assignments and self.text[self.at - 1] == "=":
            end = min(bracket_end(self.text, self.at + 1, self.end) + 1, self.end)
            self.assignments[-1] += self.text[self.at : end]
        elif not self.words and self.text.startswith("((", self.at):
            end = min(self._find("))", self.at) + 2, self.end)
            self._take(self.text[self.at : end], self.at)
        elif len(self.words) in (1, 2) and (
            brackets := _FUNCTION_BRACKETS.match(self.text, self.at, self.end)
        ):
            end = brackets.end()
            if self.words[0] != "function":
                self.clear()
        else:
            return False
        self.at = end
        return True

    def _redirect(self, sign: re.Match[str]) -> None:
        self.at = sign.end()
        operator = sign[0].strip()
        start, end = self.at, self._word_end()
        target = self.text[start:end]
        self.redirections.append((operator, target))
        self.at = max(end, self.at)
        if operator in ("<<", "<<-"):
            self.heredocs.append((unquoted(target), operator == "<<-"))

    def _skip_heredocs(self) -> None:
        for delimiter, tabs in self.heredocs:
            while self.at < self.end:
                stop = self._find("\n", self.at)
                line = self.text[self.at : stop]
                self.at = min(stop + 1, self.end)
                if (line.lstrip("\t") if tabs else line) == delimiter:
                    break
        self.heredocs.clear()

    def _word(self) -> None:
        start = self.at
        if not self.words and self.text.startswith(("[[ ", "[[\n"), start):
            end = min(self._find("]]", start) + 2, self.end)
            self._substitutions(start, end)
        else:
            end = max(self._word_end(), start + 1)
        self.at = end
        self._take(self.text[start:end], start)

    def _take(self, word: str, start: int) -> None:
        if self.pattern and word != "esac":
            return
        if self.first < 0:
            self.first = start
        if not self.words and _ASSIGNMENT.match(word):
            self.assignments.append(word)
        elif not self.words and not self.assignments and self._keyword(word):
            self.first = -1
        else:
            self.words.append(word)
            self.pattern = self.words[0] == "case" and word == "in" and len(self.words) == 3
            if self.pattern:
                self.clear()

    def _keyword(self, word: str) -> bool:
        """Count what opens and closes a block; true where a command of its own follows."""
        if word in _OPENS:
            self.block += 1
        elif word in _CLOSES:
            self.block = max(0, self.block - 1)
            self.pattern = False
            return True
        return word in _LEADS

    def _word_end(self) -> int:
        place = self.at
        while place < self.end:
            if run := _CHARACTERS.match(self.text, place, self.end):
                place = run.end()
                continue
            after = self._special(place)
            if after == place:
                break
            place = after
        return min(place, self.end)

    def _special(self, place: int) -> int:
        """Behind the quote, escape or expansion that starts at `place`, else `place`."""
        text = self.text
        character = text[place]
        if character == "\\":
            return place + 2
        if character in "'`":
            return self._find(character, place + 1) + 1
        if character == '"':
            end = quote_end(text, place + 1, self.end)
            self._substitutions(place + 1, end)
            return end + 1
        if text.startswith(("$(", "<(", ">("), place):
            end = bracket_end(text, place + 2, self.end)
            if not text.startswith("$((", place):
                self.inner.append((place + 2, end))
            return end + 1
        if text.startswith("${", place):
            return self._find("}", place) + 1
        return place + 1 if character == "$" else place

    def _substitutions(self, start: int, end: int) -> None:
        """Note the `$(...)` inside a double-quoted part."""
        while (start := self.text.find("$(", start, end)) >= 0:
            close = bracket_end(self.text, start + 2, end)
            if not self.text.startswith("$((", start):
                self.inner.append((start + 2, close))
            start = close
