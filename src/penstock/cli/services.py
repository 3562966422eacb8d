"""What a `penstock run` gives its build to work with, as its options say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from penstock.cli.request import Request, RequestError, cache_folder
from penstock.runner.codebuild.order import Deliver, Services
from penstock.runner.codebuild.sinks import Sink
from penstock.runner.shells.contract import Setting

if TYPE_CHECKING:
    from penstock.documents.buildspec import Artifact
    from penstock.runner.codebuild.artifacts import Selection
    from penstock.runner.codebuild.cache import CacheStore
    from penstock.runner.codebuild.secrets import SecretSource
    from penstock.runner.codebuild.source import Source
    from penstock.runner.shells.contract import Host


def make_services(request: Request, sink: Sink) -> Services:
    """Raises RequestError for a secrets file, say, that cannot be read."""
    container = is_container(request)

    def fetch(folder: str) -> Source:
        digits = int.from_bytes(os.urandom(4), "big") % 10**9
        parent = os.path.join(os.path.dirname(folder), f"src{digits:09}")
        os.mkdir(parent)
        return request.source.prepare(os.path.join(parent, "src"), self_contained=container)

    return Services(
        fetch=fetch,
        host=lambda setting: _host(request, setting, sink),
        inside=_in_container if container else str,
        secrets=_secrets(request),
        caches=_caches(request),
        deliver=_deliver(request),
    )


def is_container(request: Request) -> bool:
    return any(request.given.has(key) for key in ("docker", "image", "privileged"))


def _in_container(path: str) -> str:
    """Where a container has the source: as on CodeBuild, `/codebuild/output/src<digits>/src`."""
    parent, leaf = os.path.split(path)
    digits = os.path.basename(parent)
    if not digits.startswith("src"):  # built in place
        digits, leaf = "src000000000", "src"
    return f"/codebuild/output/{digits}/{leaf}"


def _host(request: Request, setting: Setting, sink: Sink) -> Host:
    if not is_container(request):
        from penstock.runner.shells.local import LocalHost

        return LocalHost(setting)
    from penstock.cli.container import make_container

    inside = _in_container(setting.source)
    return make_container(
        request.given, request.environ, request.folder, setting, inside, sink.note
    )


def _secrets(request: Request) -> tuple[SecretSource, ...]:
    """The files in the order given, then AWS or what stands in for it."""
    env = request.spec.env
    if not env.parameter_store and not env.secrets_manager:
        return ()
    from penstock.runner.codebuild.secrets import SecretsError
    from penstock.runner.codebuild.secrets.file import SecretsFile

    given = request.given
    try:
        sources: list[SecretSource] = [SecretsFile(path) for path in given.all("secrets")]
        if given.has("aws") or given.has("endpoint"):
            from penstock.runner.codebuild.secrets.aws import AwsSecrets

            sources.append(AwsSecrets(given.last("endpoint")))
    except SecretsError as error:
        raise RequestError(str(error)) from None
    return tuple(sources)


def _caches(request: Request) -> CacheStore | None:
    if request.spec.cache is None or request.given.has("no_cache"):
        return None
    from penstock.runner.codebuild.cache.folder import CacheFolder

    own = cache_folder(request.environ)
    chosen = request.given.last("cache") or (own and os.path.join(own, "caches"))
    if not chosen:
        raise RequestError("HOME is not set: say where caches are kept with --cache DIR.")
    return CacheFolder(chosen)


def _deliver(request: Request) -> Deliver | None:
    folder = request.given.last("artifacts")
    if folder is None:
        return None

    def deliver(selection: Selection, artifact: Artifact, name: str) -> str:
        from penstock.runner.codebuild.artifact_folder import write_folder

        return write_folder(selection.files, name, folder)

    return deliver
