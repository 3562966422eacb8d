"""What a failed test says, out of the two places in which tools say it."""

from __future__ import annotations


def joined(message: str, details: str) -> str:
    """The message and its stack trace, which often repeats the message."""
    message, details = message.strip(), details.strip()
    return details if message in details else f"{message}\n{details}".rstrip()
