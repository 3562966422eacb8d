"""AWS's Parameter Store and Secrets Manager, or what answers in their place (CB-012, CB-013)."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from penstock.documents.buildspec import SecretReference
from penstock.runner.codebuild.secrets import Refusal, SecretsError, select_json_key

_BATCH = 10  # names one GetParameters call takes


class AwsSecrets:
    """Asks with the credentials of the profile or of the environment, as the AWS CLI would.

    Without an endpoint, AWS is asked (or AWS_ENDPOINT_URL, which botocore heeds).
    """

    def __init__(
        self,
        endpoint_url: str | None = None,
        region: str | None = None,
        profile: str | None = None,
    ) -> None:
        """Raises SecretsError if botocore, the profile or the region is missing."""
        try:
            import botocore.session
        except ImportError:
            raise SecretsError(
                "asking AWS for secrets needs botocore: install it with `pip install penstock[aws]`"
            ) from None
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, NoRegionError

        retries = {"mode": "standard", "total_max_attempts": 3}
        config = Config(connect_timeout=5, read_timeout=15, retries=retries)
        try:
            session = botocore.session.Session(profile=profile)
            # botocore itself heeds only AWS_DEFAULT_REGION; the AWS CLI both, this one first.
            region = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
            self._clients = {
                service: session.create_client(
                    service, region_name=region, endpoint_url=endpoint_url, config=config
                )
                for service in ("ssm", "secretsmanager")
            }
        except NoRegionError:
            raise SecretsError("asking AWS for secrets needs a region: set AWS_REGION") from None
        except (BotoCoreError, ValueError) as error:
            raise SecretsError(f"AWS cannot be asked for secrets: {error}") from None
        self.name = f"AWS at {self._clients['ssm'].meta.endpoint_url}"
        self._unreachable: Refusal | None = None
        self._texts: dict[SecretReference, str | Refusal] = {}

    def parameters(self, names: Sequence[str]) -> dict[str, str | Refusal]:
        """Decrypted. AWS denies a call as a whole, so a batch's denial stands for all its names.

        An answer bears the bare name: one asked by version, label or ARN (`:`) is asked alone.
        """
        plain = [name for name in names if ":" not in name]
        batches = [plain[first : first + _BATCH] for first in range(0, len(plain), _BATCH)]
        batches += [[name] for name in names if ":" in name]
        found: dict[str, str | Refusal] = {}
        for batch in batches:
            answer = self._call("ssm", "get_parameters", Names=batch, WithDecryption=True)
            if isinstance(answer, Refusal):
                found |= dict.fromkeys(batch, answer)
                continue
            for parameter in answer.get("Parameters", ()):
                name = batch[0] if len(batch) == 1 else parameter["Name"]
                found[name] = parameter["Value"]
        return found

    def secret(self, reference: SecretReference) -> str | Refusal:
        """Of a version, else of AWSCURRENT. A secret is fetched once for all its JSON keys."""
        whole = reference._replace(json_key="")
        if whole not in self._texts:
            self._texts[whole] = self._secret_text(whole)
        text = self._texts[whole]
        return text if isinstance(text, Refusal) else select_json_key(text, reference)

    def _secret_text(self, reference: SecretReference) -> str | Refusal:
        version = {"VersionStage": reference.version_stage, "VersionId": reference.version_id}
        given = {key: value for key, value in version.items() if value}
        answer = self._call(
            "secretsmanager", "get_secret_value", SecretId=reference.secret_id, **given
        )
        if isinstance(answer, Refusal):
            return answer
        if "SecretString" in answer:
            return str(answer["SecretString"])
        try:
            return bytes(answer.get("SecretBinary", b"")).decode()
        except UnicodeDecodeError:
            return Refusal(f"secret {reference.secret_id} is binary, not text")

    def _call(self, service: str, operation: str, **arguments: Any) -> dict[str, Any] | Refusal:
        from botocore import exceptions

        if self._unreachable:
            return self._unreachable
        try:
            answer: dict[str, Any] = getattr(self._clients[service], operation)(**arguments)
        except exceptions.ClientError as error:
            problem = error.response["Error"]
            return Refusal(f"{problem['Code']}: {problem['Message']}")
        except (exceptions.ConnectionError, exceptions.HTTPClientError) as error:
            # Nobody answers there: not worth waiting for again with each secret.
            self._unreachable = Refusal(f"{type(error).__name__}: {error}")
            return self._unreachable
        except exceptions.BotoCoreError as error:
            return Refusal(f"{type(error).__name__}: {error}")
        return answer
