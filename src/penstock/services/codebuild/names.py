"""Names and ARNs in requests: where AWS takes a name it often takes the ARN as well."""

from __future__ import annotations

from penstock.services.codebuild.errors import invalid
from penstock.state.calls import Call


def project_name(call: Call, given: str) -> str:
    """The project's name; an ARN of elsewhere stays what it is, and so names nothing here."""
    return given.removeprefix(call.arn("project/"))


def project_arn(call: Call, given: str) -> str:
    return given if given.startswith("arn:") else call.arn(f"project/{given}")


def report_group_name(call: Call, arn: str) -> str:
    """The name in a report group's ARN. Raises InvalidInputException for anything else."""
    return _named(call, arn, "report-group", "report group")


def check_report_arn(call: Call, arn: str) -> None:
    """Raises InvalidInputException for what is no ARN of a report here."""
    _named(call, arn, "report", "report")


def _named(call: Call, arn: str, kind: str, spelled: str) -> str:
    prefix = call.arn(f"{kind}/")
    if not arn.startswith(prefix) or arn == prefix:
        raise invalid(f"Invalid {spelled} ARN: {arn}")
    return arn.removeprefix(prefix)
