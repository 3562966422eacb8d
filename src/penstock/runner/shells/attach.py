"""An interactive shell in a build's place, on this machine (`penstock run --debug`)."""

from __future__ import annotations

import os

from penstock.runner.shells.contract import Setting
from penstock.runner.shells.driver import Exchange, quote

START = """[ ! -f {state} ] || . {state} 2>/dev/null
cd "$PWD"
PS1='(build) $PWD $ '
"""


def interactive(shell: str, folder: str) -> tuple[list[str], dict[str, str]]:
    """The command line of such a shell, and the variables it needs besides the build's."""
    start = os.path.join(folder, "attach.sh")
    if os.path.basename(shell) == "bash":
        return [shell, "--noprofile", "--rcfile", start, "-i"], {}
    return [shell, "-i"], {"ENV": start}


def write_start(folder: str, seen_as: str) -> None:
    """Writes what the shell reads first; it finds the folder at `seen_as`."""
    text = START.format(state=quote(os.path.join(seen_as, "state.sh")))
    Exchange(folder).write_script("attach.sh", text)


def attach(setting: Setting) -> int:
    """Opens the shell on this process's terminal and waits for its end; its exit status."""
    write_start(setting.folder, setting.folder)
    arguments, variables = interactive(setting.shell, setting.folder)
    environment = {**setting.environment, **variables, "PWD": setting.source}
    environment.setdefault("TERM", os.environ.get("TERM", "dumb"))
    pid = os.posix_spawnp(arguments[0], arguments, environment)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
