"""The session of its role that a build has."""

from __future__ import annotations

from penstock.services.sts import assumed_role
from penstock.state.calls import Principal


def session_of(role: str, build: str) -> Principal:
    return assumed_role(role, f"AWSCodeBuild-{build}")
