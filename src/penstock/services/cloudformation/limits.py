"""What an account may have."""

from __future__ import annotations

from penstock.services.service import Answer, Request, Service
from penstock.state.calls import Call

LIMITS = {"ConcurrentResourcesLimit": 2_500, "StackLimit": 2_000, "StackOutputsLimit": 200}


class Limits(Service):
    async def describe_account_limits(self, call: Call, request: Request) -> Answer:
        """AWS's own defaults; only that of outputs is looked at here."""
        return {"AccountLimits": [{"Name": name, "Value": most} for name, most in LIMITS.items()]}
