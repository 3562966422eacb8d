"""Looks up what `env.parameter-store` and `env.secrets-manager` name (CB-012, CB-013, CB-014)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from penstock.documents.buildspec import Env, SecretReference
from penstock.documents.diagnostics import Position
from penstock.state.builds import PhaseContext

PARAMETER_ERROR = "Decrypted Variables Error"
SECRET_ERROR = "Secrets Manager Error"  # noqa: S105
NO_SECRET = "ResourceNotFoundException: Secrets Manager can't find the specified secret."  # noqa: S105
HOW_TO_GIVE = """\
Write the values into a file (dotenv, JSON or YAML; its keys are the names above, as the buildspec
has them) and give it with --secrets FILE, or let AWS or an emulator answer with --endpoint URL."""


class SecretsError(Exception):
    """A source cannot be used at all: where, why and what to do. The text holds no value."""


class Refusal(NamedTuple):
    """Why a source gives no value, in AWS's words where they are known: `code: message`."""

    reason: str


class SecretSource(Protocol):
    """Somewhere values are kept. Failing to answer is an answer: nothing is raised."""

    @property
    def name(self) -> str:
        """What users call it: a file's path, an endpoint."""

    def parameters(self, names: Sequence[str]) -> Mapping[str, str | Refusal]:
        """By name as asked; a name that is absent is not known there."""

    def secret(self, reference: SecretReference) -> str | Refusal: ...


class MissingSecret(NamedTuple):
    """A variable whose value no source gave: what DOWNLOAD_SOURCE fails of.

    `needs` is `parameter …` or `secret …`; `looked` says of each source what it answered.
    """

    variable: str
    needs: str
    at: Position
    context: PhaseContext
    looked: tuple[str, ...]

    def __str__(self) -> str:
        head = f"{self.variable} (line {self.at.line}) needs {self.needs}"
        return "\n  ".join((f"{head}:", *self.looked))


def resolve(
    env: Env, sources: Sequence[SecretSource]
) -> tuple[dict[str, str], tuple[MissingSecret, ...]]:
    """The variables' values, and all that are missing; the first source with a value counts.

    A variable that is both a parameter and a secret is the secret (unspecified by AWS).
    """
    names = dict.fromkeys(entry.value for entry in env.parameter_store)
    references = dict.fromkeys(secret.reference for secret in env.secrets_manager)
    parameters = _ask(names, sources, _parameters)
    secrets = _ask(references, sources, _secrets)
    values: dict[str, str] = {}
    missing: list[MissingSecret] = []
    for entry in env.parameter_store:
        value, looked = parameters[entry.value]
        if value is None:
            context = _context(PARAMETER_ERROR, looked, _no_parameter(entry.value))
            needs = f"parameter {entry.value}"
            missing.append(MissingSecret(entry.name, needs, entry.at, context, _lines(looked)))
        else:
            values[entry.name] = value
    for secret in env.secrets_manager:
        value, looked = secrets[secret.reference]
        if value is None:
            context = _context(SECRET_ERROR, looked, NO_SECRET)
            needs = f"secret {written(secret.reference)}"
            missing.append(MissingSecret(secret.name, needs, secret.at, context, _lines(looked)))
        else:
            values[secret.name] = value
    return values, tuple(missing)


def explain(missing: Sequence[MissingSecret]) -> str:
    """What to tell the user of all that is missing, ending with what to do."""
    return "\n".join((*map(str, missing), "", HOW_TO_GIVE))


def written(reference: SecretReference) -> str:
    """The reference as a buildspec writes it: `id:json-key:version-stage:version-id`."""
    return ":".join(reference).rstrip(":")


def select_json_key(text: str, reference: SecretReference) -> str | Refusal:
    """The secret's text, or of the JSON object it is the value under the reference's key.

    Numbers keep their digits; other values than numbers and texts become JSON (AWS: unspecified).
    """
    if not reference.json_key:
        return text
    import json

    try:
        secret = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        secret = None
    # No JSON library's words: they may quote the secret.
    if not isinstance(secret, dict):
        return Refusal(f"secret {reference.secret_id} is not a JSON object, so has no keys")
    if reference.json_key not in secret:
        return Refusal(f"secret {reference.secret_id} has no JSON key {reference.json_key}")
    value = secret[reference.json_key]
    return value if isinstance(value, str) else json.dumps(value)


Looked = tuple[tuple[str, Refusal], ...]  # by source, in the order they were asked
K = TypeVar("K")


def _ask(
    wanted: Iterable[K],
    sources: Sequence[SecretSource],
    ask: Callable[[SecretSource, list[K]], Mapping[K, str | Refusal]],
) -> dict[K, tuple[str | None, Looked]]:
    found: dict[K, tuple[str | None, Looked]] = dict.fromkeys(wanted, (None, ()))
    for source in sources:
        unanswered = [key for key in found if found[key][0] is None]
        answers = ask(source, unanswered) if unanswered else {}
        for key in unanswered:
            answer = _usable(answers[key])
            if isinstance(answer, Refusal):
                found[key] = None, (*found[key][1], (source.name, answer))
            else:
                found[key] = answer, ()
    return found


def _parameters(source: SecretSource, names: list[str]) -> dict[str, str | Refusal]:
    answers = source.parameters(names)
    return {name: answers.get(name, Refusal(_no_parameter(name))) for name in names}


def _secrets(
    source: SecretSource, references: list[SecretReference]
) -> dict[SecretReference, str | Refusal]:
    return {reference: source.secret(reference) for reference in references}


def _usable(answer: str | Refusal) -> str | Refusal:
    if isinstance(answer, str):
        if "\0" in answer:
            return Refusal("the value holds a NUL, which no environment variable can")
        try:
            answer.encode()
        except UnicodeEncodeError:
            return Refusal("the value holds half a character (a lone surrogate), so is not text")
    return answer


def _no_parameter(name: str) -> str:
    return f"parameter does not exist: {name}"


def _context(code: str, looked: Looked, otherwise: str) -> PhaseContext:
    """AWS has one source; the last of ours is the one that answers for it."""
    return PhaseContext(code, looked[-1][1].reason if looked else otherwise)


def _lines(looked: Looked) -> tuple[str, ...]:
    return tuple(f"{source}: {refusal.reason}" for source, refusal in looked) or (
        "no source of secrets was given",
    )
