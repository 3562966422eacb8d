"""A file of secrets in place of Parameter Store and Secrets Manager (`--secrets FILE`)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from typing import Any

from penstock.documents.buildspec import SecretReference
from penstock.runner.codebuild.secrets import (
    NO_SECRET,
    Refusal,
    SecretsError,
    select_json_key,
    written,
)

_PARAMETERS = "parameter-store"
_SECRETS = "secrets-manager"
_DOTENV = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)*[ \t]*(?:export[ \t]+)?[^\s=#]+[ \t]*=")
_YAML_PROBLEMS = {  # instead of the YAML library's words, which may quote a value
    "duplicate-key": "this key is given a second time; remove one of them",
    "yaml-alias": "a `*` begins an alias that is not there; put the value in quotes",
    "yaml-key": "a key must be a text, not a list or a mapping",
    "yaml-depth": "this is nested too deeply",
    "yaml-expansion": "aliases repeat too much",
    "several-documents": "a second document starts here; keep one",
    "control-character": "a control character stands here; remove it",
    "empty-file": "the file says nothing",
    "yaml-tag": "a `!` begins a tag, which means nothing here; put the value in quotes",
}
_YAML_SYNTAX = "this is not YAML; put values that hold `: `, ` #` or begin with a symbol in quotes"


class SecretsFile:
    """Values by the names the buildspec uses: a parameter's name, `secret-id:json-key` and so on.

    A key may leave out the JSON key, then its value is the JSON object to select it from. Names of
    variables are no keys: `TOKEN` is the parameter of that name, and a file that gave it to the
    variable would give another parameter's value where names cross.
    """

    def __init__(self, path: str) -> None:
        """Raises SecretsError (file:line, never a value) if the file cannot be used."""
        self.name = path
        both = _load(path)
        parameters, secrets = both.pop(_PARAMETERS, {}), both.pop(_SECRETS, {})
        if not isinstance(parameters, dict) or not isinstance(secrets, dict):
            raise SecretsError(f"{path}: {_PARAMETERS} and {_SECRETS} must be mappings of values")
        self._parameters = _texts(path, both | parameters)
        self._secrets = _texts(path, both | secrets)

    def named_parameters(self) -> dict[str, str]:
        """All that can be parameters: what stands outside of both sections may be either."""
        return {name: text for name, text in self._parameters.items() if ":" not in name}

    def named_secrets(self) -> dict[str, str]:
        """All that can be secrets, by the references of buildspecs; no path is one."""
        return {name: text for name, text in self._secrets.items() if not name.startswith("/")}

    def parameters(self, names: Sequence[str]) -> dict[str, str | Refusal]:
        found: dict[str, str | Refusal] = {}
        for name in names:
            for key in _parameter_keys(name):
                if key in self._parameters:
                    found.setdefault(name, self._parameters[key])
        return found

    def secret(self, reference: SecretReference) -> str | Refusal:
        for same in _same_secrets(reference):
            if written(same) in self._secrets:
                return self._secrets[written(same)]
            whole = written(same._replace(json_key=""))
            if whole in self._secrets:
                return select_json_key(self._secrets[whole], same)
        return Refusal(NO_SECRET)


def _parameter_keys(name: str) -> tuple[str, ...]:
    """A parameter's ARN ends in its name, but for the `/` that a path begins with."""
    if not name.startswith("arn:"):
        return (name,)
    path = name.partition(":parameter/")[2]
    return (name, f"/{path}", path)


def _same_secrets(reference: SecretReference) -> Iterator[SecretReference]:
    """The references a file may use: name instead of ARN, AWSCURRENT said or not (CB-013)."""
    ids = [reference.secret_id]
    if reference.secret_id.startswith("arn:"):
        name = reference.secret_id.rpartition(":secret:")[2]
        ids += [name, re.sub("-[A-Za-z0-9]{6}$", "", name)]
    stages = [reference.version_stage]
    if not reference.version_id and reference.version_stage in ("", "AWSCURRENT"):
        stages = ["", "AWSCURRENT"]
    for secret_id in ids:
        for stage in stages:
            yield reference._replace(secret_id=secret_id, version_stage=stage)


def _load(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            data = file.read()
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as error:
        raise SecretsError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SecretsError(f"{path}:{line}: is not UTF-8 text; save the file as UTF-8") from None
    kind = _format(path, text)
    if kind == "json":
        return _json(text, path)
    if kind == "yaml":
        return _yaml(data, path)
    from penstock.runner.codebuild.secrets.dotenv import parse

    return dict(parse(text, path))


def _format(path: str, text: str) -> str:
    """By the file's name, and by what it holds where that says nothing (`/dev/fd/63`)."""
    extension = os.path.splitext(path)[1].lower()
    if extension in (".json", ".yaml", ".yml"):
        return "json" if extension == ".json" else "yaml"
    if extension == ".env" or os.path.basename(path).startswith(".env"):
        return "dotenv"
    if text.lstrip().startswith("{"):
        return "json"
    return "dotenv" if not text.strip() or _DOTENV.match(text) else "yaml"


def _json(text: str, path: str) -> dict[str, Any]:
    import json

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            double = next(key for key in keys if keys.count(key) > 1)
            raise SecretsError(f"{path}: {double} is given a second time; remove one of them")
        return found

    try:
        # Numbers stay the text they were written as: 0.10 and long digits survive.
        loaded = json.loads(text, object_pairs_hook=once, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise SecretsError(f"{path}:{error.lineno}: this is not JSON: {error.msg}") from None
    except RecursionError:
        raise SecretsError(f"{path}: is nested too deeply") from None
    if not isinstance(loaded, dict):
        raise SecretsError(f"{path}: must hold an object of names and values")
    return loaded


def _yaml(data: bytes, path: str) -> dict[str, Any]:
    from penstock.documents.nodes import Mapping, compose

    node, findings = compose(data, path)
    for finding in findings:
        what = _YAML_PROBLEMS.get(finding.rule, _YAML_SYNTAX)
        raise SecretsError(f"{path}:{finding.at.line}: {what}")
    if not isinstance(node, Mapping):
        raise SecretsError(f"{path}: must hold a mapping of names and values")
    loaded: dict[str, Any] = _plain(node)
    return loaded


def _plain(node: Any) -> Any:
    from penstock.documents.nodes import Mapping, Scalar

    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Mapping):
        return {key.value: _plain(value) for key, value in node.entries}
    return [_plain(item) for item in node.items]


def _texts(path: str, values: dict[str, Any]) -> dict[str, str]:
    return {key.rstrip(":"): _text(path, key, value) for key, value in values.items()}


def _text(path: str, key: str, value: Any) -> str:
    """A value as text: an object is a secret's JSON. Raises SecretsError for what neither is."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        import json

        return json.dumps(value)
    raise SecretsError(f"{path}: the value of {key} must be a text or a mapping")
