"""Starting a shell as another user (`run-as`, CB-018); only root may."""

from __future__ import annotations

import os
import pwd

from penstock.runner.shells.contract import HostError


def spawn_as(
    user: str, arguments: list[str], environment: dict[str, str], ends: tuple[int, int, int]
) -> int:
    """Starts a program in a session of its own as `user`; `ends` become descriptors 0, 1 and 2."""
    try:
        entry = pwd.getpwnam(user)
    except KeyError:
        raise HostError(f"run-as: there is no user {user!r} on this machine.") from None
    if os.geteuid() == entry.pw_uid:
        pass
    elif os.geteuid() != 0:
        raise HostError(
            f"run-as: only root can run commands as {user!r}. Run penstock as root or as {user}, "
            "or in a container (--docker)."
        )
    environment |= {"HOME": entry.pw_dir, "USER": user, "LOGNAME": user}
    pid = os.fork()
    if pid == 0:
        _become(entry, arguments, environment, ends)
    return pid


def _become(
    entry: pwd.struct_passwd,
    arguments: list[str],
    environment: dict[str, str],
    ends: tuple[int, int, int],
) -> None:
    try:
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
