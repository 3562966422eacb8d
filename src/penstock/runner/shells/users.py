"""Starting a shell as another user (`run-as`, CB-018); only root may."""

from __future__ import annotations

import os
import pwd
import signal
import stat
from contextlib import suppress

from penstock.runner.shells.contract import HostError

# Python ignores these, and what is ignored stays so in every program the build starts.
NOT_IGNORED = (signal.SIGPIPE, signal.SIGXFSZ)
WRITTEN = ("answer", "state.tmp", "exit.tmp")
READ = ("script.sh", "query.sh", "state.sh")


def hand_over(folder: str, user: str) -> None:
    """Lets a shell that runs as `user` use the files of the driver. Raises HostError."""
    entry = _entry(user)
    if os.geteuid() != 0:
        return  # the folder is this user's already
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    for name in WRITTEN:
        with suppress(FileNotFoundError):
            os.unlink(os.path.join(folder, name))  # an earlier user's
    for name in READ:  # whatever umask they were written under
        with suppress(OSError):
            _give(os.path.join(folder, name), entry)


def _give(path: str, entry: pwd.struct_passwd) -> None:
    file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        info = os.fstat(file)
        if stat.S_ISREG(info.st_mode) and info.st_nlink == 1:  # nothing the earlier user linked to
            os.fchown(file, entry.pw_uid, entry.pw_gid)
    finally:
        os.close(file)


Ends = tuple[int, int, int]


def spawn_as(
    user: str, arguments: list[str], environment: dict[str, str], ends: Ends | None
) -> int:
    """Starts a program as `user`.

    `ends` become descriptors 0, 1 and 2 of a session of its own; None leaves it this process's
    terminal. Raises HostError.
    """
    entry = _entry(user)
    environment |= {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user}
    pid = os.fork()
    if pid == 0:
        _become(entry, arguments, environment, ends)
    return pid


def _entry(user: str) -> pwd.struct_passwd:
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise HostError(f"run-as: there is no user {user!r} on this machine.") from None
    if os.geteuid() not in (0, entry.pw_uid):
        raise HostError(
            f"run-as: only root can run commands as {user!r}. Run penstock as root or as {user}, "
            "or in a container (--docker)."
        )
    return entry


def _become(
    entry: pwd.struct_passwd, arguments: list[str], environment: dict[str, str], ends: Ends | None
) -> None:
    try:
        for ignored in (signal.SIGPIPE, signal.SIGXFSZ):  # by Python; programs expect them
            signal.signal(ignored, signal.SIG_DFL)
        if ends is not None:
            os.setsid()
            for number, end in enumerate(ends):
                os.dup2(end, number)
        if os.geteuid() == 0:
            os.initgroups(entry.pw_name, entry.pw_gid)
            os.setgid(entry.pw_gid)
            os.setuid(entry.pw_uid)
        os.execvpe(arguments[0], arguments, environment)
    except OSError as error:
        os.write(2, f"{arguments[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(126)
