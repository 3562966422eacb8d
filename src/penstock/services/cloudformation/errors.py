"""CloudFormation's errors, in its wording where that is known."""

from __future__ import annotations

from penstock.errors import AwsError


def invalid(message: str) -> AwsError:
    return AwsError("ValidationError", message)


def does_not_exist(stack: str) -> AwsError:
    """Where a stack is read (TG-109): `aws cloudformation deploy` reads these words."""
    return invalid(f"Stack with id {stack} does not exist")


def no_stack(stack: str) -> AwsError:
    """Where something is to be done with a stack."""
    return invalid(f"Stack [{stack}] does not exist")


def already_exists(stack: str) -> AwsError:
    return AwsError("AlreadyExistsException", f"Stack [{stack}] already exists")


def no_updates() -> AwsError:
    """TG-108: `aws cloudformation deploy` reads these words."""
    return invalid("No updates are to be performed.")


def change_set_not_found(change_set: str) -> AwsError:
    return AwsError("ChangeSetNotFound", f"ChangeSet [{change_set}] does not exist", 404)


class TransformFailed(AwsError):
    """An answer to CreateStack and UpdateStack; a change set is there, and FAILED with it."""

    def __init__(self, transform: str, reason: str) -> None:
        super().__init__("ValidationError", f"Transform {transform} failed with: {reason}")


def invalid_token() -> AwsError:
    return invalid("The next token is not one of this listing")
