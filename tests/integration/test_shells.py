"""The contract of shells and hosts (`runner/shells/contract.py`), held by every kind of them."""

from __future__ import annotations

import os
import re
import shutil
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

# What is carried from command to command


def test_the_first_directory_is_the_source(place: Place, shell: Shell) -> None:
    """CB-027"""
    assert run(shell, "pwd") == (0, True, place.inside.encode() + b"\n")


def test_directory_exports_and_plain_variables_carry(place: Place, shell: Shell) -> None:
    """CB-026"""
    assert run(shell, "mkdir -p a/b && cd a/b; X='1  2'; export Y=3")[:2] == (0, True)
    printed = f"{place.inside}/a/b 1  2 3 3\n".encode()
    assert run(shell, "echo \"$PWD $X $Y\" $(sh -c 'echo $Y')") == (0, True, printed)


def test_options_of_one_command_are_not_those_of_the_next(shell: Shell) -> None:
    assert run(shell, "set -f -u -C; set -e; :")[0] == 0
    assert run(shell, 'false; echo /*; echo "[$unset]" >x; echo >x')[0] == 0


@pytest.mark.parametrize(
    ("last", "status"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("set -e; false; echo no", 1),
        ("set -u; echo $unset", None),
        ("set -C; exit 4", 4),
        ("sleep 60 & exit 5", 5),
        ("(sleep 60; :) & exit 6", 6),
    ],
)
def test_a_command_that_ends_its_shell_hands_its_state_to_the_next(
    place: Place, shell: Shell, last: str, status: int | None
) -> None:
    """CB-026"""
    ended = run(shell, f"mkdir d; cd d; X=\"it's $((1 + 1))\"; export Y='a b'\n{last}")
    assert ended[1] is False
    assert ended[0] == status or (status is None and ended[0] > 0)
    successor = next_shell(place, shell)
    expected = f"{place.inside}/d it's 2 a b\n".encode()
    assert run(successor, 'echo "$PWD $X $(sh -c \'echo "$Y"\')"') == (0, True, expected)
    successor.close()


def test_an_ended_shell_answers_every_order_with_how_it_ended(shell: Shell) -> None:
    assert run(shell, "exit 3")[:2] == (3, False)
    assert run(shell, "echo no") == (3, False, b"")
    assert shell.query("echo no") is None


@pytest.mark.parametrize(("last", "status"), [("exec true", 0), ("kill -9 $$", 137)])
def test_a_shell_that_ends_without_a_trace_leaves_the_state_saved_before(
    place: Place, shell: Shell, last: str, status: int
) -> None:
    run(shell, "X=kept")
    shell.save()
    assert run(shell, f"X=lost\n{last}")[:2] == (status, False)
    successor = next_shell(place, shell)
    assert run(successor, "echo $X") == (0, True, b"kept\n")
    successor.close()


def test_the_state_is_kept_under_any_umask(place: Place, shell: Shell) -> None:
    run(shell, "umask 077; X=kept; exit 0")
    successor = next_shell(place, shell)
    assert successor.query('printf %s "$X"') == b"kept"
    run(successor, "umask 077")
    assert successor.query('printf %s "$X"') == b"kept"
    successor.close()


# How a command ends


def test_a_missing_program_is_127_and_told_with_the_line_codebuild_tells(shell: Shell) -> None:
    """CB-029"""
    status, alive, output = run(shell, "no-such-program")
    assert (status, alive) == (127, True)
    assert re.search(
        rb"/tmp/script\.sh: (line )?4: (\S+: )?no-such-program: (command )?not found", output
    )


def test_a_command_of_many_lines_ends_as_its_last_line_does(shell: Shell) -> None:
    """CB-028"""
    assert run(shell, "false\ntrue")[0] == 0
    assert run(shell, "true\nfalse")[0] == 1


