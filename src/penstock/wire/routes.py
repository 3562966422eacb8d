"""Which operation of a REST service a method and a path ask for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from botocore.model import OperationModel, ServiceModel

from penstock.wire.request import Head, unquote_path

_PLACE = re.compile(r"\{([^}+]+)(\+?)\}")
# Of directory buckets, which are another kind of bucket at another address.
_NEVER = {"s3": {"ListDirectoryBuckets"}}
_ID = "x-id"  # what some SDKs add to say the operation; it is no part of the address


class Route(NamedTuple):
    """An address of the model: `query` are the keys it needs, with their values where it names
    them, `headers` the ones it needs."""

    operation: str
    pattern: re.Pattern[str]
    labels: tuple[str, ...]
    query: Mapping[str, str]
    headers: frozenset[str]
    rank: tuple[int, ...]

    def fits(self, head: Head) -> bool:
        if self.query:
            query = head.query
            for key, value in self.query.items():
                if key not in query or (value and query[key] != value):
                    return False
        return not self.headers or self.headers <= head.headers.keys()


class Match(NamedTuple):
    operation: str
    labels: Mapping[str, str]


class Routes:
    """The addresses of one service, the most specific first."""

    def __init__(self, model: ServiceModel) -> None:
        never = _NEVER.get(model.service_name, set())
        by_method = defaultdict(list)
        for name in model.operation_names:
            operation = model.operation_model(name)
            if name not in never:
                by_method[operation.http["method"]].append(_route(operation))
        self._by_method = {
            method: sorted(routes, key=lambda route: route.rank)
            for method, routes in by_method.items()
        }
        self._without_query = {
            method: [route for route in routes if not route.query]
            for method, routes in self._by_method.items()
        }

    def find(self, head: Head, path: str) -> Match | None:
        """`path` is still quoted. Raises AwsError for one that is not UTF-8."""
        texts = path.rstrip("/") or "/", path
        routes = self._by_method if head.query else self._without_query
        for route in routes.get(head.method, ()):
            if not route.fits(head):
                continue
            # A slash at the end belongs to a key, and means nothing elsewhere.
            greedy = bool(route.labels) and route.labels[-1].endswith("+")
            found = route.pattern.fullmatch(texts[greedy])
            if found:
                values = map(unquote_path, found.groups())
                names = (label.rstrip("+") for label in route.labels)
                return Match(route.operation, dict(zip(names, values, strict=True)))
        return None


def _route(operation: OperationModel) -> Route:
    path, _, query_text = operation.http["requestUri"].partition("?")
    query = dict(parse_qsl(query_text, keep_blank_values=True))
    query.pop(_ID, None)
    literal = len(query)
    headers = set()
    shape = operation.input_shape
    for name in shape.required_members if shape else ():
        traits = shape.members[name].serialization
        if traits.get("location") == "querystring":
            query.setdefault(traits.get("name", name), "")
        elif traits.get("location") == "header":
            headers.add(traits.get("name", name).lower())
    text = path.rstrip("/") or "/"
    places = _PLACE.findall(text)
    fixed = len(_PLACE.sub("", text))
    rank = (-text.count("/"), -fixed, -literal, -len(query), -len(headers), operation.deprecated)
    return Route(
        operation.name,
        re.compile(_pattern(text)),
        tuple(name + plus for name, plus in places),
        query,
        frozenset(headers),
        rank,
    )


def _pattern(path: str) -> str:
    """`/{Bucket}/{Key+}` as a regular expression."""
    parts = []
    end = 0
    for place in _PLACE.finditer(path):
        parts.append(re.escape(path[end : place.start()]))
        parts.append("(.+)" if place[2] else "([^/]+)")
        end = place.end()
    return "".join(parts) + re.escape(path[end:])
