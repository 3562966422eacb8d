"""Lambda in the sandbox: functions run there in containers, where the server has an engine."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources import lambda_access, lambda_functions
from penstock.resources.contract import Handler

HANDLERS: Mapping[str, Handler] = {**lambda_access.HANDLERS, **lambda_functions.HANDLERS}
