"""What `{{resolve:…}}` stands for, asked of Parameter Store and Secrets Manager (TG-126)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from penstock.decide.stacks.dynamic_references import Reference, references_in, substitute
from penstock.errors import AwsError
from penstock.resources.contract import Cloud

Texts = Mapping[Reference, str]


async def texts_of(cloud: Cloud, properties: Any) -> Texts:
    """What the dynamic references of properties stand for. Raises AwsError for one of nothing."""
    return {one: await _text(cloud, one) for one in references_in(properties)}


async def texts_there(cloud: Cloud, properties: Any) -> Texts:
    """The same, but that a reference stays as it is where what it is about is gone."""
    try:
        references = references_in(properties)
    except AwsError:
        return {}
    texts: dict[Reference, str] = {}
    for reference in references:
        try:
            texts[reference] = await _text(cloud, reference)
        except AwsError:
            texts[reference] = reference.text
    return texts


def resolved(properties: Any, texts: Texts) -> Any:
    """Properties without dynamic references."""
    return substitute(properties, texts.__getitem__) if texts else properties


def secrets_in(texts: Texts) -> tuple[str, ...]:
    """Those that are to be shown to nobody, the longest first."""
    found = {
        text for one, text in texts.items() if one.service != "ssm" and text not in ("", one.text)
    }
    return tuple(sorted(found, key=len, reverse=True))


async def resolved_if_there(cloud: Cloud, properties: Any) -> Any:
    return resolved(properties, await texts_there(cloud, properties))


async def _text(cloud: Cloud, reference: Reference) -> str:
    if reference.service == "secretsmanager":
        return await _secret(cloud, reference)
    name = f"{reference.name}:{reference.version}" if reference.version else reference.name
    answer = await cloud.ask("ssm", "GetParameter", Name=name, WithDecryption=True)
    found = answer["Parameter"]
    if reference.service == "ssm" and found.get("Type") == "SecureString":
        raise AwsError(
            "ValidationError",
            f"Non-secure ssm prefix was used for secure parameter: {reference.name}",
        )
    return str(found["Value"])


async def _secret(cloud: Cloud, reference: Reference) -> str:
    asked = {"SecretId": reference.name}
    if reference.version:
        asked["VersionId"] = reference.version
    if reference.stage:
        asked["VersionStage"] = reference.stage
    answer = await cloud.ask("secretsmanager", "GetSecretValue", **asked)
    text = answer.get("SecretString")
    if text is None:
        raise AwsError("ValidationError", f"The secret {reference.name} is not a text")
    return _member(str(text), reference) if reference.key else str(text)


def _member(text: str, reference: Reference) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        raise AwsError("ValidationError", "Could not parse SecretString JSON") from None
    if not isinstance(value, dict) or reference.key not in value:
        message = "Could not find a value associated with JSONKey in SecretString"
        raise AwsError("ValidationError", message)
    found = value[reference.key]
    return found if isinstance(found, str) else json.dumps(found)
