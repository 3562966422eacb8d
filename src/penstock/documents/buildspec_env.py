"""`env` of a buildspec: variables, parameters, secrets (CB-010…019)."""

from __future__ import annotations

import re

from penstock.documents.buildspec import Entry, Env, Secret, SecretReference
from penstock.documents.sections import Section

SHELLS = ("bash", "/bin/sh", "powershell.exe", "cmd.exe")

_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_ARN_COLONS = 6


def read_env(top: Section, version: str) -> Env:
    """`env`, which version 0.1 calls `environment_variables`, and its `variables` `plaintext`."""
    old = version == "0.1"
    body = top.child("environment_variables" if old else "env")
    if body is None:
        return Env()
    name, other = ("plaintext", "variables") if old else ("variables", "plaintext")
    body = without_old_key(body, other, f"version {version} calls it `{name}`")
    body.allow(
        (
            *("shell", name, "parameter-store", "secrets-manager"),
            *("exported-variables", "git-credential-helper"),
        )
    )
    parameters = body.child("parameter-store")
    return Env(
        shell=_shell(body),
        variables=read_variables(body, name),
        parameter_store=_named(parameters, parameters.entries(True)) if parameters else (),
        secrets_manager=_secrets(body.child("secrets-manager")),
        exported_variables=body.texts("exported-variables"),
        git_credential_helper=bool(body.flag("git-credential-helper")),
    )


def without_old_key(section: Section, key: str, hint: str) -> Section:
    """CB-218: a key of the other version is ignored, with a warning of its own."""
    if key not in section.keys:
        return section
    message = f"`{section.path_of(key)}` belongs to another buildspec version: it is ignored"
    section.findings.warn(section.at_key(key), "old-key", message, hint)
    keys = {name: at for name, at in section.keys.items() if name != key}
    return section._replace(keys=keys)


def read_variables(section: Section, key: str) -> tuple[Entry, ...]:
    """Names and literal values (CB-010)."""
    body = section.child(key)
    return _named(body, body.entries()) if body else ()


def parse_secret_reference(text: str) -> SecretReference | None:
    """CB-013: `secret-id:json-key:version-stage:version-id`; None if it names no secret version.

    A name cannot hold colons, so that only an ARN's own six belong to the id.
    """
    parts = text.split(":")
    if text.startswith("arn:"):
        parts[: _ARN_COLONS + 1] = [":".join(parts[: _ARN_COLONS + 1])]
        if parts[0].count(":") < _ARN_COLONS:
            return None
    if not parts[0] or len(parts) > 4 or (len(parts) == 4 and parts[2] and parts[3]):
        return None
    return SecretReference(*parts)


def _shell(body: Section) -> str | None:
    shell = body.text("shell")
    if shell is None:
        return None
    if shell.value not in SHELLS:
        message = f"`{body.path_of('shell')}` is not one of {', '.join(SHELLS)}"
        body.findings.warn(shell.at, "unknown-shell", message, "write `shell: bash`")
    return shell.value


def _named(body: Section, entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries an environment can hold; warns of names a shell cannot refer to."""
    for entry in entries:
        if not _NAME.fullmatch(entry.name):
            message = f"`{body.path_of(entry.name)}`: commands cannot refer to this name"
            hint = "use letters, digits and `_`, not beginning with a digit"
            body.findings.warn(entry.at, "variable-name", message, hint)
    return tuple(entry for entry in entries if entry.name and "=" not in entry.name)


def _secrets(body: Section | None) -> tuple[Secret, ...]:
    if body is None:
        return ()
    secrets = []
    for entry in _named(body, body.entries(True)):
        reference = parse_secret_reference(entry.value)
        if reference is None:
            message = f"`{body.path_of(entry.name)}` does not name one version of one secret"
            hint = "write secret-id:json-key:version-stage:version-id with only one of the last two"
            body.findings.error(entry.at, "bad-secret-reference", message, hint)
        else:
            secrets.append(Secret(entry.name, reference, entry.at))
    return tuple(secrets)
