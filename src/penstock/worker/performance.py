"""One build performed: what the server adds to the runner, which is that of `penstock run`."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

from penstock.documents.buildspec import Buildspec
from penstock.flow.build_batches import reads_batch, record_plan
from penstock.runner.codebuild.build import Build
from penstock.runner.codebuild.order import Order, Result, Services
from penstock.runner.codebuild.secrets import resolve
from penstock.state.builds import PhaseType
from penstock.state.recorded_builds import Place
from penstock.worker.artifacts import Delivery
from penstock.worker.caches import make_caches
from penstock.worker.hosts import check_host, machine, make_host, order_image, provision
from penstock.worker.journal import Journal
from penstock.worker.memory import Memory
from penstock.worker.refusal import Refused
from penstock.worker.secrets import OwnSecrets
from penstock.worker.session import session_of
from penstock.worker.sources import Sources, fetch_sources
from penstock.worker.specs import find_spec, plain_variables, read_spec
from penstock.worker.work import Work


class Performance:
    """`result` is None until the runner has come to its end; `places` are artifacts kept."""

    def __init__(self, work: Work, memory: Memory, journal: Journal) -> None:
        self._work = work
        self._memory = memory
        self._journal = journal
        self._delivery = Delivery(work, memory)
        begun = work.begun
        self._secrets = OwnSecrets(
            memory,
            session_of(work.effective["serviceRole"], str(begun.name.uuid)),
            begun.name.region,
        )
        self.result: Result | None = None

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._delivery.places)

    def perform(self, deadline: float) -> Result:
        """`deadline` is in seconds since 1970. Raises Refused, HostError, DeadlinePassed, Lost."""
        work, journal = self._work, self._journal
        check_host(work)
        provision(work, journal.note)
        journal.leave()
        journal.phase_entered(PhaseType.DOWNLOAD_SOURCE, time.time())
        sources = fetch_sources(work, self._memory, journal.note)
        found = find_spec(work, self._memory, sources.primary.path)
        journal.tell_source(work.inside(sources.primary.path), found.name)
        spec = read_spec(found, work.effective, journal.warn)
        if reads_batch(work.begun):
            spec = self._tell_batch(spec)
        self._check_secrets(spec)
        journal.expect(spec, work.inside(sources.primary.path))
        if sources.primary.resolved_version:
            journal.change({"resolvedSourceVersion": sources.primary.resolved_version}, sources.ref)
        order = self._order(spec, deadline)
        self.result = Build(order, self._services(spec, sources), journal).perform()
        return self.result

    def _tell_batch(self, spec: Buildspec) -> Buildspec:
        """The first build of a batch reads what the others are, and does nothing more (CB-104)."""
        claim, store = self._work.begun.claim, self._memory.store
        self._memory.ask(lambda: record_plan(store, claim, spec.batch))
        return Buildspec(spec.version)

    def _check_secrets(self, spec: Buildspec) -> None:
        """In AWS's words: the runner's advise of files, which are for builds without a server."""
        given = plain_variables(self._work.effective["environment"])
        env = spec.env._replace(
            parameter_store=tuple(one for one in spec.env.parameter_store if one.name not in given),
            secrets_manager=tuple(one for one in spec.env.secrets_manager if one.name not in given),
        )
        _, missing = resolve(env, [self._secrets])
        for one in missing:
            self._journal.warn(str(one))
        if missing:
            raise Refused(missing[0].context)

    def _order(self, spec: Buildspec, deadline: float) -> Order:
        work, name = self._work, self._work.begun.name
        return Order(
            spec=spec,
            project=name.project,
            uuid=str(name.uuid),
            folder=work.tmp,
            machine={**machine(work, os.environ), **own_variables(work)},
            overrides=plain_variables(work.effective["environment"]),
            started=work.begun.document["startTime"],
            timeout=max(deadline - time.time(), 0.0),
            number=work.begun.number,
            image=order_image(work),
            region=name.region,
            account=name.account,
            initiator=work.begun.document["initiator"],
            shell=spec.env.shell or "sh",
        )

    def _services(self, spec: Buildspec, sources: Sources) -> Services:
        work = self._work
        return Services(
            fetch=lambda folder: sources.primary,
            host=make_host(work, self._variables(sources), self._journal.note),
            inside=work.inside,
            secrets=(self._secrets,),
            caches=make_caches(work, self._memory) if spec.cache is not None else None,
            deliver=self._delivery.deliver,
            secondary={work.inside(path): path for path in sources.secondary},
        )

    def _variables(self, sources: Sources) -> dict[str, str]:
        """CB-111…115: of those that nobody sets, the ones only the server knows."""
        build = self._work.effective
        variables = {
            "CODEBUILD_BUILD_IMAGE": build["environment"]["image"],
            **sources.variables,
            **self._work.begun.variables,
        }
        if key := build.get("encryptionKey"):
            variables["CODEBUILD_KMS_KEY_ID"] = key
        return variables


def own_variables(work: Work) -> Mapping[str, str]:
    """What programs of the build need to find this server and be somebody there (CB-110)."""
    key = work.begun.key
    return {
        "AWS_ENDPOINT_URL": work.endpoint,
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        "AWS_SESSION_TOKEN": key.session_token or "",
    }
