"""A rule that compares a variable (CP-071)."""

from __future__ import annotations

import asyncio
import json
import sys

from penstock.actions.contract import Done, Failed, Outcome, Start
from penstock.decide.java_regex import JavaRegexError, python_regex
from penstock.decide.variable_checks import OPERATORS, failure, holds
from penstock.store import Store

SECONDS = 2
"""What a regular expression may take; some would take longer than anybody waits."""
_WAIT = 20  # seconds: a busy machine may take long to give it these
_MEMORY = 1 << 29
# It is given its limits, the expression and the text, and prints True or False.
_PROGRAM = """
import json, re, resource, sys
seconds, memory, pattern, text = json.load(sys.stdin)
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
try:
    print(re.compile(pattern, re.ASCII).fullmatch(text) is not None)
except re.error as error:
    print(error)
"""


async def start(store: Store, start: Start) -> Outcome:
    asked = start.configuration
    operator, variable, value = asked["Operator"], asked["Variable"], asked["Value"]
    if operator not in OPERATORS:
        known = ", ".join(OPERATORS)
        return Failed("ConfigurationError", f"Operator {operator!r} is none of {known}")
    try:
        held = (
            await _matches(variable, value)
            if operator == "MATCHES"
            else holds(operator, variable, value)
        )
    except ValueError as error:
        return Failed("ConfigurationError", f"{value!r}: {error}")
    return Done() if held else Failed("JobFailed", failure(operator, variable, value))


async def _matches(text: str, regex: str) -> bool:
    """Whether all of the text matches. Raises ValueError."""
    given = json.dumps([SECONDS, _MEMORY, python_regex(regex), text]).encode()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-I", "-S", "-c", _PROGRAM),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_WAIT):
            printed, _ = await process.communicate(given)
    except TimeoutError:
        printed = b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    answer = printed.decode().strip()
    if answer in ("True", "False"):
        return answer == "True"
    if answer:
        raise JavaRegexError(f"the regular expression: {answer}")
    raise JavaRegexError(
        f"the regular expression takes more than {SECONDS} seconds, or {_MEMORY >> 20} MB"
    )
