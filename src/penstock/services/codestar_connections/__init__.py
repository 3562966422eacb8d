"""The older name of CodeConnections."""

from __future__ import annotations

from penstock.services.codeconnections import CodeConnections

CodeStarConnections = CodeConnections
