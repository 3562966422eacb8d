"""Values of a template as far as the template itself tells them, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from penstock.documents.templates import Path
from penstock.documents.templates.references import Variable, parse_sub, sub_of
from penstock.lint.templates.symbols import Symbols, named

_NOTHING = object()
_DEPTH = 60


class Evaluated(NamedTuple):
    """`origins` lead from the paths of the value to those of the template."""

    value: Any
    origins: Mapping[Path, Path]


def evaluate(value: Any, origin: Path, symbols: Symbols, truth: Mapping[str, bool]) -> Evaluated:
    """`value` with its conditions decided, its texts put together, and marks for what remains."""
    walk = _Walk(symbols, truth)
    made = walk.of(value, (), origin)
    return Evaluated({} if made is _NOTHING else made, walk.origins)


class _Walk:
    def __init__(self, symbols: Symbols, truth: Mapping[str, bool]) -> None:
        self._symbols = symbols
        self._truth = truth
        self.origins: dict[Path, Path] = {}

    def of(self, value: Any, at: Path, origin: Path) -> Any:
        self.origins[at] = origin
        if isinstance(value, dict):
            if len(value) == 1:
                ((key, given),) = value.items()
                if key in ("Ref", "Condition") and isinstance(given, str):
                    return self._ref(value, given)
                if isinstance(key, str) and key.startswith("Fn::"):
                    return self._function(key, given, value, at, origin)
            pairs = ((key, self.of(one, (*at, key), (*origin, key))) for key, one in value.items())
            return {key: one for key, one in pairs if one is not _NOTHING}
        if isinstance(value, list):
            return self._list(value, at, origin)
        return value

    def _list(self, values: list[Any], at: Path, origin: Path) -> list[Any]:
        made: list[Any] = []
        for i, one in enumerate(values):
            # What is left out makes room: the next one overwrites its places.
            result = self.of(one, (*at, len(made)), (*origin, i))
            if result is not _NOTHING:
                made.append(result)
        return made

    def _ref(self, value: dict[str, Any], name: str) -> Any:
        if name == "AWS::NoValue" and "Ref" in value:
            return _NOTHING
        return self._symbols.mark(value)

    def _function(self, key: str, given: Any, value: dict[str, Any], at: Path, origin: Path) -> Any:
        if len(origin) > _DEPTH:
            return self._symbols.mark(value)
        inner = (*origin, key)
        if key == "Fn::If" and isinstance(given, list) and len(given) == 3:
            chosen = 1 if self._truth.get(str(given[0]), True) else 2
            return self.of(given[chosen], at, (*inner, chosen))
        made = None
        if key == "Fn::Sub":
            made = self._sub(given, at, inner)
        elif key == "Fn::Join" and isinstance(given, list) and len(given) == 2:
            made = self._join(given[0], given[1], at, inner)
        elif key == "Fn::ToJsonString":
            made = self._json(given, at, inner)
        elif key == "Fn::GetAtt" and isinstance(given, str):
            made = self._symbols.mark(named(given))
        self.origins[at] = origin
        return self._symbols.mark(value) if made is None else made

    def _sub(self, given: Any, at: Path, origin: Path) -> str | None:
        found = sub_of(given)
        if found is None:
            return None
        text, own = found
        made = ""
        for part in parse_sub(text):
            if not isinstance(part, Variable):
                made += part
            elif part.name in own:
                value = self.of(own[part.name], (*at, "Fn::Sub"), (*origin, 1, part.name))
                made += _text(value) or self._symbols.mark(own[part.name])
            else:
                made += self._symbols.mark(named(part.name.strip()))
        return made

    def _join(self, separator: Any, values: Any, at: Path, origin: Path) -> str | None:
        if not isinstance(separator, str) or not isinstance(values, list):
            return None
        made = self._list(values, (*at, "Fn::Join"), (*origin, 1))
        texts = [_text(one) for one in made]
        return None if None in texts else separator.join(text or "" for text in texts)

    def _json(self, given: Any, at: Path, origin: Path) -> str | None:
        import json

        made = self.of(given, (*at, "Fn::ToJsonString"), origin)
        try:
            return json.dumps(made, ensure_ascii=False)
        except (TypeError, ValueError):
            return None


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
