"""libyaml's event parser, without the rest of PyYAML where nobody has imported that.

All of PyYAML takes 15 to 20 ms to import, a third of a short build, and next to nothing of it is
used here. The parser, `yaml._yaml`, needs the package only for its classes. So it is imported with
a stand-in for the package, of the four small modules these classes are in, and of exceptions that
import the whole package when the first is raised.

Nothing of this remains in `sys.modules`. A later `import yaml` executes the real package; it is
given the modules that are loaded already, so that there is one set of classes.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

_USED = ("error", "tokens", "events", "nodes", "_yaml")
_RAISING = (
    "reader", "scanner", "parser", "composer", "constructor", "emitter", "serializer", "representer"
)  # fmt: skip
_Spec: Any = type(__spec__)  # where it is public, importlib.machinery, it costs a millisecond


def parse(text: str) -> Iterator[Any]:
    """The text's `events`. Raises YAMLError."""
    return iter(_PARSER(text).get_event, None)


def _whole() -> tuple[Any, Any, Any]:
    """PyYAML as it is; its parser in Python where it was built without libyaml."""
    import yaml

    return getattr(yaml, "CSafeLoader", yaml.SafeLoader), yaml.events, yaml.YAMLError


def _alone() -> tuple[Any, Any, Any]:
    """The parser alone. Raises ImportError or AttributeError where PyYAML is not as expected."""
    found = next(filter(None, (finder.find_spec("yaml", None) for finder in sys.meta_path)), None)
    package: Any = sys.modules.setdefault("yaml", ModuleType("yaml"))
    try:
        package.__path__ = found.submodule_search_locations if found else []
        for part in _RAISING:
            name = _exception(part)
            setattr(package, part, SimpleNamespace(**{name: _raised_later(name)}))
        for part in _USED:
            __import__(f"yaml.{part}")
        loaded = {name: sys.modules[name] for name in (f"yaml.{part}" for part in _USED)}
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "yaml"]:
            del sys.modules[name]
    sys.meta_path.insert(0, _Completion(loaded))
    return package._yaml.CParser, package.events, package.error.YAMLError


def _exception(part: str) -> str:
    return f"{part.title()}Error"


def _raised_later(name: str) -> Callable[..., Any]:
    """Stands for an exception class until it is needed."""

    def make(*details: object) -> Any:
        import yaml

        return getattr(yaml._yaml, name)(*details)

    return make


class _Completion:
    """Gives the modules that are loaded already to the first real `import yaml`, then goes."""

    def __init__(self, loaded: dict[str, ModuleType]) -> None:
        self._loaded = loaded
        self._specs = {name: module.__spec__ for name, module in loaded.items()}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:
        return _Spec(name, self) if name in self._loaded else None

    def create_module(self, spec: Any) -> ModuleType:
        return self._loaded[spec.name]

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._specs[module.__name__]
        if module.__name__ == "yaml._yaml":  # the last one that the package imports
            for part in _RAISING:
                name = _exception(part)
                setattr(module, name, getattr(sys.modules[f"yaml.{part}"], name))
            sys.meta_path.remove(self)


def _parser() -> tuple[Any, Any, Any]:
    # Another thread could see the stand-in.
    if "yaml" not in sys.modules and "threading" not in sys.modules:
        try:
            return _alone()
        except (ImportError, AttributeError):
            pass
    return _whole()


_PARSER, events, YAMLError = _parser()
