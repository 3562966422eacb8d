"""What AWS's own model of a service demands of a document: types, lengths, words, patterns.

The model is read as the file that botocore ships, without botocore, which takes five times as long
to import. All findings are told, in AWS's words, each with its path; what is wrong is put right as
well as it can be (a wrong type becomes an empty value), so that who reads on need not look again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

Path = tuple[str | int, ...]
"""Members, keys and numbers (from 0) that lead to a value."""

AMENDED: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "codepipeline": {"ActionConfigurationValue": {"max": 50_000}}  # CP-013
}
"""Where AWS itself takes more than its model says: by service and shape."""

_EMPTY: Mapping[str, Callable[[], Any]] = {"structure": dict, "list": list, "map": dict}
_SHOWN = 1024  # characters of a value that a message repeats

Shape = Mapping[str, Any]


class Finding(NamedTuple):
    path: Path
    message: str


def check_shape(service: str, shape: str, value: Any, root: str = "") -> tuple[Any, list[Finding]]:
    """`value` put right, without members the model lacks, and what was wrong with it.

    `root` is what messages call the value itself: `pipeline`, or nothing for a whole request.
    """
    walk = _Walk(shapes_of(service), root)
    return walk.of(shape, value, ()), walk.found


@cache
def shapes_of(service: str) -> Mapping[str, Shape]:
    """The shapes of a service's newest model. Raises FileNotFoundError for an unknown service."""
    import gzip
    import json
    from importlib.util import find_spec
    from pathlib import Path as File

    spec = find_spec("botocore")  # which is not imported for this
    if spec is None or spec.origin is None:
        raise FileNotFoundError("botocore, whose models say what AWS takes, is not installed")
    versions = sorted((File(spec.origin).parent / "data" / service).glob("*/service-2.json.gz"))
    if not versions:
        raise FileNotFoundError(f"botocore has no model of {service}")
    with gzip.open(versions[-1], "rb") as file:
        shapes: dict[str, Shape] = json.load(file)["shapes"]
    amended = AMENDED.get(service, {})
    return {name: {**shape, **amended.get(name, {})} for name, shape in shapes.items()}


