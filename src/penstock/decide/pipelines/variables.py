"""`#{namespace.key}` in a configuration becomes a value just before it is used (CP-090…096)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from penstock.state.pipelines import Failed

MOST_CONFIGURATION_BYTES = 100 * 1024
MOST_OUTPUT_BYTES = 122_880

_REFERENCE = re.compile(r"#\{([A-Za-z0-9@\-_]+)\.([^{}]+)\}")
_UNRESOLVED = (
    "An action in this pipeline failed because one or more variables could not be resolved: "
    "Action name="
)

Variables = Mapping[str, Mapping[str, str]]


def resolve(text: str, variables: Variables) -> str:
    """The text with the values of its references, which are not read again for more of them.

    `variables` are by namespace. Raises KeyError where there is none of that name (CP-093).
    """
    if "#{" not in text:
        return text
    return _REFERENCE.sub(lambda found: variables[found[1]][found[2]], text)


def resolve_configuration(
    name: str, configuration: Mapping[str, str], variables: Variables
) -> Mapping[str, str] | Failed:
    """The configuration of the action or rule `name`, or how it fails instead (CP-093, CP-096)."""
    try:
        resolved = {key: resolve(text, variables) for key, text in configuration.items()}
    except KeyError:
        return Failed("ConfigurationError", f"{_UNRESOLVED}{name}")
    size = byte_count(resolved)
    if size > MOST_CONFIGURATION_BYTES:
        return Failed(
            "ConfigurationError",
            f"The configuration of {name} has {size} bytes once its variables are resolved;"
            f" {MOST_CONFIGURATION_BYTES} are allowed",
        )
    return resolved


def byte_count(values: Mapping[str, str]) -> int:
    """How many bytes keys and values have together."""
    text = "".join(values) + "".join(values.values())
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def check_outputs(name: str, outputs: Mapping[str, str]) -> Failed | None:
    """How the action `name` fails whose output variables are too large (CP-096)."""
    size = byte_count(outputs)
    if size <= MOST_OUTPUT_BYTES:
        return None
    return Failed(
        "ConfigurationError",
        f"The output variables of action {name} have {size} bytes; {MOST_OUTPUT_BYTES} are allowed",
    )
