"""How a figure of a report group has developed (GetReportGroupTrend); pure.

The API's figures are strings, and nothing says how AWS writes them: here as short decimals.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Summary = Mapping[str, Any]


def _pass_rate(summary: Summary) -> float | None:
    total = summary["total"]
    return 100 * float(summary["statusCounts"]["SUCCEEDED"]) / total if total else None


def _member(name: str) -> Callable[[Summary], float | None]:
    return lambda summary: summary.get(name)


_FIELDS: Mapping[str, Mapping[str, Callable[[Summary], float | None]]] = {
    "TEST": {
        "PASS_RATE": _pass_rate,
        "DURATION": _member("durationInNanoSeconds"),
        "TOTAL": _member("total"),
    },
    "CODE_COVERAGE": {
        "LINE_COVERAGE": _member("lineCoveragePercentage"),
        "LINES_COVERED": _member("linesCovered"),
        "LINES_MISSED": _member("linesMissed"),
        "BRANCH_COVERAGE": _member("branchCoveragePercentage"),
        "BRANCHES_COVERED": _member("branchesCovered"),
        "BRANCHES_MISSED": _member("branchesMissed"),
    },
}


def trend(kind: str, field: str, reports: Sequence[tuple[str, Summary]]) -> dict[str, Any] | None:
    """The answer for reports, each an ARN and its summary; None for a field of the other type.

    A report that has no such figure, as one without tests has no pass rate, is left out.
    """
    figure = _FIELDS[kind].get(field)
    if figure is None:
        return None
    figures = [(arn, value) for arn, summary in reports if (value := figure(summary)) is not None]
    values = [value for _, value in figures]
    stats = (
        {
            "average": _written(sum(values) / len(values)),
            "max": _written(max(values)),
            "min": _written(min(values)),
        }
        if values
        else {}
    )
    raw = [{"reportArn": arn, "data": _written(value)} for arn, value in figures]
    return {"stats": stats, "rawData": raw}


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else str(round(value, 2))
