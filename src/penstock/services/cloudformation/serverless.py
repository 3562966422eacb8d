"""AWS::Serverless-2016-10-31: templates of SAM into CloudFormation's, by AWS's own translator.

It asks nobody: the ARNs of managed policies are among its data, and applications of the Serverless
Application Repository, which it would fetch, are refused.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from threading import Lock
from typing import Any, NamedTuple

from penstock.documents.templates import Body
from penstock.errors import not_implemented
from penstock.services.cloudformation.errors import TransformFailed

NAME = "AWS::Serverless-2016-10-31"
_ONE_AT_A_TIME = Lock()  # the translator keeps the Region in a variable of its module


class _Session(NamedTuple):
    """All that the translator asks of a session of boto3's."""

    region_name: str


def translate(body: Body, parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The template without SAM's types. Takes a tenth of a second and more: call it in a thread.

    Raises AwsError with all that is wrong; 501 where the translator is not installed.
    """
    _refuse_repositories(body)
    try:
        from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException  # type: ignore[import-untyped]
    except ImportError:
        raise not_implemented(f"transform {NAME}: aws-sam-translator is not installed") from None
    try:
        with _ONE_AT_A_TIME:
            made = _translated(body, parameters, region)
    except InvalidDocumentException as error:
        causes = " ".join(sorted(cause.message for cause in error.causes))
        raise TransformFailed(NAME, f"{error.message} {causes}") from None
    except ExceptionWithMessage as error:
        raise TransformFailed(NAME, error.message) from None
    except Exception as error:  # what it did not expect of a template
        raise TransformFailed(NAME, f"{type(error).__name__}: {error}") from None
    return made


def _translated(body: Body, parameters: Mapping[str, Any], region: str) -> dict[str, Any]:
    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map  # type: ignore[import-untyped]
    from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
    from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
    from samtranslator.utils.py27hash_fix import (  # type: ignore[import-untyped]
        to_py27_compatible_template,
        undo_mark_unicode_str_in_template,
    )

    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it tells of its own metrics
    policies = get_bundled_managed_policy_map("aws") or {}
    template = json.loads(json.dumps(body))  # which the translator changes
    values = dict(parameters)
    to_py27_compatible_template(template, values)
    translator = Translator(None, Parser(), boto_session=_Session(region))
    made = translator.translate(
        template, parameter_values=values, get_managed_policy_map=lambda: policies
    )
    plain: dict[str, Any] = json.loads(json.dumps(undo_mark_unicode_str_in_template(made)))
    return plain


def _refuse_repositories(body: Body) -> None:
    resources = body.get("Resources")
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        if isinstance(resource, Mapping) and resource.get("Type") == "AWS::Serverless::Application":
            location = (resource.get("Properties") or {}).get("Location")
            if isinstance(location, Mapping):
                raise not_implemented("AWS::Serverless::Application of an ApplicationId")
