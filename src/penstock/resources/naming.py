"""Names that CloudFormation makes for what a template does not name."""

from __future__ import annotations

from penstock.resources.contract import Job


def unique(job: Job) -> str:
    """The part of a name that is another one for every task."""
    return job.name().rpartition("-")[2]


def short_name(job: Job) -> str:
    """`LOGICALID-1A2B3C4D5E6F`, where the stack's name has no part in it."""
    return f"{job.task.logical_id}-{unique(job)}"
