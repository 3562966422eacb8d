"""Secrets, what is attached to them, and their policies (TG-081, TG-082).

Schedules of rotation are not here: Penstock rotates no secrets, and stacks only record these.
"""

from __future__ import annotations

from collections.abc import Mapping

from penstock.resources.contract import Handler
from penstock.resources.secretsmanager.attachments import SecretTargetAttachment
from penstock.resources.secretsmanager.policies import ResourcePolicy
from penstock.resources.secretsmanager.secrets import Secret

HANDLERS: Mapping[str, Handler] = {
    "AWS::SecretsManager::ResourcePolicy": ResourcePolicy(),
    "AWS::SecretsManager::Secret": Secret(),
    "AWS::SecretsManager::SecretTargetAttachment": SecretTargetAttachment(),
}
