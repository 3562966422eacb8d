"""A build's place in a container, kept running while shells come and go in it.

Imported only where a container is asked for: docker's library takes a tenth of a second.
"""

from __future__ import annotations

import os
import tempfile

from penstock.runner.shells.contract import HostError, Setting
from penstock.runner.shells.docker.container import Running
from penstock.runner.shells.docker.creation import (
    FOLDER,
    ContainerOptions,
    creation,
    inside,
    owner_inside,
)
from penstock.runner.shells.docker.engine import Note, connect, have_image
from penstock.runner.shells.docker.shell import SUPERVISOR, ContainerShell, cannot_start
from penstock.runner.shells.driver import Exchange, quote
from penstock.runner.shells.driver import program as driver

ADMINISTERING_SECONDS = 10
# Stops all but the engine's init and itself. The container stays, for files to be fetched; as what
# it idles on is stopped too, this ends it when Penstock is gone.
FREEZE = "kill -STOP -1 || exit; {} || :; echo frozen; read -r _; kill -KILL -1"


class Container:
    """One container, started when it is first needed. It sees two folders of this machine's.

    They are the build's own one and its source. Commands run as root unless `run-as` says
    otherwise, whatever USER the image has (CB-018), and gain no privileges unless asked for
    (CB-057).
    """

    def __init__(self, setting: Setting, options: ContainerOptions, note: Note) -> None:
        """`note` is told of what takes time, or goes wrong without failing the build."""
        self._setting = setting
        self._options = options
        self._note = note
        self._running: Running | None = None
        self._frozen = False

    def provision(self) -> Running:
        """The container, started unless it runs. Raises HostError, ImageError."""
        if self._running is None:
            engine = connect()
            try:
                image = have_image(engine, self._options.image, self._note)
                plan = creation(self._options, image, self._setting.folder, self._setting.source)
                self._running = Running(engine, plan, self._note)
            except BaseException:
                engine.close()
                raise
        return self._running

    def start(self, user: str | None) -> ContainerShell:
        running, setting = self.provision(), self._setting
        if user is not None:
            # The group stays this process's: both write there, and nobody else may look.
            self._administer(
                f"run-as: {user!r}", f"chown {quote(user)} {FOLDER} && chmod 770 {FOLDER}"
            )
        exchange = Exchange(setting.folder, shared=True)
        exchange.prepare()
        text = driver(FOLDER, self._options.source)
        script = f"{FOLDER}/script.sh"
        program = running.execute(
            ["/bin/sh", "-c", SUPERVISOR, "sh", script, setting.shell, "-c", text, script],
            user or "0",
            environment=dict(setting.environment),
            workdir=self._options.source,
        )
        shell = ContainerShell(exchange, program.stream, program.exit_code)
        ended, printed = shell.begin()
        if not ended.alive:
            shell.close()
            raise cannot_start(setting.shell, self._options.image, ended, printed)
        return shell

    def freeze(self) -> None:
        """Also makes this user's what root in the container left in the build's own folders."""
        if self._running is None or self._frozen:
            return
        beside = os.path.dirname(self._setting.folder)
        own = [path for path, _ in self._running.mounts if path.startswith(beside + "/")]
        script = FREEZE.format(self._giving(self._running, *own))
        complaint = self._running.guard(script, ADMINISTERING_SECONDS)
        if complaint:
            raise HostError(f"The build's container cannot be frozen: {complaint}")
        self._frozen = True

    def stop(self) -> None:
        running = self._running
        if running is None:
            return
        try:
            if os.geteuid() != 0:  # who could not remove the build's folders otherwise
                self.freeze()
        except HostError:
            pass  # it has ended already
        finally:
            self._running = None
            running.remove()
            running.engine.close()

    def reclaim(self, path: str) -> None:
        """Makes this user's a file or folder of the source's that the container's root made.

        Raises HostError.
        """
        self._administer(f"{path} cannot be reclaimed", self._giving(self.provision(), path))

    def outlives(self, path: str) -> bool:
        return False

    def fetch(self, path: str) -> str:
        from penstock.runner.shells.docker.files import fetch

        running = self.provision()
        place = tempfile.mkdtemp(dir=os.path.dirname(self._setting.folder), prefix="fetched-")
        fetch(running.engine, running.id, path, place)
        return place

    def put(self, here: str, path: str) -> None:
        from penstock.runner.shells.docker.files import put

        running = self.provision()
        put(running.engine, running.id, here, path)

    def attach(self, user: str | None) -> int:
        from penstock.runner.shells.attach import interactive, write_start
        from penstock.runner.shells.docker.terminal import pump

        running, setting = self.provision(), self._setting
        write_start(setting.folder, FOLDER, self._options.source)
        command, variables = interactive(setting.shell, FOLDER)
        terminal = {"TERM": os.environ.get("TERM", "dumb")}
        program = running.execute(
            command,
            user or "0",
            environment=terminal | dict(setting.environment) | variables,
            workdir=self._options.source,
            tty=True,
        )
        try:
            pump(program.stream, program.resize)
        finally:
            program.stream.close()
        return program.exit_code()

    def _administer(self, about: str, script: str) -> None:
        complaint = self.provision().administer(script, ADMINISTERING_SECONDS)
        if complaint:
            raise HostError(f"{about} in a container of {self._options.image}: {complaint}")

    def _giving(self, running: Running, *paths: str) -> str:
        """A command that makes files this user's; root may do as it likes with them anyway."""
        words = [quote(found) for path in paths if (found := inside(running.mounts, path))]
        if os.geteuid() == 0 or not words:
            return ":"
        security = running.engine.info().get("SecurityOptions") or []
        owner = owner_inside(security, os.geteuid(), os.getegid())
        return f"chown -hR {owner} {' '.join(words)}"
