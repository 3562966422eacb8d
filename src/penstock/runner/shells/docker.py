"""A build's place in a container, kept running while shells come and go in it.

Imported only where a container is asked for: docker's library takes a tenth of a second.
"""

from __future__ import annotations

import os
import tempfile

from penstock.runner.shells.contract import HostError, Setting
from penstock.runner.shells.docker_container import Running
from penstock.runner.shells.docker_creation import (
    FOLDER,
    ContainerOptions,
    creation,
    inside,
    owner_inside,
)
from penstock.runner.shells.docker_engine import Note, connect, have_image
from penstock.runner.shells.docker_shell import SUPERVISOR, ContainerShell, cannot_start
from penstock.runner.shells.driver import Exchange, program, quote

ADMINISTERING_SECONDS = 10
# Nothing goes on making files while they are handed over; the container ends right after.
FREEZE = "kill -s STOP -- -1"


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
            self._open_folder(running, user)
        exchange = Exchange(setting.folder, shared=True)
        exchange.prepare()
        text = program(FOLDER, self._options.source)
        driver = [setting.shell, "-c", text, f"{FOLDER}/script.sh"]
        stream, exit_code = running.execute(
            ["/bin/sh", "-c", SUPERVISOR, "sh", *driver],
            user or "0",
            environment=dict(setting.environment),
            workdir=self._options.source,
        )
        shell = ContainerShell(exchange, stream, exit_code)
        ended, printed = shell.begin()
        if not ended.alive:
            shell.close()
            raise cannot_start(setting.shell, self._options.image, ended, printed)
        return shell

    def stop(self) -> None:
        """Also makes this user's what root in the container left in the build's own folders."""
        running = self._running
        if running is None:
            return
        self._running = None
        try:
            beside = os.path.dirname(self._setting.folder)
            own = {self._setting.folder, self._setting.source}
            self._reclaim(running, FREEZE, *(path for path in own if _within(path, beside)))
        except HostError:
            pass  # it has ended already
        finally:
            running.remove()
            running.engine.close()

    def reclaim(self, path: str) -> None:
        """Makes this user's a file or folder of the source's that the container's root made.

        Raises HostError.
        """
        self._reclaim(self.provision(), ":", path)

    def outlives(self, path: str) -> bool:
        return False

    def fetch(self, path: str) -> str:
        from penstock.runner.shells.docker_files import fetch

        running = self.provision()
        place = tempfile.mkdtemp(dir=os.path.dirname(self._setting.folder), prefix="fetched-")
        fetch(running.engine, running.id, path, place)
        return place

    def put(self, here: str, path: str) -> None:
        from penstock.runner.shells.docker_files import put

        running = self.provision()
        put(running.engine, running.id, here, path)

    def _open_folder(self, running: Running, user: str) -> None:
        """The group stays this process's: both write there, and nobody else may look."""
        script = f"chown {quote(user)} {FOLDER} && chmod 770 {FOLDER}"
        complaint = running.administer(script, ADMINISTERING_SECONDS)
        if complaint:
            raise HostError(f"run-as: {user!r} in the image {self._options.image}: {complaint}")

    def _reclaim(self, running: Running, first: str, *paths: str) -> None:
        found = [inside(running.mounts, path) for path in paths]
        if os.geteuid() == 0 or not all(found):
            return  # root may do as it likes with them anyway
        security = running.engine.info().get("SecurityOptions") or []
        owner = owner_inside(security, os.geteuid(), os.getegid())
        words = " ".join(quote(path) for path in found if path)
        complaint = running.administer(f"{first}; chown -hR {owner} {words}", ADMINISTERING_SECONDS)
        if complaint:
            self._note(f"Files of the build's may stay its root user's: {complaint}")


def _within(path: str, folder: str) -> bool:
    return path.startswith(folder + "/")
