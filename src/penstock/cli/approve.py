"""`penstock approve`: lets a pipeline go on."""

from __future__ import annotations

from penstock.cli.approvals import answer, usage
from penstock.cli.options import Given

USAGE = usage("approve", "Approves what a pipeline waits for.")


def perform(given: Given) -> int:
    return answer(given, "Approved")
