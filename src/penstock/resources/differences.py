"""What of a resource's properties has to be set."""

from __future__ import annotations

from penstock.resources.contract import Job


def differs(job: Job, *names: str) -> bool:
    """Whether one of these properties is another one than before; where a resource is made, whether
    it is given at all."""
    return any(job.properties.get(name) != job.previous.get(name) for name in names)
