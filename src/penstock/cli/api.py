"""Talking to a server through its API, as any AWS tool does."""

from __future__ import annotations

import os
import re
from typing import Any

from penstock.cli.options import Given, Option
from penstock.cli.server_command import CommandError, folder_of, settings_of
from penstock.serving.credentials_file import read_credentials

ENDPOINT = Option(
    ("--endpoint",), "the server; default: AWS_ENDPOINT_URL, else this machine's", "URL"
)
REGION = "us-east-1"
_PAGE = 100  # builds that BatchGetBuilds takes
_NUMBERED = re.compile("([^:]+):([1-9][0-9]*)")


class Api:
    """Clients of one server: the one named, that of AWS_ENDPOINT_URL, or this machine's own.

    Raises CommandError where there is none.
    """

    def __init__(self, given: Given) -> None:
        import botocore.session

        self._session = botocore.session.Session()
        named = given.last("endpoint") or os.environ.get("AWS_ENDPOINT_URL")
        self._region = os.environ.get("AWS_REGION")
        self._endpoint = named or self._local(given)

    def _local(self, given: Given) -> str:
        settings = settings_of(given)
        folder = folder_of(settings)
        holder, credentials = folder.holder(), read_credentials(folder)
        if holder is None or not holder.endpoint or credentials is None:
            raise CommandError(
                f"no server is up on {folder}: start one with `penstock up`, or name one with "
                "--endpoint or AWS_ENDPOINT_URL"
            )
        self._session.set_credentials(*credentials)
        self._region = settings.region
        return holder.endpoint

    @property
    def place(self) -> tuple[str, Any]:
        """The Region, and the session that has the credentials."""
        return self._region or self._session.get_config_variable("region") or REGION, self._session

    def client(self, service: str) -> Any:
        from botocore.exceptions import NoRegionError

        try:
            return self._session.create_client(
                service, region_name=self._region, endpoint_url=self._endpoint
            )
        except NoRegionError:
            raise CommandError("no region is set: set AWS_REGION") from None


def list_builds(client: Any, project: str = "", limit: int = 0) -> list[dict[str, Any]]:
    """The builds of a project, or all, the newest first; `limit` 0 is no limit."""
    method = "list_builds_for_project" if project else "list_builds"
    pages = client.get_paginator(method).paginate(
        **({"projectName": project} if project else {}),
        sortOrder="DESCENDING",
        PaginationConfig={"MaxItems": limit or None},
    )
    builds: list[dict[str, Any]] = []
    for page in pages:
        if page["ids"]:
            found = {
                build["id"]: build
                for build in client.batch_get_builds(ids=page["ids"][:_PAGE])["builds"]
            }
            builds += [found[id_] for id_ in page["ids"] if id_ in found]
    return builds


def find_build(client: Any, name: str) -> dict[str, Any]:
    """A build by its id or ARN, as `PROJECT:NUMBER`, or as `PROJECT`, which is the latest.

    Raises CommandError.
    """
    numbered = _NUMBERED.fullmatch(name)
    if numbered:
        project, number = numbered[1], int(numbered[2])
        found = [b for b in list_builds(client, project) if b.get("buildNumber") == number]
    elif ":" in name:
        found = client.batch_get_builds(ids=[name])["builds"]
    else:
        found = list_builds(client, name, 1)
    if not found:
        raise CommandError(f"there is no build {name}")
    build: dict[str, Any] = found[0]
    return build
