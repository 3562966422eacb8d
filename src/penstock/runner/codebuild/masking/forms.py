"""The spellings in which a secret turns up in a log: as it is, encoded, escaped, quoted (CB-016).

Only forms that are wholly determined by the secret: of base64 in the middle of other bytes that is
all but a partial character at either end.
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Iterator

SHORTEST = 4
"""Bytes a form needs to be masked. With fewer, `of`, `/` or `12` would vanish from every log, and
what is missing between the lines would tell the secret anyway."""

_PERCENT_SAFE = (  # what stays as it is beside ASCII letters and digits, and what a space becomes
    (b"-_.~", "%20"),  # RFC 3986: curl --data-urlencode, Python quote(safe="")
    (b"-_.~/", "%20"),  # Python quote
    (b"-_.~", "+"),  # Python quote_plus
    (b"-_.*", "+"),  # HTML forms: URLSearchParams, Java URLEncoder
    (b"-_.~!'()*", "%20"),  # JavaScript encodeURIComponent
    (b"-_.~!'()*;/?:@&=+$,#", "%20"),  # JavaScript encodeURI
)
_JSON = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_JSON_ESCAPED = ("", "<>&", "<>&'\"+`")  # beyond what JSON wants: most writers, Go, .NET
_SHELL = tuple(
    str.maketrans(table)
    for table in (
        {"'": "'\\''"},  # bash: set -x
        {"'": "'\"'\"'"},  # dash: set, export -p; Python: shlex.quote
        {c: "\\" + c for c in '"$`\\'},  # bash: export -p, declare -p
        {c: "\\" + c for c in " \t'\"\\|&;()<>!{}*[]?^$`,"},  # bash: printf %q
        {"'": "\\'", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\E"},  # $'...'
    )
)
_BASE64_LINES = (76, 64)  # where `base64` and `openssl base64` break lines
_HEX_LINE = 60  # where `xxd -p` does
_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def forms(secret: str) -> frozenset[bytes]:
    """Every form of `secret` to mask; empty if it is too short to be masked safely.

    White space around a secret is not secret (values read from files often end in a newline); each
    line of a multi-line one is, because terminals and loggers break and prefix lines.
    """
    secret = secret.strip()
    raw = _bytes(secret)
    if len(raw) < SHORTEST:
        return frozenset()
    found = {raw, *map(_bytes, _texts(secret)), *_encoded(raw)}
    return frozenset(form for form in found if len(form) >= SHORTEST)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _texts(secret: str) -> Iterator[str]:
    special = {c for c in secret if not (c.isascii() and c.isalnum())}
    if not special:
        return
    yield secret.replace("\n", "\r\n")  # as a terminal shows it
    yield from _json(secret, special)
    for part in (secret, *(line.strip() for line in secret.split("\n"))):
        yield part
        yield from (part.translate(table) for table in _SHELL)


def _json(secret: str, special: set[str]) -> Iterator[str]:
    for digits in ("{:04x}", "{:04X}"):
        for escaped in _JSON_ESCAPED:
            for highest in ("\x7e", "\U0010ffff"):  # non-ASCII text escaped too, or as it is
                table = {
                    ord(c): _json_escape(c, digits)
                    for c in special
                    if c < " " or c > highest or c in escaped
                }
                table |= {ord(c): _JSON[c] for c in special if c in _JSON and c not in escaped}
                yield secret.translate(table)
                yield secret.translate(table | {ord("/"): "\\/"})  # PHP
    yield repr(secret)[1:-1]  # Python's cousin of it


def _json_escape(c: str, digits: str) -> str:
    units = c.encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join("\\u" + digits.format(high << 8 | low) for high, low in pairs)


def _encoded(secret: bytes) -> Iterator[bytes]:
    for plain in _base64(secret):
        yield plain
        yield plain.translate(_URL_SAFE)
    for digits in (secret.hex().encode(), secret.hex().upper().encode()):
        yield digits
        yield from _lines(digits, _HEX_LINE)
    yield from _percent(secret)


def _base64(secret: bytes) -> Iterator[bytes]:
    """With 0, 1 and 2 bytes before the secret in its group of three; then a long one's lines."""
    for before in range(3):
        text = b2a_base64(bytes(before) + secret, newline=False)
        yield text[-(-8 * before // 6) : 8 * (before + len(secret)) // 6]
    whole = b2a_base64(secret, newline=False).rstrip(b"=")
    for width in _BASE64_LINES:
        yield from _lines(whole, width)


def _lines(text: bytes, width: int) -> Iterator[bytes]:
    if len(text) > width:
        yield from (text[at : at + width] for at in range(0, len(text), width))


def _percent(secret: bytes) -> Iterator[bytes]:
    special = {byte for byte in secret if not bytes((byte,)).isalnum()}
    if not special:
        return
    text = secret.decode("latin-1")
    for safe, space in _PERCENT_SAFE:
        for digits in ("%{:02X}", "%{:02x}"):
            table = {byte: digits.format(byte) for byte in special if byte not in safe}
            yield text.translate(table | {ord(" "): space}).encode()
