"""The server of a rehearsal: one of its own, gone when it ends, or one that is up."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from penstock.serving.credentials_file import read_credentials
from penstock.serving.detached import start_detached
from penstock.serving.folder import DataFolder
from penstock.settings import Settings

PROVIDERS = (
    "GitHub", "GitHubEnterpriseServer", "GitLab", "GitLabSelfManaged", "Bitbucket", "AzureDevOps",
    "*",
)  # fmt: skip
FIRST = ("cloudformation", "codepipeline", "s3")
"""Services that each rehearsal needs, or most do."""
DRAIN, ENDING = 1.0, 20.0
"""Seconds that builds have for ending, where they still run, and that the server has."""


class Instance(NamedTuple):
    """Where the API is, and whose. `folder` is the rehearsal's own; `mirrors` below it is where
    repositories behind connections are looked for, "" where the server is somebody else's."""

    endpoint: str
    region: str
    session: Any
    folder: str
    mirrors: str = ""
    data: str = ""

    def client(self, service: str) -> Any:
        from botocore.config import Config

        return self.session.create_client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            config=Config(proxies={}, retries={"total_max_attempts": 3}),
        )


class Clients(dict[str, Any]):
    """Clients of an instance, made when they are needed."""

    def __init__(self, instance: Instance) -> None:
        super().__init__()
        self._instance = instance

    def __missing__(self, service: str) -> Any:
        made = self[service] = self._instance.client(service)
        return made


@contextmanager
def own_instance(settings: Settings, *, keep: bool) -> Iterator[Instance]:
    """A server that nobody else has, with `settings` where these are not a rehearsal's own.

    Raises StartError. It ends with the `with`, and all it has kept is removed, unless it is to be
    kept; then it goes on.
    """
    folder = tempfile.mkdtemp(prefix="penstock-rehearsal-")
    mirrors, data = os.path.join(folder, "mirrors"), os.path.join(folder, "data")
    os.mkdir(mirrors)
    kept = DataFolder(data)
    process: subprocess.Popen[bytes] | None = None
    try:
        starting = start_detached(_settings(settings, data, mirrors), kept, fleeting=not keep)
        process = starting.process
        session = _prepared(settings.region)
        holder = starting.wait()
        credentials = read_credentials(kept)
        if credentials is not None:
            session.set_credentials(*credentials)
        yield Instance(holder.endpoint, settings.region, session, folder, mirrors, data)
    finally:
        if not keep or process is None:
            _end(process, folder)


def _prepared(region: str) -> Any:
    """A session that has read what its first clients need, which takes far longer than these."""
    import botocore.session

    session = botocore.session.Session()
    session.set_credentials("of", "nobody")
    nowhere = Instance("http://localhost", region, session, "")
    for service in FIRST:
        nowhere.client(service)
    return session


def _settings(settings: Settings, data: str, mirrors: str) -> Settings:
    from dataclasses import replace

    places = {name: os.path.join(mirrors, "{repository}") for name in PROVIDERS}
    where = "host" if settings.runner_where == "auto" else settings.runner_where
    return replace(
        settings,
        host="127.0.0.1",
        port=0,
        data=data,
        database="",
        storage="",
        key_file="",
        repositories="",
        runner_folder="",
        endpoint="",
        triggers=False,
        drain=DRAIN,
        runner_where=where,
        connections=places | dict(settings.connections),
    )


def _end(process: subprocess.Popen[bytes] | None, folder: str) -> None:
    if process is not None:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def other_instance(endpoint: str, region: str, session: Any) -> Iterator[Instance]:
    """A server that is up, and stays so."""
    with tempfile.TemporaryDirectory(prefix="penstock-rehearsal-") as folder:
        yield Instance(endpoint, region, session, folder)


def variables_of(instance: Instance) -> Mapping[str, str]:
    """By which AWS's tools find it."""
    keys = instance.session.get_credentials()
    return {
        "AWS_ENDPOINT_URL": instance.endpoint,
        "AWS_REGION": instance.region,
        "AWS_DEFAULT_REGION": instance.region,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret_key,
    }
