"""Java's regular expressions in Python's words (CP-071). Pure.

Most of both languages is the same, and the rest is translated. What is not known to mean the same
is refused, so that no rule passes for a wrong reason.
"""

from __future__ import annotations

import re

MOST = 2_000
"""Characters that an expression may have."""


class JavaRegexError(ValueError):
    """What is wrong with an expression, or not known here."""


def python_regex(text: str) -> str:
    """To be used with `re.ASCII`. Raises JavaRegexError."""
    if len(text) > MOST:
        raise JavaRegexError(f"the regular expression has more than {MOST} characters")
    return _Reader(text).read()


_LINE = r"\n\r\u0085\u2028\u2029"
_ESCAPES = {
    **{name: f"\\{name}" for name in "dDsSwWbBAntrf123456789"},
    "z": r"\Z",
    "Z": rf"(?=(?:\r\n|[{_LINE}])?\Z)",
    "e": r"\x1b",
    "a": r"\x07",
    "h": r"[ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000]",
    "v": r"[\n\x0B\f\r\u0085\u2028\u2029]",
    "R": rf"(?:\r\n|[{_LINE}\x0B\f])",
}
_IN_CLASS = {"h": _ESCAPES["h"][1:-1], "v": _ESCAPES["v"][1:-1]}
_NOT_IN_CLASS = "bBAzZR123456789"
_PROPERTIES = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": " -~",
    "Blank": r" \t",
    "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F",
    "Space": r" \t\n\x0B\f\r",
    "ASCII": r"\x00-\x7f",
}
_PROPERTY = re.compile(r"\{(?:Is)?([A-Za-z]+)\}")
_GROUP = re.compile(r"\?(?:<([A-Za-z][A-Za-z0-9]*)>|([:=!>]|<[=!])|([ims]*(?:-[ims]+)?)([:)]))")
_NUMBER = re.compile(r"x\{([0-9A-Fa-f]{1,6})\}|x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|0([0-7]{1,3})")
_REPETITION = re.compile(r"[0-9]{1,4}(?:,[0-9]{0,4})?\}")
_SETS = "dDsSwWhvp"
_BACK = re.compile(r"k<([A-Za-z][A-Za-z0-9]*)>")


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._place = 0

    def read(self) -> str:
        parts = []
        while self._place < len(self._text):
            parts.append(self._part())
        return "".join(parts)

    def _part(self) -> str:
        sign = self._take()
        if sign == "\\":
            return self._escape()
        if sign == "[":
            return self._class()
        if sign == "(":
            return self._group()
        if sign == ".":
            return f"[^{_LINE}]"
        if sign == "$":
            return _ESCAPES["Z"]
        if sign == "{":
            return "{" + self._repetition()
        return sign

    def _repetition(self) -> str:
        found = self._match(_REPETITION)
        if found is None:
            raise self._wrong("{ begins a repetition such as {2,3}")
        return found[0]

    def _group(self) -> str:
        if self._peek() != "?":
            return "("
        found = self._match(_GROUP)
        if found is None:
            raise self._wrong("this kind of group is not known")
        name, kind, flags, end = found.groups()
        if name:
            return f"(?P<{name}>"
        if kind:
            return f"(?{kind}"
        if "s" in flags or "m" in flags:  # they change what is translated here
            raise self._wrong("of flags only i is known")
        if end == ":":
            return f"(?{flags}:"
        if self._place != len(flags) + 3 or flags != "i":
            raise self._wrong("flags come first, or belong to a group")
        return "(?i)"

    def _escape(self) -> str:
        if found := self._match(_NUMBER):
            return re.escape(self._numbered(found))
        if found := self._match(_BACK):
            return f"(?P={found[1]})"
        sign = self._take()
        if sign == "Q":
            return re.escape(self._quoted())
        if sign in "pP":
            return f"[{'^' if sign == 'P' else ''}{self._property()}]"
        if sign in "HV":
            return f"[^{_IN_CLASS[sign.lower()]}]"
        if sign.isdecimal() and self._peek().isdecimal():
            raise self._wrong("of groups, those with one digit are known")
        if sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign.isascii() and sign.isalnum():
            raise self._wrong(f"\\{sign} is not known")
        return re.escape(sign)

    def _class(self) -> str:
        parts = ["[^" if self._skip("^") else "["]
        if self._peek() == "]":
            raise self._wrong("a class begins with ]")
        while (sign := self._take()) != "]":
            if sign == "[" or (sign == "&" and self._peek() == "&"):
                raise self._wrong("classes within classes are not known")
            if sign != "\\":
                parts.append(_literal(sign))
                continue
            is_set = self._peek() in _SETS
            parts.append(self._member())
            if is_set and self._skip("-"):
                parts.append(r"\-")
        return "".join([*parts, "]"])

    def _member(self) -> str:
        if found := self._match(_NUMBER):
            return _literal(self._numbered(found))
        sign = self._take()
        if sign == "Q":
            return "".join(_quoted_member(one) for one in self._quoted())
        if sign == "p":
            return self._property()
        if sign in _IN_CLASS:
            return _IN_CLASS[sign]
        if sign in _NOT_IN_CLASS or (sign.isalnum() and sign not in _ESCAPES):
            raise self._wrong(f"\\{sign} is not known in a class")
        return _ESCAPES.get(sign) or f"\\{sign}"

    def _numbered(self, found: re.Match[str]) -> str:
        digits = found[1] or found[2] or found[3]
        number = int(digits, 16) if digits else int(found[4], 8)
        if number > 0x10FFFF:
            raise self._wrong("there is no such character")
        return chr(number)

    def _property(self) -> str:
        found = self._match(_PROPERTY)
        if found is None or found[1] not in _PROPERTIES:
            raise self._wrong("this property of characters is not known")
        return _PROPERTIES[found[1]]

    def _quoted(self) -> str:
        end = self._text.find("\\E", self._place)
        quoted = self._text[self._place : None if end < 0 else end]
        self._place = len(self._text) if end < 0 else end + 2
        return quoted

    def _take(self) -> str:
        if self._place >= len(self._text):
            raise self._wrong("it ends too early")
        self._place += 1
        return self._text[self._place - 1]

    def _peek(self) -> str:
        return self._text[self._place : self._place + 1]

    def _skip(self, sign: str) -> bool:
        if self._peek() != sign:
            return False
        self._place += 1
        return True

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._place)
        if found:
            self._place = found.end()
        return found

    def _wrong(self, why: str) -> JavaRegexError:
        return JavaRegexError(f"the regular expression at character {self._place}: {why}")


def _literal(sign: str) -> str:
    """A character of a class; some that Python may come to mean something by stand alone."""
    return f"\\{sign}" if sign in "&~|[\\]^" else sign


def _quoted_member(sign: str) -> str:
    return f"\\{sign}" if sign in "&~|[\\]^-" else sign