class _Walk:
    def __init__(self, shapes: Mapping[str, Shape], root: str) -> None:
        self._shapes = shapes
        self._root = root
        self.found: list[Finding] = []

    def of(self, name: str, value: Any, path: Path) -> Any:
        shape = self._shapes[name]
        kind = shape["type"]
        known: Callable[[Shape, Any, Path], Any] | None = getattr(self, f"_{kind}", None)
        return value if known is None else known(shape, value, path)

    def _structure(self, shape: Shape, value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self._tell(path, "Member must be an object")
            return {}
        members, required = shape["members"], shape.get("required", ())
        for name in required:
            if value.get(name) is None:
                self._tell((*path, name), "Member must not be null", " null")
        cleaned = {}
        for name, member in members.items():
            if (given := value.get(name)) is None:
                continue
            fits = self.of(member["shape"], given, (*path, name))
            if name in required or self._is_word(member["shape"], fits):
                cleaned[name] = fits
        return cleaned

    def _list(self, shape: Shape, value: Any, path: Path) -> list[Any]:
        if not isinstance(value, list | tuple):
            self._tell(path, "Member must be a list")
            return []
        self._check_size(shape, len(value), path)
        return [
            self._item(shape["member"]["shape"], item, (*path, i)) for i, item in enumerate(value)
        ]

    def _item(self, name: str, value: Any, path: Path) -> Any:
        if value is None:
            self._tell(path, "Member must not be null", " null")
            return _EMPTY.get(self._shapes[name]["type"], str)()
        return self.of(name, value, path)

    def _map(self, shape: Shape, value: Any, path: Path) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            self._tell(path, "Member must be an object")
            return {}
        self._check_size(shape, len(value), path)
        key_shape, value_shape = (self._shapes[shape[part]["shape"]] for part in ("key", "value"))
        for key in value:
            if any(_broken(key_shape, str(key))):
                constraint = f"Map keys must satisfy constraint: [{_all(key_shape)}]"
                self._tell(path, constraint, _quoted(str(key)))
        return {
            str(key): self._map_value(shape["value"]["shape"], value_shape, item, (*path, str(key)))
            for key, item in value.items()
        }

    def _map_value(self, name: str, shape: Shape, value: Any, path: Path) -> Any:
        if shape["type"] != "string":
            return self._item(name, value, path)
        text = _text(value)
        if text is None:
            self._tell(path, "Member must be a string")
        elif any(_broken(shape, text)):
            # The value is not repeated: it may be a secret.
            constraint = f"Map value must satisfy constraint: [{_all(shape)}]"
            self.found.append(Finding(path, _failed(self._place(path[:-1]), constraint)))
        return text or ""

    def _string(self, shape: Shape, value: Any, path: Path) -> str:
        text = _text(value)
        if text is None:
            self._tell(path, "Member must be a string")
            return ""
        for constraint in _broken(shape, text):
            self._tell(path, constraint, _quoted(text))
        return text

    def _integer(self, shape: Shape, value: Any, path: Path) -> int:
        number = _number(value)
        if number is None:
            self._tell(path, "Member must be a whole number", _quoted(_text(value)))
            return int(shape.get("min", 0))
        for constraint in _sized(shape, number, "value"):
            self._tell(path, constraint, _quoted(str(number)))
        return number

    def _boolean(self, shape: Shape, value: Any, path: Path) -> bool:
        if value not in (True, False, "true", "false"):
            self._tell(path, "Member must be true or false", _quoted(_text(value)))
        return value in (True, "true")

    def _is_word(self, name: str, value: Any) -> bool:
        """False for a word that the model's enum lacks: what is optional goes without."""
        words = self._shapes[name].get("enum")
        return not words or value in words

    def _check_size(self, shape: Shape, size: int, path: Path) -> None:
        for constraint in _sized(shape, size, "length"):
            self._tell(path, constraint)

    def _tell(self, path: Path, constraint: str, shown: str = "") -> None:
        self.found.append(Finding(path, _failed(self._place(path), constraint, shown)))

    def _place(self, path: Path) -> str:
        parts = (f"{part + 1}.member" if isinstance(part, int) else part for part in path)
        return ".".join(filter(None, (self._root, *parts)))


def _failed(place: str, constraint: str, shown: str = "") -> str:
    return f"Value{shown} at '{place}' failed to satisfy constraint: {constraint}"


def _quoted(text: str | None) -> str:
    return "" if text is None else f" '{text[:_SHOWN]}'"


def _broken(shape: Shape, text: str) -> Iterator[str]:
    """The constraints a text does not meet."""
    yield from _sized(shape, len(text), "length")
    if "enum" in shape and text not in shape["enum"]:
        yield _enum(shape)
    if "pattern" in shape and not _pattern(shape["pattern"]).fullmatch(text):
        yield _matching(shape)


def _all(shape: Shape) -> str:
    """All constraints of a text, as AWS lists them for keys and values of maps."""
    told = []
    if "max" in shape:
        told.append(f"Member must have length less than or equal to {shape['max']}")
    if "min" in shape:
        told.append(f"Member must have length greater than or equal to {shape['min']}")
    if "pattern" in shape:
        told.append(_matching(shape))
    return ", ".join(told)


def _sized(shape: Shape, size: int, what: str) -> Iterator[str]:
    if size < shape.get("min", size):
        yield f"Member must have {what} greater than or equal to {shape['min']}"
    if size > shape.get("max", size):
        yield f"Member must have {what} less than or equal to {shape['max']}"


def _enum(shape: Shape) -> str:
    return f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]"


def _matching(shape: Shape) -> str:
    return f"Member must satisfy regular expression pattern: {shape['pattern']}"


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.ASCII)


def _text(value: Any) -> str | None:
    """A scalar as CloudFormation reads it, where YAML has made a number of `1`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if _is_small(value) else None
    return str(value) if isinstance(value, str | float) else None


def _number(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if _is_small(value) else None
    if isinstance(value, str) and len(value) <= 9 and value.isascii() and value.isdigit():
        return int(value)
    return None


def _is_small(number: int) -> bool:
    """Python refuses to write larger ones down."""
    return number.bit_length() <= 64