def test_a_script_with_a_syntax_error_fails_alone(place: Place, shell: Shell) -> None:
    status, alive, output = run(shell, "if")
    assert status > 0
    assert b"yntax error" in output
    successor = shell if alive else next_shell(place, shell)
    assert run(successor, "echo fine") == (0, True, b"fine\n")
    successor.close()


def test_a_background_job_outlives_its_command_and_does_not_hold_it_up(shell: Shell) -> None:
    """CB-031"""
    began = time.monotonic()
    assert run(shell, "sleep 60 & echo $! >pid") == (0, True, b"")
    assert run(shell, "(sleep 60; :) & nohup sleep 60 & echo on") == (0, True, b"on\n")
    assert time.monotonic() - began < 5
    assert run(shell, "kill $(cat pid)")[0] == 0


def test_a_program_whose_reader_has_gone_is_ended_by_the_signal_for_that(shell: Shell) -> None:
    assert run(shell, "yes | head -n 1") == (0, True, b"y\n")


def test_an_exit_trap_is_heard(shell: Shell) -> None:
    assert run(shell, "trap 'echo bye; echo all >&2' EXIT; exit 3") == (3, False, b"bye\nall\n")


def test_closing_lets_an_exit_trap_finish(place: Place, shell: Shell) -> None:
    run(shell, "trap 'echo cleaned >trace' EXIT")
    shell.close()
    shell.close()
    with open(os.path.join(place.source, "trace")) as file:
        assert file.read() == "cleaned\n"


# What a command prints and reads


def test_stdout_and_stderr_come_in_the_order_they_were_printed(shell: Shell) -> None:
    text = "i=0; while [ $i -lt 500 ]; do echo out$i; echo err$i >&2; i=$((i + 1)); done"
    lines = "".join(f"out{i}\nerr{i}\n" for i in range(500))
    assert run(shell, f"{{ {text}; }} 2>&1") == (0, True, lines.encode())


def test_all_of_20_megabytes_is_there_before_the_status(shell: Shell) -> None:
    status, _, output = run(shell, "yes 0123456 | head -c 20000000; (exit 7)")
    assert status == 7
    assert output == b"0123456\n" * 2_500_000


def test_output_is_passed_on_byte_for_byte(shell: Shell) -> None:
    assert run(shell, r"printf 'a\000b\377\200\r\n'")[2] == b"a\0b\xff\x80\r\n"


def test_a_command_may_be_10_megabytes_long(shell: Shell) -> None:
    text = "0123456\n" * 1_310_720
    assert run(shell, f"wc -c <<'END'\n{text}END")[2].strip() == b"10485760"


def test_a_command_may_hold_any_character(shell: Shell) -> None:
    text = b"echo 'caf\xc3\xa9 \xff'".decode("utf-8", "surrogateescape")
    assert run(shell, text)[2] == b"caf\xc3\xa9 \xff\n"


def test_stdin_is_empty(shell: Shell) -> None:
    assert run(shell, "cat; read x; echo $?") == (0, True, b"1\n")
    assert run(shell, "exec </etc/passwd")[0] == 0
    assert run(shell, "cat") == (0, True, b"")


def test_output_of_a_job_goes_to_the_command_that_runs_when_it_prints(shell: Shell) -> None:
    assert run(shell, "mkfifo p; { cat p; echo done >q; } & :")[2] == b""
    assert run(shell, "mkfifo q; echo late >p; cat q >/dev/null")[2] == b"late\n"


# What Penstock asks without the log


def test_a_query_is_unseen_by_the_log(shell: Shell) -> None:
    assert run(shell, "X=1") == (0, True, b"")
    assert shell.query("echo $X; echo error >&2; ls /") == shell.query("echo $X; ls /")
    assert shell.query("false") is None
    assert run(shell, "echo after") == (0, True, b"after\n")


def test_a_query_that_ends_the_shell_has_no_answer(shell: Shell) -> None:
    assert shell.query("exit 0") is None
    assert run(shell, "echo no")[1] is False


