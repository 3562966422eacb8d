"""One running container: made, given programs to run, removed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock.runner.shells.contract import DeadlinePassed, HostError
from penstock.runner.shells.docker.creation import Creation, create
from penstock.runner.shells.docker.engine import SHARING, Note, reason
from penstock.runner.shells.docker.stream import Stream

if TYPE_CHECKING:
    from docker import APIClient

START_SECONDS = 90  # an entrypoint gives its engine about 60 (CB-056)
EXIT_CODE_SECONDS = 2


class Program(NamedTuple):
    """A program in a container.

    `exit_code` waits for its exit status, once it has ended, and raises HostError; `resize` tells
    its terminal the number of lines and columns.
    """

    stream: Stream
    exit_code: Callable[[], int]
    resize: Callable[[int, int], None]


class Running:
    """A container that idles until it is removed or this process ends."""

    def __init__(self, engine: APIClient, creation: Creation, note: Note) -> None:
        """Raises HostError."""
        from docker.errors import DockerException

        self.engine = engine
        self._note = note
        self._image = creation.image
        self.mounts = creation.mounts
        self._programs: list[Stream] = []
        self._held: list[Stream] = []  # at the end of these, the container ends
        word = os.urandom(16).hex()
        try:
            self.id = create(engine, creation, word)
        except DockerException as error:
            raise self._not_started(error) from None
        try:
            # One for all: at the end of any, Podman ends the container's stdin.
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            attached = Stream(engine.attach_socket(self.id, streams))
            self._held.append(attached)
            engine.start(self.id)
            self._await_idle(attached, word.encode())
        except (DockerException, OSError) as error:
            self.remove()
            raise self._not_started(error) from None
        except BaseException:
            self.remove()
            raise

    def execute(self, command: list[str], user: str, **more: Any) -> Program:
        """Starts a program; `more` is for the engine. Raises HostError."""
        from docker.errors import DockerException

        try:
            made = self.engine.exec_create(self.id, command, stdin=True, user=user, **more)
            is_terminal = bool(more.get("tty"))
            handle = self.engine.exec_start(made["Id"], tty=is_terminal, socket=True)
            stream = Stream(handle, framed=not is_terminal)
        except (DockerException, OSError) as error:
            if "unable to find user" in reason(error):
                raise HostError(
                    f"run-as: there is no user {user!r} in the image {self._image}."
                ) from None
            raise self._gone(error) from None
        self._programs.append(stream)
        return Program(
            stream,
            lambda: self._exit_code(made["Id"]),
            lambda lines, columns: self.engine.exec_resize(made["Id"], lines, columns),
        )

    def administer(self, script: str, seconds: float) -> str:
        """Runs a script as root; what it complained of, if it failed. Raises HostError."""
        program = self.execute(["/bin/sh", "-c", script], "0")
        complaint = _complaint(program, seconds, until=None)
        program.stream.close()
        return complaint

    def guard(self, script: str, seconds: float) -> str:
        """As `administer`, of a script that prints a line and then reads one, which never comes.

        What it does after that is done when this process has gone, however it went.
        """
        program = self.execute(["/bin/sh", "-c", script], "0")
        self._programs.remove(program.stream)
        self._held.append(program.stream)
        return _complaint(program, seconds, until=b"\n")

    def remove(self) -> None:
        """Kills all that runs in it, at once."""
        from docker.errors import APIError, NotFound
        from requests import RequestException

        for stream in self._programs:
            stream.close()  # the engine would wait for what they print to be read
        try:
            self.engine.remove_container(self.id, force=True, v=True)
        except NotFound:
            pass
        except (APIError, RequestException) as error:
            if getattr(error, "status_code", None) != 409:  # the engine is removing it already
                self._note(f"Container {self.id[:12]} may be left behind: {reason(error)}")
        finally:
            for stream in self._held:
                stream.close()

    def _await_idle(self, attached: Stream, word: bytes) -> None:
        """Lets the image's entrypoint do its work: it is done when the idle program echoes a word.

        Raises HostError where it ends instead.
        """
        attached.send(word + b"\n")
        deadline = time.monotonic() + START_SECONDS
        printed = b""
        how = "ended before the build could begin"
        try:
            while (received := attached.receive(deadline)) is not None:
                printed = (printed + received[0] + received[1])[-4096:]
                if word in printed:
                    return
        except DeadlinePassed:
            how = f"took over {START_SECONDS} seconds to start"
        raise HostError(
            f"The container of {self._image} {how}. An image for builds must have sh and the usual "
            "programs; one whose entrypoint starts an engine inside must be able to. It printed:\n"
            + printed.decode(errors="replace").strip()
        )

    def _exit_code(self, exec_id: str) -> int:
        from docker.errors import DockerException

        deadline = time.monotonic() + EXIT_CODE_SECONDS
        try:
            while time.monotonic() < deadline:
                code = self.engine.exec_inspect(exec_id)["ExitCode"]
                if code is not None:
                    return int(code)
                time.sleep(0.01)
        except (DockerException, OSError) as error:
            raise self._gone(error) from None
        raise self._gone(TimeoutError("the engine does not tell how the shell ended"))

    def _gone(self, error: Exception) -> HostError:
        return HostError(
            f"The container of the build has ended under it ({reason(error)}). It may have needed "
            "more memory than there is, or somebody removed it."
        )

    def _not_started(self, error: Exception) -> HostError:
        why = reason(error)
        advice = ""
        if any(here in why for here, _ in self.mounts):
            advice = f" {SHARING}"
        elif "executable file not found" in why:
            advice = " An image for builds must have sh and the usual programs."
        return HostError(f"No container of {self._image} can be started: {why}.{advice}")


def _complaint(program: Program, seconds: float, until: bytes | None) -> str:
    """What a program complained of: "" where it ended well or printed `until`. Raises HostError."""
    deadline = time.monotonic() + seconds
    complaint = b""
    try:
        while (received := program.stream.receive(deadline)) is not None:
            if until is not None and until in received[0]:
                return ""
            complaint += received[1]
    except DeadlinePassed:
        return f"it took longer than {seconds:g} seconds"
    if until is None and program.exit_code() == 0:
        return ""
    return complaint.decode(errors="replace").strip() or "it failed"
