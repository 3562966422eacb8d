"""What a command cannot do to the shells of its build."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from penstock.runner.codebuild.session import Session
from penstock.runner.shells.contract import Shell

from .shell_places import (
    DOCKER_BASH,
    DOCKER_SH,
    LOCAL_BASH,
    LOCAL_SH,
    PATIENCE,
    Kind,
    Place,
    kinds,
    next_shell,
    run,
)


@pytest.mark.parametrize("forgery", ["echo 0 >&9", "echo 0 >&8", "echo 0 >&7", "echo 0 >&1"])
def test_a_forged_answer_fakes_nothing(shell: Shell, forgery: str) -> None:
    assert run(shell, f"{forgery}; (exit 4)")[:2] == (4, True)
    assert run(shell, "echo fine; (exit 5)") == (5, True, b"fine\n")


@pytest.mark.parametrize(
    "hostile",
    [
        "exec >file",
        "exec >&- 2>&-",
        "exec 7>file 8>file 9>file",
        "trap 'echo bye' EXIT",
        "set -x -u -f",
        "set -C -a -v",
        "IFS=:nyr",
        "IFS=.n",
        r"IFS='\n'",
        "break; true",
        "continue",
        "readonly IFS",
        "read() { echo fake; return 1; }; echo() { printf fake; }",
        "printf() { echo fake; }",
        "cd() { echo fake; }",
        "command() { echo fake; }",
        "alias echo='printf fake' read=false",
        "unset PATH",
        "umask 777",
        "mkdir gone; cd gone; rmdir ../gone",
        "__penstock=sync",
    ],
)
def test_a_command_does_not_break_the_session(place: Place, shell: Shell, hostile: str) -> None:
    assert run(shell, hostile)[:2] == (0, True)
    assert run(shell, "command printf '%s\\n' fine; (exit 5)") == (5, True, b"fine\n")
    assert shell.query("command printf %s answer") == b"answer"
    shell.save()
    successor = next_shell(place, shell)
    assert run(successor, "command printf '%s\\n' again") == (0, True, b"again\n")
    successor.close()


@pytest.mark.parametrize("kind", kinds(LOCAL_BASH, DOCKER_BASH))
def test_bash_has_more_ways_and_none_breaks_the_session(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind
) -> None:
    place = place_in(kind, str(tmp_path))
    shell = place.host.start(None)
    hostile = (
        "set() { echo fake; }; exec 10>file 11>file; shopt -s failglob extdebug; set -o pipefail\n"
        "trap 'echo trapped' DEBUG ERR; declare -A map=([a]='1 2'); list=(x 'y z')\n"
        "unset -f set; trap - DEBUG ERR"
    )
    assert run(shell, hostile)[:2] == (0, True)
    assert run(shell, "false | true; echo ${map[a]} ${#list[@]}") == (0, True, b"1 2 2\n")
    assert run(shell, "f() { echo in f; }; exit 2")[:2] == (2, False)
    successor = next_shell(place, shell)
    assert run(successor, 'f; echo "${map[a]}" "${list[1]}"')[2] == b"in f\n1 2 y z\n"
    successor.close()


@pytest.mark.parametrize("noexec", ["set -n", "set -o noexec; exit 3", "set -en\necho no"])
def test_turning_execution_off_ends_a_command_and_nothing_else(
    place: Place, shell: Shell, noexec: str
) -> None:
    run(shell, "X=kept")
    shell.save()
    assert run(shell, noexec) == (0, False, b"")
    successor = next_shell(place, shell)
    assert run(successor, "echo $X; (exit 5)") == (5, True, b"kept\n")
    successor.close()


@pytest.mark.parametrize(
    "closing",
    [
        "exec 10>&-",
        "exec 11>&-",
        "exec 12>&- 11>&- 10>&-",
        "exec 10>file; exec 10>&-",
        'for fd in {10..40}; do eval "exec $fd>&-"; done',
        'for fd in {10..40}; do eval "exec $fd>file"; done',
    ],
)
@pytest.mark.parametrize("kind", kinds(LOCAL_BASH, DOCKER_BASH))
def test_descriptors_that_bash_uses_itself_may_be_closed_or_taken(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind, closing: str
) -> None:
    session = Session(place_in(kind, str(tmp_path)).host)
    assert perform(session, f"X=kept; {closing}; (exit 4)")[0] == 4
    assert perform(session, "echo $X; (exit 5)") == (5, b"kept\n")
    assert session.query("command printf %s answer") == b"answer"
    session.close()


BUILTINS = (
    *("set", "exec", "trap", "read", "unset", "declare", "echo", "export", "cd", ".", "source"),
    *("builtin", "command", "[", "test", ":", "true", "false", "shopt", "exit", "return", "eval"),
)


def perform(session: Session, text: str) -> tuple[int, bytes]:
    output = bytearray()
    status = session.run(text, None, output.extend, time.monotonic() + PATIENCE)
    return status, bytes(output)


@pytest.mark.parametrize("kind", kinds(LOCAL_SH, LOCAL_BASH, DOCKER_SH, DOCKER_BASH))
def test_functions_with_the_names_of_builtins_neither_fake_nor_break_anything(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind
) -> None:
    place = place_in(kind, str(tmp_path))
    session = Session(place.host)
    for name in BUILTINS:  # a POSIX shell refuses some, and ends
        perform(session, f"X={name}\n{name}() {{ printf fake; kill -9 $$; }}")
        assert perform(session, "sh -c 'exit 5'") == (5, b"")
        session.checkpoint()
        assert session.variables(("X",)) == {"X": name}
        session.export("Z", name)
        assert perform(session, 'printf %s "$Z"') == (0, name.encode())
        assert session.expand("in $X") == f"in {name}"
    session.close()
    session = Session(place.host)
    assert perform(session, "printf fine; sh -c 'exit 5'") == (5, b"fine")
    session.close()


@pytest.mark.parametrize("kind", kinds(LOCAL_SH, LOCAL_BASH, DOCKER_SH, DOCKER_BASH))
def test_aliases_with_the_names_of_builtins_neither_fake_nor_break_anything(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind
) -> None:
    session = Session(place_in(kind, str(tmp_path)).host)
    for name in BUILTINS:
        expanding = "shopt -s expand_aliases\n" if kind.shell == "bash" else ""
        perform(session, f"{expanding}\\alias {name}='printf fake; kill -9 $$'\nX={name}")
        assert perform(session, "sh -c 'exit 5'") == (5, b"")
        assert session.variables(("X",)) == {"X": name}
        session.export("Z", name)
        assert perform(session, 'printf %s "$Z"') == (0, name.encode())
        assert session.expand("in $X") == f"in {name}"
    session.close()


@pytest.mark.parametrize("name", ["command", "unset", "declare", "[", "."])
def test_a_function_with_the_name_of_a_builtin_loses_no_state_at_an_exit(
    place: Place, shell: Shell, name: str
) -> None:
    run(shell, f"X=kept\n{name}() {{ printf fake; }}\nexit 3")
    successor = next_shell(place, shell)
    assert run(successor, "printf %s $X; sh -c 'exit 5'") == (5, True, b"kept")
    successor.close()
