"""Git directories of hosted repositories, and git at work in them.

What git does there is told by its environment alone: no configuration of this machine, and no hook
in a directory, has a say.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import signal
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from penstock.errors import AwsError
from penstock.state.recorded_repositories import BRANCH, TAG

_LOCK = "penstock.lock"
# Mistakes of old git clients that stand in many histories, and that nothing minds.
_FORGIVEN = (
    "zeroPaddedFilemode",
    "missingSpaceBeforeDate",
    "badTimezone",
    "missingNameBeforeEmail",
)
_SETTINGS = (
    ("safe.directory", "*"),  # the folder may be shared, and another user's
    ("core.hooksPath", os.devnull),
    ("core.fsmonitor", "false"),
    ("http.receivepack", "true"),
    ("http.getanyfile", "false"),
    ("receive.fsckObjects", "true"),
    ("receive.denyDeleteCurrent", "refuse"),
    ("uploadpack.allowFilter", "true"),
    ("uploadpack.allowAnySHA1InWant", "true"),
    *((f"receive.fsck.{name}", "warn") for name in _FORGIVEN),
)
# A zip of a commit has what the commit has, whatever its attributes say of archives and ends of
# lines.
_ATTRIBUTES = "* -export-ignore -export-subst -text -ident -filter\n"
_FORMAT = "%(refname) %(objectname) %(*objectname)"


class GitError(Exception):
    """Git says that something is wrong with a repository. The text says what."""


class Answer(NamedTuple):
    """How git ended: its exit status, what it printed, and its words on stderr."""

    code: int
    output: bytes
    complaint: str

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace").strip()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Of every git program that works on a hosted repository."""
    own = {
        "PATH": os.environ.get("PATH", os.defpath),
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
    }
    for number, (key, value) in enumerate(_SETTINGS):
        own |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return own | dict(extra or {})


async def ask_git(
    folder: str,
    *arguments: str,
    text: bytes = b"",
    variables: Mapping[str, str] | None = None,
    hold: Collection[int] = (),
) -> Answer:
    """What a git command answers, whether or not it fails.

    `text` is what it reads. `hold` are file descriptors that it keeps open. Raises AwsError where
    git is not installed.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "--git-dir",
            folder,
            *arguments,
            stdin=asyncio.subprocess.PIPE if text else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment(variables),
            pass_fds=tuple(hold),
        )
    except FileNotFoundError:
        raise no_git() from None
    try:
        output, complaint = await process.communicate(text or None)
    except BaseException:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
    return Answer(process.returncode or 0, output, complaint.decode("utf-8", "replace").strip())


async def run_git(folder: str, *arguments: str, **named: object) -> Answer:
    """As `ask_git`. Raises GitError where the command fails."""
    answer = await ask_git(folder, *arguments, **named)  # type: ignore[arg-type]
    if answer.code != 0:
        raise GitError(f"git {arguments[0]} failed in {folder}: {answer.complaint}")
    return answer


def no_git() -> AwsError:
    return AwsError(
        "ServiceUnavailable", "git is not installed where the server runs: install it there.", 503
    )


async def make_folder(folder: str) -> None:
    """An empty repository whose first branch is called main, until another one comes first."""
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    await run_git(folder, "init", "-q", "--bare", "--template=", "--initial-branch=main", folder)
    info = Path(folder, "info")
    info.mkdir(exist_ok=True)
    (info / "attributes").write_text(_ATTRIBUTES)


async def remove_folder(folder: str) -> None:
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def is_here(folder: str) -> bool:
    """Whether this machine has a repository's files."""
    return os.path.exists(os.path.join(folder, "HEAD"))


async def read_refs(folder: str) -> dict[str, str]:
    """The commit of every branch and tag, by full name. Raises GitError."""
    answer = await run_git(folder, "for-each-ref", f"--format={_FORMAT}", BRANCH, TAG)
    # Not by `splitlines`: names may have what Unicode counts as the end of a line.
    lines = (line.split(" ") for line in answer.output.decode("utf-8", "replace").split("\n"))
    return {line[0]: line[2] or line[1] for line in lines if len(line) == 3}


async def read_head(folder: str) -> str:
    """The branch that a clone checks out, whether or not it is there. Raises GitError."""
    answer = await run_git(folder, "symbolic-ref", "HEAD")
    return answer.text.removeprefix(BRANCH)


async def set_head(folder: str, branch: str) -> None:
    """Raises GitError."""
    await run_git(folder, "symbolic-ref", "HEAD", BRANCH + branch)


# The kernel gives a lock back once the last program that holds it has ended, however that was.


def hold(folder: str) -> int:
    """A file descriptor that says, for as long as any process has it, that refs may change here.

    Blocks for a moment at most. Raises OSError where the repository is gone.
    """
    found = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(found, fcntl.LOCK_SH)
    except BaseException:
        os.close(found)
        raise
    return found


def is_quiet(folder: str) -> bool:
    """Whether nobody holds the repository. Raises OSError where it is gone."""
    found = os.open(os.path.join(folder, _LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(found, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(found)
    return True


def end_group(group: int) -> None:
    """Ends a program and all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
