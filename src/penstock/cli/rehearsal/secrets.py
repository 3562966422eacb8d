"""`--secrets FILE`: what builds of the rehearsal, and its templates, find in Parameter Store and
Secrets Manager."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from penstock.cli.rehearsal.stacks import template_of
from penstock.cli.rehearsal.subjects import Subject
from penstock.cli.server_command import CommandError
from penstock.runner.codebuild.secrets import SecretsError
from penstock.runner.codebuild.secrets.file import SecretsFile

_RESOLVED = re.compile(r"\{\{resolve:ssm:([^:{}]+)")


def plain_names(subject: Subject, clients: Mapping[str, Any]) -> Iterator[str]:
    """The parameters that a template reads itself, which takes none of type SecureString. Raises
    ClientError for a template that is refused."""
    yield from _RESOLVED.findall(subject.body)
    summary = clients["cloudformation"].get_template_summary(**template_of(subject, clients))
    for parameter in summary.get("Parameters", ()):
        if parameter["ParameterType"].startswith("AWS::SSM::Parameter::Value<"):
            default = parameter.get("DefaultValue", "")
            yield subject.parameters.get(parameter["ParameterKey"], default)


def put_secrets(files: Iterable[str], plain: Collection[str], clients: Mapping[str, Any]) -> None:
    """Puts the values of files such as those of `penstock run --secrets`; those that are `plain`
    as such, all others encrypted. Raises CommandError."""
    for path in files:
        try:
            file = SecretsFile(path)
        except SecretsError as error:
            raise CommandError(str(error)) from None
        for name, text in file.named_parameters().items():
            kind = "String" if name in plain else "SecureString"
            clients["ssm"].put_parameter(Name=name, Value=text, Type=kind, Overwrite=True)
        for name, text in _whole(file.named_secrets()).items():
            _put_secret(clients["secretsmanager"], name, text)


def _put_secret(client: Any, name: str, text: str) -> None:
    try:
        client.create_secret(Name=name, SecretString=text)
    except client.exceptions.ResourceExistsException:
        client.put_secret_value(SecretId=name, SecretString=text)


def _whole(values: Mapping[str, str]) -> dict[str, str]:
    """Secrets by their names: those of JSON keys (`app/db:password`) are put together."""
    found: dict[str, str] = {}
    keys: dict[str, dict[str, str]] = {}
    for name, text in values.items():
        secret, _, key = name.partition(":")
        if key:
            keys.setdefault(secret, {})[key.partition(":")[0]] = text
        else:
            found[secret] = text
    for secret, members in keys.items():
        found.setdefault(secret, json.dumps(members))
    return found
