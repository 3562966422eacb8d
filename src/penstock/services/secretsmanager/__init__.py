"""Secrets Manager without replicas and rotation (TG-081 to TG-086)."""

from __future__ import annotations

from penstock.services.secretsmanager.listing import Listing
from penstock.services.secretsmanager.passwords import Passwords
from penstock.services.secretsmanager.policies import Policies
from penstock.services.secretsmanager.secrets import Secrets
from penstock.services.secretsmanager.tags import Tags
from penstock.services.secretsmanager.values import Values


class SecretsManager(Secrets, Values, Listing, Tags, Policies, Passwords):
    """Secrets, their versions and stages."""
