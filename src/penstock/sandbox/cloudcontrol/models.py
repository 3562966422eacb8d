"""moto's own models of CloudFormation's types: what makes, changes and removes their resources.

They are called as moto's CloudFormation calls them. What they raise for properties they cannot
read is theirs, not the caller's: `Unable`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from penstock.errors import AwsError, not_implemented
from penstock.sandbox.cloudcontrol.amendments import CHANGERS, IDS, MAKERS, completed
from penstock.sandbox.cloudcontrol.removals import REMOVALS, Kept
from penstock.sandbox.imports import importing
from penstock.services import SERVICES

Properties = Mapping[str, Any]
UNABLE = "UnsupportedActionException"
_REAL = frozenset(name.replace("-", "") for name in SERVICES)
_MODULES = {"elasticloadbalancing": "elb", "elasticloadbalancingv2": "elbv2"}


@cache
def model_of(type: str) -> Any:
    """Imports what has it: call it in a thread. Raises AwsError, also for types of services that
    are real here: nobody would see what their models make."""
    service = type.split("::")[1].lower() if type.startswith("AWS::") else ""
    module = f"moto.{_MODULES.get(service, service)}.models"
    if service and service not in _REAL:
        for model in _models_in(module):
            if model.cloudformation_type() == type:
                return model
    raise AwsError("TypeNotFoundException", f"{type} has no model in the sandbox")


def _models_in(module: str) -> list[Any]:
    """All that have been imported, with those of a module, where that is there."""
    with importing():
        from moto.core.common_models import CloudFormationModel

        if not _is_there(module):
            return []
        import_module(module)
        return CloudFormationModel.__subclasses__()


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def make(type: str, name: str, properties: Properties, account: str, region: str) -> Kept:
    """Raises AwsError."""
    wanted = Kept(type, None, "", name, properties, account, region)
    kept = wanted._replace(thing=_called(type, lambda: _make(wanted)))
    return kept._replace(physical_id=_called(type, lambda: _physical_id(kept)))


def _make(wanted: Kept) -> Any:
    if maker := MAKERS.get(wanted.type):
        return maker(wanted)
    told = {"Type": wanted.type, "Properties": completed(wanted)}
    return model_of(wanted.type).create_from_cloudformation_json(
        wanted.name,
        told,
        wanted.account,
        wanted.region,
        ResourceType=wanted.type,
        LogicalId=wanted.name,
        StackId=f"arn:aws:cloudformation:{wanted.region}:{wanted.account}:stack/-/-",
    )


def change(kept: Kept, properties: Properties) -> Kept:
    """Raises AwsError, UNABLE where the model cannot change what there is."""
    thing = _called(kept.type, lambda: _change(kept._replace(properties=properties)))
    now = kept._replace(thing=thing or kept.thing, properties=properties)
    return now._replace(physical_id=_called(kept.type, lambda: _physical_id(now)))


def _change(kept: Kept) -> Any:
    if changer := CHANGERS.get(kept.type):
        return changer(kept)
    update = model_of(kept.type).update_from_cloudformation_json
    if getattr(update, "__isabstractmethod__", False):
        raise AwsError(UNABLE, f"not implemented: changes of {kept.type} in the sandbox")
    told = {"Type": kept.type, "Properties": completed(kept)}
    return update(
        original_resource=kept.thing,
        new_resource_name=kept.name,
        cloudformation_json=told,
        account_id=kept.account,
        region_name=kept.region,
    )


def remove(kept: Kept) -> None:
    """Raises AwsError."""
    _called(kept.type, lambda: _remove(kept))


def _remove(kept: Kept) -> None:
    if removal := REMOVALS.get(kept.type):
        removal(kept)
    elif _deletes_itself(kept.thing):
        kept.thing.delete(kept.account, kept.region)
    elif has_removal(kept.type):
        told = {"Type": kept.type, "Properties": dict(kept.properties)}
        model_of(kept.type).delete_from_cloudformation_json(
            kept.physical_id, told, kept.account, kept.region
        )
    else:
        raise not_implemented(f"removal of {kept.type}")


def has_removal(type: str) -> bool:
    model = model_of(type)
    own = not getattr(model.delete_from_cloudformation_json, "__isabstractmethod__", False)
    return type in REMOVALS or own or _deletes_itself(model)


def _deletes_itself(thing: Any) -> bool:
    from inspect import ismethod, signature

    delete = getattr(thing, "delete", None)
    wanted = 2 if ismethod(delete) else 3  # the class's own has self besides
    return callable(delete) and len(signature(delete).parameters) == wanted


def attributes(kept: Kept, names: tuple[str, ...]) -> dict[str, Any]:
    """Those that the model knows of these, or that the thing has by the same name."""
    found = {}
    for name in names:
        for value in _attribute(kept.thing, name):
            if value is not None and value != "":
                found[name] = value
                break
    return found


def _attribute(thing: Any, name: str) -> Iterator[Any]:
    with suppress(Exception):  # each model says in its own way that it does not know the name
        yield thing.get_cfn_attribute(name)
    value = getattr(thing, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower(), None)
    if isinstance(value, str | int | bool):
        yield value


def _physical_id(kept: Kept) -> str:
    own = IDS.get(kept.type)
    return own(kept) if own else str(kept.thing.physical_resource_id)


def _called(type: str, act: Callable[[], Any]) -> Any:
    with importing():
        from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    try:
        return act()
    except AwsError:
        raise
    except ServiceException as error:
        raise AwsError(error.code, error.message) from None
    except HTTPException as error:
        code = getattr(error, "error_type", None) or "GeneralServiceException"
        said = getattr(error, "message", None) or str(error)
        raise AwsError(str(code), str(said), error.code or 400) from None
    except Exception as error:  # a library that takes only what its authors have thought of
        said = f"the sandbox cannot: {type}: {error.__class__.__name__}: {error}"
        raise AwsError(UNABLE, said) from None
