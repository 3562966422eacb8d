"""A pipeline in a template as the API's declaration of it: other names, lists for maps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.documents.templates import Path
from penstock.lint.templates.evaluation import Evaluated

_OWN = frozenset(("DisableInboundStageTransitions", "RestartExecutionOnUpdate", "Tags"))
"""Properties that are not the declaration's."""


def declaration_of(properties: Evaluated, name: str) -> Evaluated:
    """`name` is what the pipeline is called that is given none."""
    made = _Renaming(properties.origins)
    value = made.of({k: v for k, v in properties.value.items() if k not in _OWN}, (), ())
    value.setdefault("name", name)
    if "artifactStores" in value:
        value["artifactStores"] = made.stores(value["artifactStores"])
    return Evaluated(value, made.origins)


class _Renaming:
    def __init__(self, origins: Mapping[Path, Path]) -> None:
        self._from = origins
        self.origins: dict[Path, Path] = {}

    def of(self, value: Any, old: Path, new: Path) -> Any:
        if old in self._from:
            self.origins[new] = self._from[old]
        if isinstance(value, list):
            return [self.of(one, (*old, i), (*new, i)) for i, one in enumerate(value)]
        if not isinstance(value, dict):
            return value
        renamed = not (new and new[-1] == "configuration")
        made = {}
        for key, one in value.items():
            name = f"{key[:1].lower()}{key[1:]}" if renamed else key
            made[name] = self.of(one, (*old, key), (*new, name))
        return made

    def stores(self, given: Any) -> Any:
        """A list of stores with their Regions, as the API's map of them."""
        if not isinstance(given, list):
            return given
        made = {}
        for i, one in enumerate(given):
            if not isinstance(one, dict) or not isinstance(one.get("region"), str):
                return {}
            region = one["region"]
            made[region] = one.get("artifactStore", {})
            self._move(("artifactStores", i, "artifactStore"), ("artifactStores", region))
        return made

    def _move(self, old: Path, new: Path) -> None:
        for path in [path for path in self.origins if path[: len(old)] == old]:
            self.origins[(*new, *path[len(old) :])] = self.origins[path]
