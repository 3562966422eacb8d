"""The head of a request: what is known before its body is read."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_to_bytes

from penstock.errors import AwsError
from penstock.wire.elsewhere import Scope


class Head:
    """Method, path, query and headers; names of headers in lower case.

    `path` is as it came, percent signs and all. Values of a header that came several times are
    joined by commas. `query` has the first value of each key, `pairs` all of them in order.
    `with_nul` says whether a quoted NUL character is in path or query.
    """

    __slots__ = ("headers", "method", "pairs", "path", "peer", "query", "scheme", "with_nul")

    def __init__(self, scope: Scope, limit: int = 16384) -> None:
        self.method: str = scope["method"]
        self.scheme: str = scope.get("scheme", "http")
        self.peer: str = (scope.get("client") or ("", 0))[0]
        self.path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1") or "/"
        raw_query: bytes = scope["query_string"]
        self.headers = _read_headers(scope, limit - len(self.path) - len(raw_query))
        self.pairs = read_pairs(raw_query) if raw_query else []
        self.query = dict(reversed(self.pairs))
        self.with_nul = "%00" in self.path or b"%00" in raw_query

    @property
    def host(self) -> str:
        return self.headers.get("host", "")


def read_pairs(data: bytes) -> list[tuple[str, str]]:
    """The pairs of a query string or a form. Raises AwsError."""
    try:
        text = data.decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=100_000)
    except ValueError:
        raise AwsError("MalformedQueryString", "The query string is malformed.") from None


def unquote_path(text: str) -> str:
    """Raises AwsError, as S3 does where a path is not UTF-8."""
    try:
        return unquote_to_bytes(text.encode("latin-1")).decode()
    except UnicodeDecodeError:
        raise AwsError("InvalidURI", "Couldn't parse the specified URI.") from None


def _read_headers(scope: Scope, limit: int) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        limit -= len(raw_name) + len(raw_value) + 4
        name = raw_name.decode("latin-1")
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        found[name] = f"{found[name]},{value}" if name in found else value
    if limit < 0:
        raise AwsError(
            "RequestHeaderSectionTooLarge",
            "Your request header section exceeds the maximum allowed size.",
        )
    return found
