"""Why a resource could not be made, as CloudFormation tells it in a stack's events."""

from __future__ import annotations

from uuid import UUID

from penstock.errors import AwsError

_PLAIN = ("NotImplemented", "ValidationError")
"""Codes of what is found wrong before a service is asked: told as they are."""
_KINDS = (
    ("AlreadyExist", "AlreadyExists"),
    ("InUse", "AlreadyExists"),
    ("AlreadyOwned", "AlreadyExists"),
    ("NameExists", "AlreadyExists"),
    ("NotFound", "NotFound"),
    ("NoSuch", "NotFound"),
    ("DoesNotExist", "NotFound"),
    ("AccessDenied", "AccessDenied"),
    ("Throttl", "Throttling"),
    ("LimitExceeded", "ServiceLimitExceeded"),
    ("TooMany", "ServiceLimitExceeded"),
    ("Conflict", "ResourceConflict"),
    ("NotEmpty", "GeneralServiceException"),
    ("Invalid", "InvalidRequest"),
    ("Validation", "InvalidRequest"),
    ("Malformed", "InvalidRequest"),
    ("Missing", "InvalidRequest"),
)
"""What a service's code contains, and CloudFormation's word for it."""


def reason_of(error: AwsError, task: UUID) -> str:
    if error.code in _PLAIN:
        return error.message
    kind = handler_error_code(error)
    return (
        f'Resource handler returned message: "{error.message}"'
        f" (RequestToken: {task}, HandlerErrorCode: {kind})"
    )


def handler_error_code(error: AwsError) -> str:
    for part, kind in _KINDS:
        if part in error.code:
            return kind
    return "ServiceInternalError" if error.status >= 500 else "GeneralServiceException"
