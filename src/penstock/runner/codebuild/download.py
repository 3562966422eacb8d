"""The DOWNLOAD_SOURCE phase: source, secrets, environment, runtimes, a shell, the cache."""

from __future__ import annotations

from penstock.documents.buildspec import Buildspec, Command, Env
from penstock.runner.codebuild.environment import environment
from penstock.runner.codebuild.ground import Ground
from penstock.runner.codebuild.masked import MaskedSink
from penstock.runner.codebuild.masking import Masker
from penstock.runner.codebuild.order import Order, Services
from penstock.runner.codebuild.session import Session
from penstock.runner.codebuild.sinks import Sink
from penstock.runner.codebuild.source import Source, SourceError
from penstock.runner.shells.contract import Setting
from penstock.state.builds import PhaseContext


def download(order: Order, services: Services, sink: MaskedSink) -> Ground | PhaseContext:
    """Makes the ground of a build, or says why it cannot. Raises HostError."""
    try:
        source = services.fetch(order.folder)
    except SourceError as error:
        return PhaseContext("CLIENT_ERROR", str(error))
    for note in source.notes:
        sink.note(note)
    secrets = _secrets(order, services)
    if isinstance(secrets, PhaseContext):
        return secrets
    masker = sink.masker = Masker(secrets)
    for name in masker.too_short:
        sink.warn(f"The value of {name} is too short to be masked: it may show in the output")
    inside = services.inside(source.path)
    variables = environment(order, source, inside, secrets)
    return _prepared(order, services, sink, source, masker, variables)


def _prepared(
    order: Order,
    services: Services,
    sink: Sink,
    source: Source,
    masker: Masker,
    variables: dict[str, str],
) -> Ground | PhaseContext:
    wants_runtimes = bool(order.spec.phase("install").runtime_versions)
    if not wants_runtimes:
        sink.note("No runtime version selected in buildspec.")
    elif not order.image:
        from penstock.runner.codebuild.runtimes.selection import select_here

        chosen = select_here(order, sink, variables)
        if isinstance(chosen, PhaseContext):
            return chosen
        variables |= chosen
    marker = f"CODEBUILD_BUILD_ID={variables['CODEBUILD_BUILD_ID']}"
    host = services.host(Setting(order.shell, order.folder, source.path, variables, marker))
    session = Session(host, fresh_per_command=order.spec.version == "0.1")
    folder = variables["CODEBUILD_SRC_DIR"]
    ground = Ground(source, folder, masker, host, session, order.spec)
    if wants_runtimes and order.image:
        from penstock.runner.codebuild.runtimes.selection import select_in_image

        commands = select_in_image(order, sink, variables, host)
        if isinstance(commands, PhaseContext):
            return commands
        ground = ground._replace(spec=_with_install(order.spec, commands))
    _restore_cache(order, services, sink, ground)
    return ground


def _restore_cache(order: Order, services: Services, sink: Sink, ground: Ground) -> None:
    if order.spec.cache is None or services.caches is None:
        return
    from penstock.runner.codebuild.cache.use import expand_cache, restore_cache

    cache = expand_cache(order.project, sink, ground)
    if cache is not None:
        restore_cache(cache, services.caches, sink, ground)


def _secrets(order: Order, services: Services) -> dict[str, str] | PhaseContext:
    """The values of the variables that name a secret, unless whoever starts the build gave them."""
    env = _without(order.spec.env, order.overrides)
    if not env.parameter_store and not env.secrets_manager:
        return {}
    from penstock.runner.codebuild.secrets import explain, resolve

    values, missing = resolve(env, services.secrets)
    if missing:
        return PhaseContext(missing[0].context.code, explain(missing))
    return values


def _without(env: Env, given: object) -> Env:
    names = set(given) if isinstance(given, dict) else set()
    return env._replace(
        parameter_store=tuple(entry for entry in env.parameter_store if entry.name not in names),
        secrets_manager=tuple(entry for entry in env.secrets_manager if entry.name not in names),
    )


def _with_install(spec: Buildspec, commands: tuple[Command, ...]) -> Buildspec:
    if not commands:
        return spec
    install = spec.phase("install")
    install = install._replace(commands=(*commands, *install.commands))
    others = tuple(phase for phase in spec.phases if phase.name != "install")
    return spec._replace(phases=(install, *others))
