"""Reads dotenv text: `KEY=value` lines, with the quotes of a shell and none of its expansions."""

from __future__ import annotations

import re

from penstock.runner.codebuild.secrets import SecretsError

# Keys may be names of parameters and secrets, ARNs, and those with `:json-key` behind them.
_KEY = re.compile(r"[ \t]*(?:export[ \t]+)?([\w./+@:-]+)[ \t]*=")
_BLANK = re.compile(r"[ \t]*(?:#.*)?\n")
_COMMENT = re.compile(r"[ \t]#.*")
_QUOTED = re.compile(r"""[ \t]*(?:'([^']*)'|"((?:[^"\\]|\\.)*)")""", re.DOTALL)
_OPENED = re.compile(r"""[ \t]*['"]""")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "\\": "\\", '"': '"', "$": "$", "`": "`", "\n": ""}


def parse(text: str, file: str) -> dict[str, str]:
    """The values by key. Raises SecretsError, naming a line but never quoting what stands on it.

    `$` and `` ` `` are literal everywhere, as passwords hold them. Both kinds of quotes may span
    lines; in double quotes `\\n \\r \\t \\\\ \\" \\$` are escapes and other backslashes literal.
    """
    text += "\n"
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        if blank:
            at = blank.end()
            continue
        key = _KEY.match(text, at)
        if not key:
            raise _error(file, text, at, "expected KEY=value; quote a value of several lines")
        if key[1] in values:
            raise _error(file, text, at, f"{key[1]} is given a second time; remove one of them")
        values[key[1]], at = _value(text, key.end(), file)
    return values


def _value(text: str, at: int, file: str) -> tuple[str, int]:
    """The value behind the `=` before `at`, and where the next line starts."""
    quoted = _QUOTED.match(text, at)
    if quoted:
        rest = _BLANK.match(text, quoted.end())
        if not rest:
            raise _error(file, text, quoted.end(), "text follows the closing quote; escape it")
        single, double = quoted.groups()
        return single if double is None else _ESCAPE.sub(_unescape, double), rest.end()
    if _OPENED.match(text, at):
        raise _error(file, text, at, "the quote that opens here is never closed")
    end = text.index("\n", at)
    return _COMMENT.sub("", text[at:end]).strip(), end + 1


def _unescape(escape: re.Match[str]) -> str:
    return _ESCAPED.get(escape[1], escape[0])


def _error(file: str, text: str, at: int, what: str) -> SecretsError:
    line = text.count("\n", 0, at) + 1
    return SecretsError(f"{file}:{line}: {what}")
