"""A build's place in a container, kept running while shells come and go in it.

Imported only where a container is asked for: docker's library takes a tenth of a second.
"""

from __future__ import annotations

import os
import tempfile
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.runner.shells.contract import DeadlinePassed, HostError, Setting
from penstock.runner.shells.docker_engine import Note, connect, have_image
from penstock.runner.shells.docker_shell import SUPERVISOR, ContainerShell, cannot_start
from penstock.runner.shells.docker_stream import Stream
from penstock.runner.shells.driver import Exchange, program, quote

if TYPE_CHECKING:
    from docker import APIClient

FOLDER = "/codebuild/output/tmp"
LABEL = "penstock"
ENTRYPOINT = "dockerd-entrypoint.sh"
ENTRYPOINT_SECONDS = 90  # it gives its engine about 60 (CB-056)
RECLAIM_SECONDS = 10
EXIT_CODE_SECONDS = 2
# Waits for its input to end. The engine ends it when the process that started the container is
# gone, however it went, and removes the container then: nothing is left of a Penstock killed.
IDLE = ["cat"]


class ContainerOptions(NamedTuple):
    """`source` is where the build sees its source; `cpus` and `memory` (bytes) None for all."""

    image: str
    source: str
    privileged: bool = False
    cpus: float | None = None
    memory: int | None = None


class Container:
    """One container, made when it is first needed. It sees two folders of this machine's.

    They are the build's own one and its source. Commands run as root unless `run-as` says otherwise,
    whatever USER the image has (CB-018), and gain no privileges unless asked for (CB-057).
    """

    def __init__(self, setting: Setting, options: ContainerOptions, note: Note) -> None:
        """`note` is told of what takes time or goes wrong without failing the build."""
        self._setting = setting
        self._options = options
        self._note = note
        self._engine: APIClient | None = None
        self._stdin: Stream | None = None
        self._id = ""

    def provision(self) -> None:
        """Starts the container unless it runs. Raises HostError, ImageError."""
        if self._id:
            return
        from docker.errors import DockerException

        engine = self._engine = connect()
        image = have_image(engine, self._options.image, self._note)
        entrypoint = _entrypoint(image) if self._options.privileged else []
        try:
            self._id = self._create(engine, entrypoint)
            self._stdin = Stream(engine.attach_socket(self._id, {"stdin": 1, "stream": 1}))
            engine.start(self._id)
            if entrypoint:
                self._await_entrypoint(engine, self._stdin)
        except (DockerException, OSError) as error:
            self.stop()
            raise HostError(
                f"No container of {self._options.image} can be started: {_reason(error)}"
            ) from None
        except BaseException:
            self.stop()
            raise

    def start(self, user: str | None) -> ContainerShell:
        self.provision()
        if user is not None:
            # The group stays this process's, so both can write there and nobody else can look.
            self._administer(f"chown {quote(user)} {FOLDER} && chmod 770 {FOLDER}", RECLAIM_SECONDS)
        setting = self._setting
        exchange = Exchange(setting.folder, shared=True)
        exchange.prepare()
        text = program(FOLDER, self._options.source)
        arguments = [setting.shell, "-c", text, f"{FOLDER}/script.sh"]
        command = ["/bin/sh", "-c", SUPERVISOR, "sh", *arguments]
        stream, exit_code = self._execute(command, user or "0", dict(setting.environment))
        shell = ContainerShell(exchange, stream, exit_code)
        ended, printed = shell.begin()
        if not ended.alive:
            shell.close()
            raise cannot_start(setting.shell, self._options.image, ended, printed)
        return shell

    def stop(self) -> None:
        """Kills and removes the container; its files in the build's folders become this user's."""
        if not self._id or self._engine is None:
            return
        from docker.errors import APIError, NotFound
        from requests import RequestException

        try:
            self._reclaim_own()
            self._engine.remove_container(self._id, force=True, v=True)
        except NotFound:
            pass
        except (APIError, RequestException) as error:
            if getattr(error, "status_code", None) != 409:  # it is being removed already
                self._note(f"The container {self._id[:12]} may be left behind: {_reason(error)}")
        finally:
            self._id = ""
            if self._stdin is not None:
                self._stdin.close()
            self._engine.close()

    def reclaim(self, path: str) -> None:
        """Makes a folder that the build shares this user's, where root in the container made it."""
        inside = self._inside(path)
        if inside is None or os.geteuid() == 0 or not self._id or self._engine is None:
            return
        security = self._engine.info().get("SecurityOptions") or []
        owner = owner_inside(security, os.geteuid(), os.getegid())
        self._administer(f"chown -hR {owner} {quote(inside)}", RECLAIM_SECONDS)

    def outlives(self, path: str) -> bool:
        return False

    def fetch(self, path: str) -> str:
        from penstock.runner.shells.docker_files import fetch

        self.provision()
        assert self._engine is not None
        place = tempfile.mkdtemp(dir=os.path.dirname(self._setting.folder), prefix="fetched-")
        fetch(self._engine, self._id, path, place)
        return place

    def put(self, here: str, path: str) -> None:
        from penstock.runner.shells.docker_files import put

        self.provision()
        assert self._engine is not None
        put(self._engine, self._id, here, path)
