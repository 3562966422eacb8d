"""The contract of shells and hosts (`runner/shells/contract.py`), held by every kind of them."""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from penstock.runner.codebuild.session import Session
from penstock.runner.shells.contract import DeadlinePassed, Host, Setting, Shell
from penstock.runner.shells.local import LocalHost

PATIENCE = 30.0
INSIDE = "/codebuild/output/src123456789/src"


class Kind(NamedTuple):
    place: str
    shell: str


LOCAL_SH, LOCAL_BASH = Kind("local", "sh"), Kind("local", "bash")
DOCKER_SH, DOCKER_BASH = Kind("docker", "sh"), Kind("docker", "bash")


def kinds(*wanted: Kind) -> list[object]:
    return [
        pytest.param(
            kind,
            id="-".join(kind),
            marks=[pytest.mark.docker] if kind.place == "docker" else [],
        )
        for kind in wanted
    ]


class Place(NamedTuple):
    """A host, and its two folders as the test sees them. `inside` is the source as it sees it."""

    kind: Kind
    host: Host
    folder: str
    source: str
    inside: str


@pytest.fixture
def place_in(request: pytest.FixtureRequest) -> Iterator[Callable[[Kind, str], Place]]:
    """Makes a place below a folder; all are stopped in the end."""
    places = []

    def make(kind: Kind, base: str) -> Place:
        folder, source = os.path.join(base, "tmp"), os.path.join(base, "src123456789", "src")
        os.makedirs(folder)
        os.makedirs(source)
        build = f"test:{random.getrandbits(64)}"
        environment = {"PATH": os.environ["PATH"], "CODEBUILD_BUILD_ID": build}
        setting = Setting(kind.shell, folder, source, environment, f"CODEBUILD_BUILD_ID={build}")
        if kind.place == "local":
            places.append(Place(kind, LocalHost(setting), folder, source, source))
        else:
            from penstock.runner.shells.docker import Container
            from penstock.runner.shells.docker.creation import ContainerOptions

            options = ContainerOptions(request.getfixturevalue("image"), INSIDE)
            host = Container(setting, options, print)
            places.append(Place(kind, host, folder, source, INSIDE))
        return places[-1]

    yield make
    for place in places:
        place.host.stop()


@pytest.fixture(params=kinds(LOCAL_SH, LOCAL_BASH, DOCKER_SH))
def place(
    request: pytest.FixtureRequest, place_in: Callable[[Kind, str], Place], tmp_path: Path
) -> Place:
    return place_in(request.param, str(tmp_path))


@pytest.fixture
def shell(place: Place) -> Iterator[Shell]:
    shell = place.host.start(None)
    yield shell
    place.host.stop()
    shell.close()


def run(shell: Shell, text: str) -> tuple[int, bool, bytes]:
    """Status, whether the shell lives, and all that was printed."""
    output = bytearray()
    ended = shell.run(text, output.extend, time.monotonic() + PATIENCE)
    return ended.status, ended.alive, bytes(output)


def next_shell(place: Place, shell: Shell) -> Shell:
    """The shell that takes over from one that ended."""
    shell.close()
    successor = place.host.start(None)
    successor.load()
    return successor


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


# What a command cannot do to the session


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


# What Penstock asks without the log


def test_a_query_is_unseen_by_the_log(shell: Shell) -> None:
    assert run(shell, "X=1") == (0, True, b"")
    assert shell.query("echo $X; echo error >&2; ls /") == shell.query("echo $X; ls /")
    assert shell.query("false") is None
    assert run(shell, "echo after") == (0, True, b"after\n")


def test_a_query_that_ends_the_shell_has_no_answer(shell: Shell) -> None:
    assert shell.query("exit 0") is None
    assert run(shell, "echo no")[1] is False


# Deadlines


def running(mark: str) -> list[str]:
    """The processes of this machine, in containers or not, that have `mark` as an argument."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                arguments = file.read().split(b"\0")
        except OSError:
            continue
        if mark.encode() in arguments:
            found.append(pid)
    return found


def test_after_a_deadline_everything_ends_within_two_seconds(place: Place, shell: Shell) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    text = (
        f"echo begun; sleep {mark} & setsid sleep {mark} & nohup sleep {mark} &\n"
        f"(setsid sh -c 'sleep {mark} & sleep {mark}' &)\ntrap '' TERM INT HUP; sleep {mark}"
    )
    output = bytearray()
    with pytest.raises(DeadlinePassed):
        shell.run(text, output.extend, time.monotonic() + 1)
    assert bytes(output) == b"begun\n"
    assert len(running(mark)) >= 6
    began = time.monotonic()
    place.host.stop()
    shell.close()
    assert time.monotonic() - began < 2
    assert running(mark) == []
    place.host.stop()


ESCAPING = """\
setsid env -i sleep {mark} & (setsid env -i sleep {mark} &)
sh -c 'setsid env -i sh -c "sleep {mark} & sleep {mark}" &'
"""


def await_running(mark: str, count: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while len(running(mark)) < count:
        assert time.monotonic() < deadline
        os.sched_yield()


def test_what_leaves_its_session_and_its_environment_ends_with_the_build(
    place: Place, shell: Shell
) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    run(shell, ESCAPING.format(mark=mark))
    run(shell, f"{ESCAPING.format(mark=mark)}exit 3")
    await_running(mark, 8)
    place.host.stop()
    shell.close()
    assert running(mark) == []


def test_nothing_ends_with_a_build_but_its_own(
    place_in: Callable[[Kind, str], Place], tmp_path: Path
) -> None:
    mark, mine = (f"{random.randrange(10**8, 10**9)}" for _ in range(2))
    first, second = (place_in(LOCAL_SH, str(tmp_path / name)) for name in ("first", "second"))
    shells = [place.host.start(None) for place in (first, second)]
    run(shells[0], ESCAPING.format(mark=mine))
    run(shells[1], ESCAPING.format(mark=mark))
    await_running(mark, 4)
    await_running(mine, 4)
    with subprocess.Popen(["setsid", "sleep", mine]) as child:
        await_running(mine, 5)
        first.host.stop()
        assert len(running(mark)) == 4
        assert running(mine) == [str(child.pid)]
        assert run(shells[1], "echo on") == (0, True, b"on\n")
        child.kill()
    second.host.stop()
    assert running(mark) == []
    for shell in shells:
        shell.close()


def test_a_deadline_holds_for_a_command_that_never_stops_printing(
    place: Place, shell: Shell
) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        shell.run("yes & yes", lambda data: None, began + 0.5)
    place.host.stop()
    assert time.monotonic() - began < 2.5


def test_a_frozen_build_runs_nothing_any_more(place: Place, shell: Shell) -> None:
    mark = f"{random.randrange(10**8, 10**9)}"
    run(shell, f"sleep {mark} & setsid sh -c 'while :; do sleep {mark}; done' & echo kept >file")
    shell.close()
    place.host.freeze()
    states = []
    for pid in running(mark):
        with open(f"/proc/{pid}/stat") as file:
            states.append(file.read().rpartition(")")[2].split()[0])
    assert set(states) <= {"T"}
    with open(os.path.join(place.source, "file")) as file:
        assert file.read() == "kept\n"
    place.host.stop()
    assert running(mark) == []


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
