"""The tests in a pattern's arrays that are objects: {"prefix": …} and its like (TG-092)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address, ip_address

from penstock.documents.event_patterns import (
    Addresses,
    AnythingBut,
    Exists,
    IgnoringCase,
    Number,
    PatternError,
    Prefix,
    Range,
    Suffix,
    Test,
    Text,
    Wildcard,
)
from penstock.documents.event_patterns.tokens import Token, Tokens

_ONE_KEY = "Only one key allowed in match expression"
_TOO_MANY = "Too many elements in numeric expression"
_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|[0-9a-fA-F:]*:[0-9a-fA-F:]*")


def read_expression(tokens: Tokens) -> Test:
    """What follows an opening brace, which is the latest token. Raises PatternError."""
    name = tokens.next()
    if name.kind != "name":
        raise tokens.error("Match expression name not found")
    reader = _READERS.get(str(name.value))
    if reader is None:
        raise tokens.error(f"Unrecognized match type {name.value}")
    return reader(tokens)


def literal_address(text: str) -> Addresses | None:
    """A text that is an IP address stands for it in whichever way an event writes it."""
    if not _ADDRESS.fullmatch(text):
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return Addresses(address.version, int(address), int(address))


def _text(tokens: Tokens, name: str) -> str:
    token = tokens.next()
    if token.kind != "string":
        raise tokens.error(f"{name} match pattern must be a string")
    return str(token.value)


def _end(tokens: Tokens, message: str = _ONE_KEY) -> None:
    if tokens.next().kind != "}":
        raise tokens.error(message)


def _exactly(tokens: Tokens) -> Test:
    test = Text(_text(tokens, "exact"))
    _end(tokens)
    return test


def _ignoring_case(tokens: Tokens) -> Test:
    test = IgnoringCase(_text(tokens, "equals-ignore-case").lower())
    _end(tokens)
    return test


def _affix(kind: type[Prefix] | type[Suffix], name: str) -> Callable[[Tokens], Test]:
    def read(tokens: Tokens) -> Test:
        token = tokens.next()
        if token.kind == "{":
            test = kind(_affix_ignoring_case(tokens, name), ignoring_case=True)
            _end(tokens)
        elif token.kind == "string":
            test = kind(str(token.value))
        else:
            raise tokens.error(f"{name} match pattern must be a string")
        _end(tokens)
        return test

    return read


def _affix_ignoring_case(tokens: Tokens, name: str) -> str:
    inner = tokens.next()
    if inner.kind != "name":
        raise tokens.error(f"{name.capitalize()} expression name not found")
    if inner.value != "equals-ignore-case":
        raise tokens.error(f"Unsupported {name} pattern: {inner.value}")
    return _text(tokens, "equals-ignore-case").lower()


def _wildcard(tokens: Tokens) -> Test:
    test = _stars(tokens, _text(tokens, "wildcard"))
    _end(tokens)
    return test


def _stars(tokens: Tokens, text: str, times: int = 1) -> Wildcard:
    """`*` is any text, `\\*` and `\\\\` are themselves. Places count bytes, and the quote."""
    parts, part, place = [], "", 0
    while place < len(text):
        here, ahead = text[place], text[place + 1 : place + 2]
        at = 1 + len(text[:place].encode("utf-8", "surrogatepass"))
        if here == "\\" and ahead not in ("*", "\\"):
            message = f"Invalid escape character at pos {at}"
            raise tokens.error(message, looked_at=True, times=times)
        if here == "*" and ahead == "*":
            message = f"Consecutive wildcard characters at pos {at}"
            raise tokens.error(message, looked_at=True, times=times)
        if here == "*":
            parts.append(part)
            part = ""
        else:
            part += ahead if here == "\\" else here
        place += 2 if here == "\\" else 1
    return Wildcard((*parts, part))


def _exists(tokens: Tokens) -> Test:
    token = tokens.next()
    if token.kind != "word" or token.value is None:
        raise tokens.error("exists match pattern must be either true or false.")
    _end(tokens)
    return Exists(bool(token.value))


def _cidr(tokens: Tokens) -> Test:
    token = tokens.next()
    if token.kind != "string":
        raise tokens.error("prefix match pattern must be a string")
    test = _network(str(token.value))
    _end(tokens)
    return test


def _network(text: str) -> Addresses:
    base, slash, mask = text.partition("/")
    if not slash or not mask or "/" in mask:
        raise PatternError("Malformed CIDR, one '/' required")
    if not re.fullmatch(r"[-+]?[0-9]+", mask):
        raise PatternError("Malformed CIDR, mask bits must be an integer")
    if int(mask) < 0:
        raise PatternError("Malformed CIDR, mask bits must not be negative")
    address = _address(base)
    if int(mask) >= address.max_prefixlen:
        raise PatternError(f"IPv{address.version} mask bits must be < {address.max_prefixlen}")
    host = (1 << (address.max_prefixlen - int(mask))) - 1
    return Addresses(address.version, int(address) & ~host, int(address) | host)


def _address(text: str) -> IPv4Address | IPv6Address:
    if not _ADDRESS.fullmatch(text):
        raise PatternError(f"Nonstandard IP address: {text}")
    try:
        return ip_address(text)
    except ValueError:
        raise PatternError(f"Invalid IP address: {text}") from None


def _numeric(tokens: Tokens) -> Test:
    if tokens.next().kind != "[":
        raise tokens.error("Value of numeric must be an array.")
    operator = tokens.next()
    if operator.kind != "string":
        raise tokens.error(f"Invalid member in numeric match: {_shown(operator)}")
    if operator.value not in ("=", "<", "<=", ">", ">="):
        message = f"Unrecognized numeric range operator: {operator.value}"
        raise tokens.error(message, looked_at=True)
    number = _number(tokens, "equals" if operator.value == "=" else str(operator.value))
    test = _numbers(tokens, str(operator.value), number)
    _end(tokens, _TOO_MANY)
    return test


def _numbers(tokens: Tokens, operator: str, number: float) -> Number | Range:
    end = tokens.next()
    if operator.startswith(">") and end.kind != "]":
        return _between(tokens, operator == ">=", number)
    if end.kind != "]":
        raise tokens.error(_TOO_MANY)
    if operator == "=":
        return Number(number)
    if operator.startswith(">"):
        return Range(low=number, low_closed=operator == ">=")
    return Range(high=number, high_closed=operator == "<=")


def _between(tokens: Tokens, closed: bool, low: float) -> Range:
    """The latest token is what follows the first number."""
    operator = tokens.last
    if operator.kind != "string":
        raise tokens.error(f"Bad value in numeric range: {_shown(operator)}")
    if operator.value not in ("<", "<="):
        message = f"Bad numeric range operator: {operator.value}"
        raise tokens.error(message, looked_at=True)
    high = _number(tokens, str(operator.value))
    if tokens.next().kind != "]":
        raise tokens.error("Too many terms in numeric range expression")
    if low >= high:
        raise PatternError("Bottom must be less than top")
    return Range(low, closed, high, operator.value == "<=")


def _number(tokens: Tokens, operator: str) -> float:
    token = tokens.next()
    if token.kind != "number":
        raise tokens.error(f"Value of {operator} must be numeric")
    return _comparable(tokens, token)


def _comparable(tokens: Tokens, token: Token) -> float:
    """A number as far as it is one of 64 bits, as AWS has them."""
    text = str(token.value)
    number = float(text)
    if abs(number) == float("inf") or Decimal(repr(number)) != Decimal(text):
        raise tokens.error(f"Cannot compare number : {text}")
    return number


def _anything_but(tokens: Tokens) -> Test:
    token, kind = tokens.next(), ""
    if token.kind == "{":
        kind = _excluded_kind(tokens)
        token = tokens.next()
    if token.kind not in ("[", "string", "number"):
        raise tokens.error("Value of anything-but must be an array or single string/number value.")
    found = tuple(_excluded_items(tokens, kind, times=2) if token.kind == "[" else
                  (_excluded(tokens, token, kind, times=1),))  # fmt: skip
    if not kind and len({type(test) for test in found}) != 1:
        raise tokens.error(
            "Inside anything but list, either all values are number or string, mixed type is not"
            " supported"
        )
    for _ in range(2 if kind else 1):
        _end(tokens, _TOO_MANY)
    return AnythingBut(found)


def _excluded_kind(tokens: Tokens) -> str:
    name = tokens.next()
    if name.kind != "name":
        raise tokens.error("Anything-But expression name not found")
    if name.value not in ("equals-ignore-case", "prefix", "suffix", "wildcard"):
        raise tokens.error(f"Unsupported anything-but pattern: {name.value}")
    return str(name.value)


def _excluded_items(tokens: Tokens, kind: str, times: int) -> Iterator[Test]:
    while (token := tokens.next()).kind != "]":
        yield _excluded(tokens, token, kind, times)


def _excluded(tokens: Tokens, token: Token, kind: str, times: int) -> Test:
    """One of what anything-but excludes: by the `kind` of test, or by itself where that is ""."""
    if not kind and token.kind == "number":
        return Number(_comparable(tokens, token))
    if token.kind != "string":
        raise tokens.error(_NOT_EXCLUDED[kind], times=times)
    text = str(token.value)
    if kind in ("prefix", "suffix") and not text:
        raise tokens.error("Null prefix/suffix not allowed", looked_at=True, times=times)
    match kind:
        case "prefix":
            return Prefix(text)
        case "suffix":
            return Suffix(text)
        case "wildcard":
            return _stars(tokens, text)
        case "equals-ignore-case":
            return IgnoringCase(text.lower())
    return Text(text)


def _shown(token: Token) -> str:
    words = {True: "true", False: "false", None: token.kind if token.kind != "word" else "null"}
    return token.value if isinstance(token.value, str) else words[token.value]


_NOT_EXCLUDED = {
    "": "Inside anything but list, start|null|boolean is not supported.",
    "prefix": "prefix/suffix match pattern must be a string",
    "suffix": "prefix/suffix match pattern must be a string",
    "wildcard": "wildcard match pattern must be a string",
    "equals-ignore-case": (
        "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    ),
}
_READERS: dict[str, Callable[[Tokens], Test]] = {
    "exactly": _exactly,
    "prefix": _affix(Prefix, "prefix"),
    "suffix": _affix(Suffix, "suffix"),
    "equals-ignore-case": _ignoring_case,
    "wildcard": _wildcard,
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
    "exists": _exists,
}
