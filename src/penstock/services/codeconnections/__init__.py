"""Connections to providers of repositories, and their hosts (TG-140).

AWS has them under two names, `codestar-connections` and `codeconnections`. What was made under one
is there under the other, and keeps the ARN it was made with.
"""

from __future__ import annotations

from penstock.services.codeconnections.connections import Connections
from penstock.services.codeconnections.hosts import Hosts
from penstock.services.codeconnections.tags import Tags


class CodeConnections(Connections, Hosts, Tags):
    """Repository links and sync configurations are not here."""
