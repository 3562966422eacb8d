"""The server as one list: what is answered by whom."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.routing import Route, Router

from penstock.sandbox import Sandbox
from penstock.sandbox.cloudcontrol import CloudControl
from penstock.sandbox.codedeploy import CodeDeploy
from penstock.services import SERVICES, make_service
from penstock.services.codebuild.projects import BADGES
from penstock.services.codebuild.webhooks import PATH as WEBHOOKS
from penstock.services.codeconnections.deliveries import PATH as CONNECTIONS
from penstock.services.codepipeline.webhooks import PATH as PIPELINE_WEBHOOKS
from penstock.services.service import Service
from penstock.serving.away import answered
from penstock.serving.git import GitHosting
from penstock.serving.health import Health
from penstock.serving.hooks import Hooks
from penstock.serving.metrics import Metrics
from penstock.serving.signals import Signals
from penstock.serving.watching import App, log_answered, watching
from penstock.serving.websites import Websites
from penstock.settings import Settings, SettingsError
from penstock.store import Store
from penstock.store.signals import PATH as SIGNALS
from penstock.wire.app import WireApp
from penstock.wire.elsewhere import Receive, Scope, Send
from penstock.wire.identity import Identity

SIMULATED: Mapping[str, type[Service]] = {"cloudcontrol": CloudControl, "codedeploy": CodeDeploy}
"""Services of the sandbox that are written here, unless the settings send them elsewhere."""


def make_app(store: Store, settings: Settings) -> App:
    """The ASGI application. `settings` have been checked."""
    services = {name: make_service(name, store) for name in SERVICES}
    simulated = {
        name: kind(store) for name, kind in SIMULATED.items() if name not in settings.services
    }
    identity = make_identity(store, settings)
    wire = WireApp({**services, **simulated}, identity, Sandbox(settings.services))
    answering = dict.fromkeys(services, "penstock") | dict.fromkeys(simulated, "sandbox")
    health = Health(store, answering | dict(settings.services))
    hooks = Hooks(store)
    metrics = Metrics(store)
    own = Router(
        [
            Route("/_penstock/health", health.live),
            Route("/_penstock/ready", health.ready),
            Route(WEBHOOKS + "{id}", hooks.webhook, methods=["POST"]),
            Route(PIPELINE_WEBHOOKS + "{id}", hooks.pipeline_webhook, methods=["POST"]),
            Route(CONNECTIONS + "{id}", hooks.connection, methods=["POST"]),
            Route(BADGES, hooks.badge),
            Route(SIGNALS + "{id}", Signals(store).put, methods=["PUT"]),
            *([Route("/metrics", metrics.page)] if settings.metrics else []),
        ]
    )
    api = watching(
        wire,
        [
            *([metrics.count] if settings.metrics else []),
            *([log_answered] if settings.log_requests else []),
        ],
    )

    websites = Websites(store, settings.hosts)
    git = GitHosting(store, identity, account=settings.account, region=settings.region)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if websites.bucket(scope):
            await answered(websites, scope, receive, send)
        elif git.serves(scope):
            await answered(git, scope, receive, send)
        elif is_own(scope):
            await answered(own, scope, receive, send)
        else:
            await api(scope, receive, send)

    return app


def is_own(scope: Scope) -> bool:
    """Whether a path is the server's own. A bucket may be called `metrics`, so what is signed or
    has a query is not for ours."""
    path: str = scope["path"]
    if path == "/metrics":
        signed = any(name == b"authorization" for name, _ in scope["headers"])
        return not signed and not scope["query_string"]
    return path.startswith("/_penstock/")


def make_identity(store: Store, settings: Settings) -> Identity:
    told = (urlsplit(url).hostname for url in (settings.endpoint, settings.container_endpoint))
    names = (settings.host, *told, "host.docker.internal")
    return Identity(
        store,
        account=settings.account,
        region=settings.region,
        bound=settings.host,
        verify=settings.verify,
        hosts=(*settings.hosts, *filter(None, names)),
    )


def check_services(settings: Settings) -> None:
    """Raises SettingsError: builds read and write what is real here, whoever else answers."""
    for name in settings.services:
        if name in SERVICES:
            raise SettingsError(f"services: {name} is Penstock's own and cannot be elsewhere")
