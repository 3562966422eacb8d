"""An interactive shell in a build's place, on this machine (`penstock run --debug`)."""

from __future__ import annotations

import os

from penstock.runner.shells.contract import Setting
from penstock.runner.shells.driver import Exchange, quote

START = """PWD={source}
[ ! -f {state} ] || . {state} 2>/dev/null
cd "$PWD"
PS1='(build) $PWD $ '
"""


def interactive(shell: str, folder: str) -> tuple[list[str], dict[str, str]]:
    """The command line of such a shell, and the variables it needs besides the build's."""
    start = os.path.join(folder, "attach.sh")
    if os.path.basename(shell) == "bash":
        return [shell, "--noprofile", "--rcfile", start, "-i"], {}
    return [shell, "-i"], {"ENV": start}


def write_start(folder: str, seen_as: str, source: str) -> None:
    """Writes what the shell reads first; `seen_as` and `source` are the paths as it sees them."""
    state = quote(os.path.join(seen_as, "state.sh"))
    text = START.format(state=state, source=quote(source))
    Exchange(folder).write_script("attach.sh", text)


def attach(setting: Setting, user: str | None) -> int:
    """Opens the shell on this process's terminal and waits for its end; its exit status."""
    write_start(setting.folder, setting.folder, setting.source)
    arguments, variables = interactive(setting.shell, setting.folder)
    environment = {**setting.environment, **variables}
    environment.setdefault("TERM", os.environ.get("TERM", "dumb"))
    if user is None:
        pid = os.posix_spawnp(arguments[0], arguments, environment)
    else:
        from penstock.runner.shells.users import spawn_as

        pid = spawn_as(user, arguments, environment, ends=None)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
