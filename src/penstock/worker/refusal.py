"""Why a build cannot be performed, found out before its runner is there to say so."""

from __future__ import annotations

from penstock.errors import AwsError
from penstock.state.builds import PhaseContext

CLIENT_ERROR = "CLIENT_ERROR"


class Refused(Exception):
    """Fails the phase that the build is in."""

    def __init__(self, context: PhaseContext) -> None:
        super().__init__(context.message)
        self.context = context


def refused(message: str, code: str = CLIENT_ERROR) -> Refused:
    return Refused(PhaseContext(code, message))


def refused_by(error: AwsError, what: str) -> Refused:
    return refused(f"{what}: {error.code}: {error.message}")
