"""The AWS API: a package for each service, whose methods are named after the operations."""

from __future__ import annotations

from importlib import import_module

from penstock.services.service import Service
from penstock.store import Store

SERVICES = {
    "cloudformation": "CloudFormation",
    "codebuild": "CodeBuild",
    "codecommit": "CodeCommit",
    "codeconnections": "CodeConnections",
    "codepipeline": "CodePipeline",
    "codestar-connections": "CodeStarConnections",
    "events": "Events",
    "logs": "Logs",
    "s3": "S3",
    "secretsmanager": "SecretsManager",
    "ssm": "Ssm",
    "sts": "Sts",
}
"""The services that are real, by botocore's name; every other one is the sandbox's."""


def make_service(name: str, store: Store) -> Service:
    """Raises KeyError for a service that is not real."""
    package = import_module(f"penstock.services.{name.replace('-', '_')}")
    kind: type[Service] = getattr(package, SERVICES[name])
    return kind(store)
