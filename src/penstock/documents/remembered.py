"""Buildspecs read before, kept in a form that is back in a millisecond.

Reading YAML is an eighth of what a short `penstock run` takes. A buildspec in which nothing was
found to tell is therefore kept beside its text in the user's cache folder, as Python keeps compiled
modules: the same text means the same buildspec, anything else is read anew. Nothing depends on
these files.
"""

from __future__ import annotations

import marshal
import os
from binascii import crc32
from types import ModuleType
from typing import Any

from penstock import __version__
from penstock.documents import buildspec, diagnostics
from penstock.documents.buildspec import Buildspec

MOST = 1 << 16  # bytes; a larger text is rare, and no slower to read than to compare


def recall(folder: str, text: bytes) -> Buildspec | None:
    """The buildspec that `text` was read as before, if `folder` has it."""
    try:
        with open(_path(folder, text), "rb") as file:
            version, kept, values = marshal.loads(file.read())  # noqa: S302 (the user's own file)
        if (version, kept) == (__version__, text):
            spec = _revived(values)
            return spec if isinstance(spec, Buildspec) else None
    except (OSError, ValueError, EOFError, TypeError, AttributeError):
        pass  # not there, cut short, or of another Python: it is read anew
    return None


def remember(folder: str, text: bytes, spec: Buildspec) -> None:
    """Keeps a buildspec; where that is not possible nothing happens."""
    if len(text) > MOST:
        return
    path = _path(folder, text)
    partial = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with open(partial, "wb") as file:
            file.write(marshal.dumps((__version__, text, _frozen(spec))))
        os.replace(partial, path)
    except OSError:
        pass


def _path(folder: str, text: bytes) -> str:
    return os.path.join(folder, f"{crc32(text):08x}")


def _frozen(value: Any) -> Any:
    """Plain tuples for marshal: a class's name before its values, "" before a tuple's own."""
    if isinstance(value, tuple):
        name = "" if type(value) is tuple else type(value).__name__
        return (name, *map(_frozen, value))
    if isinstance(value, str) and type(value) is not str:
        return (type(value).__name__, str(value))
    return value


def _revived(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    name, *parts = value
    values = map(_revived, parts)
    if not name:
        return tuple(values)
    return getattr(_module_of(name), name)(*values)


def _module_of(name: str) -> ModuleType:
    for module in (buildspec, diagnostics):
        if hasattr(module, name):
            return module
    from penstock.documents import batch

    return batch
