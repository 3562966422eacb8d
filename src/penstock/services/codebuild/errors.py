"""CodeBuild's errors (CB section 14), in its wording where that is known."""

from __future__ import annotations

from penstock.errors import AwsError


def invalid(message: str) -> AwsError:
    return AwsError("InvalidInputException", message)


def not_found(message: str) -> AwsError:
    return AwsError("ResourceNotFoundException", message)


def exists(message: str) -> AwsError:
    return AwsError("ResourceAlreadyExistsException", message)


def limit_exceeded(message: str) -> AwsError:
    return AwsError("AccountLimitExceededException", message)


def project_not_found(arn: str) -> AwsError:
    return not_found(f"Project cannot be found: {arn}")


def require(holds: object, message: str) -> None:
    """Raises InvalidInputException where what must hold does not."""
    if not holds:
        raise invalid(message)
