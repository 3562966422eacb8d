"""IAM in the sandbox. What it allows is told to nobody: see `services.sts`."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources import iam_credentials, iam_entities, iam_policies
from penstock.resources.contract import Handler

HANDLERS: Mapping[str, Handler] = {
    **iam_credentials.HANDLERS,
    **iam_entities.HANDLERS,
    **iam_policies.HANDLERS,
}
