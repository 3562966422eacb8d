"""The words that members with an enum may have, from the model itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from penstock.services.codebuild.errors import invalid


def check_words(shape: str, value: Any) -> None:
    """Raises InvalidInputException for a word in `value`, a `shape`, that the model has not."""
    for member, word in _unknown(_model().shape_for(shape), value, ""):
        raise invalid(f"Invalid {_spelled(member)} provided: {word}")


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("codebuild", "service-2"), "codebuild")


def _unknown(shape: Shape, value: Any, member: str) -> Iterator[tuple[str, str]]:
    """Members and their words that the model does not have."""
    if shape.type_name == "structure":
        for name, given in value.items():
            if name in shape.members:
                yield from _unknown(shape.members[name], given, name)
    elif shape.type_name == "list":
        for given in value:
            yield from _unknown(shape.member, given, member)
    elif shape.type_name == "string" and shape.enum and value not in shape.enum:
        yield member, value


def _spelled(member: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", member).lower()
