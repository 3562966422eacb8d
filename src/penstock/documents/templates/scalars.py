"""What an unquoted YAML text means to CloudFormation, and how it writes numbers as texts.

CloudFormation reads YAML 1.1: `yes`, `no`, `on` and `off` are booleans (an unquoted `YES` as a
tag's value arrives as "true"), `0755` is octal, and digits that begin with a zero and cannot be
octal are a decimal fraction (the account 012345678901 arrives as 1.2345678901E10). Dates stay
texts. So do infinities and numbers too long to be any: JSON has no such values.
"""

from __future__ import annotations

import re
from decimal import Decimal

_WORDS = {
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
}
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*)")
_FRACTION = re.compile(
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|0[0-9_]*[89][0-9_]*)"
)
_BASED = re.compile(r"([-+]?)0(?:b([01][01_]*)|x([0-9a-fA-F][0-9a-fA-F_]*)|([0-7_]+))")
_SIXTIES = re.compile(r"[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+")
_BEGINNINGS = frozenset("0123456789+-.")
LONGEST = 64
"""Characters of a number. Longer ones are texts, as no property takes them for anything else."""

Plain = str | int | float | bool | None


def meaning(text: str) -> Plain:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINNINGS or len(text) > LONGEST:
        return text
    return number(text)


def number(text: str) -> str | int | float:
    """The number that the text is in YAML 1.1, or else the text."""
    if _INTEGER.fullmatch(text):
        return int(text.replace("_", ""))
    if _FRACTION.fullmatch(text):
        value = float(text.replace("_", ""))
        return text if value in (float("inf"), float("-inf")) else value
    based = _BASED.fullmatch(text)
    if based:
        return _based(based)
    if _SIXTIES.fullmatch(text):
        return _sixties(text.replace("_", ""))
    return text


def written(value: float) -> str:
    """A number as CloudFormation writes it into a text: 1, 1.5, 1.2345678901E10."""
    if isinstance(value, int) or value == 0 or 1e-3 <= abs(value) < 1e7:
        return str(value)
    digits, _, exponent = f"{Decimal(repr(value)).normalize():E}".partition("E")
    return f"{digits if '.' in digits else digits + '.0'}E{int(exponent)}"


def _based(found: re.Match[str]) -> str | int:
    sign, binary, hexadecimal, octal = found.groups()
    digits, base = (binary, 2) if binary else (hexadecimal, 16) if hexadecimal else (octal, 8)
    digits = digits.replace("_", "")
    return int(f"{sign}{digits}", base) if digits else found[0]


def _sixties(text: str) -> int:
    value = 0
    for part in text.lstrip("+-").split(":"):
        value = value * 60 + int(part)
    return -value if text.startswith("-") else value
