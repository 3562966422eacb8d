"""Parameters and secrets of the server that a build belongs to, asked without a network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from penstock.documents.buildspec import SecretReference
from penstock.errors import AwsError
from penstock.runner.codebuild.secrets import Refusal, select_json_key
from penstock.services import make_service
from penstock.state.calls import Call, Principal
from penstock.worker.memory import Memory

BATCH = 10
"""Names that one GetParameters takes."""


class OwnSecrets:
    """A SecretSource that asks as the build's role; each secret once (CB-012, CB-013)."""

    name = "Penstock"

    def __init__(self, memory: Memory, principal: Principal, region: str) -> None:
        self._memory = memory
        self._principal = principal
        self._region = region
        self._texts: dict[SecretReference, str | Refusal] = {}
        self._parameters: dict[str, str | Refusal] = {}

    def parameters(self, names: Sequence[str]) -> dict[str, str | Refusal]:
        """An answer bears the bare name: one asked by version, label or ARN is asked alone."""
        unknown = [name for name in names if name not in self._parameters]
        plain = [name for name in unknown if ":" not in name]
        batches = [plain[first : first + BATCH] for first in range(0, len(plain), BATCH)]
        for batch in (*batches, *([name] for name in unknown if ":" in name)):
            self._ask_parameters(batch)
        return {name: self._parameters[name] for name in names if name in self._parameters}

    def _ask_parameters(self, names: list[str]) -> None:
        answer = self._call("ssm", "GetParameters", Names=names, WithDecryption=True)
        if isinstance(answer, Refusal):
            self._parameters |= dict.fromkeys(names, answer)
            return
        for parameter in answer["Parameters"]:
            name = names[0] if len(names) == 1 else parameter["Name"]
            self._parameters[name] = parameter["Value"]

    def secret(self, reference: SecretReference) -> str | Refusal:
        whole = reference._replace(json_key="")
        if whole not in self._texts:
            self._texts[whole] = self._text(whole)
        text = self._texts[whole]
        return text if isinstance(text, Refusal) else select_json_key(text, reference)

    def _text(self, reference: SecretReference) -> str | Refusal:
        given = {"VersionStage": reference.version_stage, "VersionId": reference.version_id}
        answer = self._call(
            "secretsmanager",
            "GetSecretValue",
            SecretId=reference.secret_id,
            **{member: value for member, value in given.items() if value},
        )
        if isinstance(answer, Refusal):
            return answer
        if "SecretString" in answer:
            return str(answer["SecretString"])
        try:
            return bytes(answer["SecretBinary"]).decode()
        except UnicodeDecodeError:
            return Refusal(f"secret {reference.secret_id} is binary, not text")

    def _call(self, service: str, operation: str, **request: Any) -> dict[str, Any] | Refusal:
        call = Call(
            service,
            operation,
            self._principal,
            self._region,
            str(uuid4()),
            datetime.now(UTC),
            "",
        )
        handler = make_service(service, self._memory.store).handler(operation)

        async def answer() -> dict[str, Any]:
            return await handler(call, request) or {}

        try:
            return self._memory.ask(answer)
        except AwsError as error:
            return Refusal(f"{error.code}: {error.message}")
