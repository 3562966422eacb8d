"""References to variables in configurations: `#{namespace.key}` (CP-090)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([^{}]+)\}")


class Reference(NamedTuple):
    """`text` is what stands between the braces."""

    namespace: str
    key: str

    @property
    def text(self) -> str:
        return f"{self.namespace}.{self.key}"


def references(text: str) -> Iterator[Reference]:
    """Those in a text, in order. What has another form is no reference, and stays as it is."""
    if "#{" in text:
        for found in _REFERENCE.finditer(text):
            yield Reference(found[1], found[2])
