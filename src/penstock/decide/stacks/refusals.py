"""How CloudFormation refuses templates and what is asked with them."""

from __future__ import annotations

from collections.abc import Iterable

from penstock.errors import AwsError


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def listed(names: Iterable[str]) -> str:
    """`[A, B]`, as CloudFormation writes several names."""
    return f"[{', '.join(names)}]"


class MissingExport(AwsError):
    """Fn::ImportValue names what nobody exports (TG-120).

    CloudFormation begins the operation and fails it with this message; it is no answer to the call.
    """

    def __init__(self, name: str) -> None:
        super().__init__("ValidationError", f"No export named {name} found.")
        self.name = name
