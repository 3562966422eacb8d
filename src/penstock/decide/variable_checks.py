"""Whether a variable has the value that a VariableCheck rule wants (CP-071). Pure.

Regular expressions are Java's, and may take for ever: `decide.java_regex` makes them Python's, and
who performs the rule has a process of its own try them.
"""

from __future__ import annotations

OPERATORS = ("EQ", "NE", "CONTAINS", "MATCHES")


def holds(operator: str, variable: str, value: str) -> bool:
    """Of all operators but MATCHES."""
    if operator == "CONTAINS":
        return value in variable
    return (variable == value) == (operator == "EQ")


def failure(operator: str, variable: str, value: str) -> str:
    return f"The variable's value {_shown(variable)} is not {_WORDS[operator]} {_shown(value)}"


_WORDS = {
    "EQ": "equal to",
    "NE": "other than",
    "CONTAINS": "one that contains",
    "MATCHES": "one that matches",
}


def _shown(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:200]}…")
