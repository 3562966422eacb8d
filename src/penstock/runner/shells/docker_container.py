"""One running container: made, given programs to run, removed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from penstock.runner.shells.contract import DeadlinePassed, HostError
from penstock.runner.shells.docker_creation import Creation, create
from penstock.runner.shells.docker_engine import Note, reason
from penstock.runner.shells.docker_stream import Stream

if TYPE_CHECKING:
    from docker import APIClient

ENTRYPOINT_SECONDS = 90  # it gives its engine about 60 (CB-056)
EXIT_CODE_SECONDS = 2


class Running:
    """A container that idles until it is removed or this process ends."""

    def __init__(self, engine: APIClient, creation: Creation, note: Note) -> None:
        """Raises HostError."""
        from docker.errors import DockerException

        self.engine = engine
        self._note = note
        self._image = creation.image
        self.mounts = creation.mounts
        self._stdin: Stream | None = None
        try:
            self.id = create(engine, creation)
        except DockerException as error:
            raise self._not_started(error) from None
        try:
            self._stdin = Stream(engine.attach_socket(self.id, {"stdin": 1, "stream": 1}))
            engine.start(self.id)
            if creation.entrypoint:
                self._await_idle(self._stdin)
        except (DockerException, OSError) as error:
            self.remove()
            raise self._not_started(error) from None
        except BaseException:
            self.remove()
            raise

    def execute(
        self, command: list[str], user: str, **more: Any
    ) -> tuple[Stream, Callable[[], int]]:
        """Starts a program: the connection to it, and what tells its exit status once it ended."""
        from docker.errors import DockerException

        try:
            made = self.engine.exec_create(self.id, command, stdin=True, user=user, **more)
            stream = Stream(self.engine.exec_start(made["Id"], socket=True))
        except (DockerException, OSError) as error:
            if "unable to find user" in reason(error):
                raise HostError(
                    f"run-as: there is no user {user!r} in the image {self._image}."
                ) from None
            raise self._gone(error) from None
        return stream, lambda: self._exit_code(made["Id"])

    def administer(self, script: str, seconds: float) -> str:
        """Runs a script as root; what it complained of, if it failed. Raises HostError."""
        stream, exit_code = self.execute(["/bin/sh", "-c", script], "0")
        complaint = b""
        deadline = time.monotonic() + seconds
        try:
            while (received := stream.receive(deadline)) is not None:
                complaint += received[1]
            return "" if exit_code() == 0 else complaint.decode(errors="replace").strip() or "?"
        except DeadlinePassed:
            return f"it took longer than {seconds:g} seconds"
        finally:
            stream.close()

    def remove(self) -> None:
        """Kills all that runs in it, at once."""
        from docker.errors import APIError, NotFound
        from requests import RequestException

        try:
            self.engine.remove_container(self.id, force=True, v=True)
        except NotFound:
            pass
        except (APIError, RequestException) as error:
            if getattr(error, "status_code", None) != 409:  # the engine is removing it already
                self._note(f"Container {self.id[:12]} may be left behind: {reason(error)}")
        finally:
            if self._stdin is not None:
                self._stdin.close()

    def _await_idle(self, stdin: Stream) -> None:
        """Lets the image's entrypoint do its work: it is done when the idle program echoes a word.

        Raises HostError where it ends instead.
        """
        word = os.urandom(16).hex().encode()
        stdout = Stream(self.engine.attach_socket(self.id, {"stdout": 1, "stderr": 1, "stream": 1}))
        printed = b""
        try:
            stdin.send(word + b"\n")
            deadline = time.monotonic() + ENTRYPOINT_SECONDS
            while word not in printed:
                received = stdout.receive(deadline)
                if received is None:
                    raise HostError(self._entrypoint_failed("ended", printed))
                printed = (printed + received[0] + received[1])[-4096:]
        except DeadlinePassed:
            text = self._entrypoint_failed(f"took over {ENTRYPOINT_SECONDS} seconds", printed)
            raise HostError(text) from None
        finally:
            stdout.close()

    def _entrypoint_failed(self, how: str, printed: bytes) -> str:
        last = printed.decode(errors="replace").strip()
        return (
            f"The entrypoint of {self._image}, which starts an engine inside, {how}. "
            f"Run without --privileged if the build needs none. It printed:\n{last}"
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
        if "bind source path" in why or "mounts denied" in why:
            advice = (
                " The engine must see this machine's files: it may run elsewhere, or share only "
                "some folders; set TMPDIR to one of those."
            )
        elif "executable file not found" in why:
            advice = " An image for builds must have sh and the usual programs."
        return HostError(f"No container of {self._image} can be started: {why}.{advice}")
