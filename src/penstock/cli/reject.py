"""`penstock reject`: fails what a pipeline waits for."""

from __future__ import annotations

from penstock.cli.approvals import answer, usage
from penstock.cli.options import Given

USAGE = usage("reject", "Rejects what a pipeline waits for: its stage fails.")


def perform(given: Given) -> int:
    return answer(given, "Rejected")