# Users and shells


@pytest.mark.parametrize(
    ("kind", "user"),
    [
        pytest.param(LOCAL_SH, "nobody", id="local"),
        pytest.param(DOCKER_SH, "builder", id="docker", marks=pytest.mark.docker),
    ],
)
def test_run_as_another_user_and_back_with_the_state(
    place_in: Callable[[Kind, str], Place], open_folder: str, kind: Kind, user: str
) -> None:
    """CB-018: `whoami` with run-as, root without."""
    if kind.place == "local" and os.geteuid() != 0:
        pytest.skip("run-as on this machine needs root")
    place = place_in(kind, open_folder)
    first = place.host.start(None)
    assert run(first, "id -un; umask 077; X=1") == (0, True, b"root\n")
    first.save()
    first.close()
    second = place.host.start(user)
    second.load()
    assert run(second, "id -un; echo $X; X=2") == (0, True, f"{user}\n1\n".encode())
    assert second.query("printf %s $X") == b"2"
    assert run(second, "exit 3")[:2] == (3, False)
    third = next_shell(place, second)
    assert run(third, "id -un; echo $X") == (0, True, b"root\n2\n")
    third.close()


@pytest.mark.parametrize(
    ("kind", "user"),
    [
        pytest.param(LOCAL_SH, "nobody", id="local-sh"),
        pytest.param(LOCAL_BASH, "nobody", id="local-bash"),
        pytest.param(DOCKER_SH, "builder", id="docker", marks=pytest.mark.docker),
    ],
)
def test_each_user_has_a_home_and_a_name_of_its_own(
    place_in: Callable[[Kind, str], Place], open_folder: str, kind: Kind, user: str
) -> None:
    """CB-018, CB-110"""
    if kind.place == "local" and os.geteuid() != 0:
        pytest.skip("run-as on this machine needs root")
    session = Session(place_in(kind, open_folder).host)
    ask = 'printf \'%s \' "${HOME-}" "${USER-}" "${LOGNAME-}" $X; sh -c \'echo $HOME\''

    def told(as_user: str | None, text: str = ask) -> bytes:
        output = bytearray()
        session.run(text, as_user, output.extend, time.monotonic() + PATIENCE)
        return bytes(output)

    at_first, other = told(None), told(user)
    assert at_first != other
    told(user, "X=1; exit 3")  # nothing of the first user's comes with the next shell either
    assert told(user).split() == [*other.split()[:-1], b"1", *other.split()[-1:]]
    home = told(None, 'printf %s "${HOME-}"')
    assert home == at_first.split(b" ")[0]
    told(None, "export HOME=/elsewhere; exit 3")
    assert told(None, 'printf %s "${HOME-}"') == b"/elsewhere"  # as long as the user is the same
    session.close()


@pytest.mark.parametrize("kind", kinds(LOCAL_SH, LOCAL_BASH, DOCKER_SH, DOCKER_BASH))
def test_the_shell_is_the_one_asked_for(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind
) -> None:
    """CB-017"""
    shell = place_in(kind, str(tmp_path)).host.start(None)
    is_bash = shell.query('[ -n "${BASH_VERSION-}" ]') is not None
    assert is_bash == (kind.shell == "bash")
    shell.close()


@pytest.mark.parametrize(("kind", "status"), [(LOCAL_SH, 127), (LOCAL_BASH, 0)])
def test_double_brackets_work_only_with_bash(
    place_in: Callable[[Kind, str], Place], tmp_path: Path, kind: Kind, status: int
) -> None:
    """CB-017"""
    if os.path.basename(os.path.realpath(shutil.which("sh") or "")) != "dash":
        pytest.skip("this machine's sh has [[ as well")
    shell = place_in(kind, str(tmp_path)).host.start(None)
    assert run(shell, "[[ ab == a* ]]")[0] == status
    shell.close()
