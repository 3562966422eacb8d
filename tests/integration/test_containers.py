"""What only containers have: isolation, images, entrypoints, and their own end."""

from __future__ import annotations

import io
import os
import signal
import stat
import subprocess
import sys
import tarfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.runner.shells.contract import HostError, Setting
from penstock.runner.shells.docker import Container
from penstock.runner.shells.docker.container import Running
from penstock.runner.shells.docker.creation import ContainerOptions, Creation, create, creation
from penstock.runner.shells.docker.engine import DOCKER_SOCKET, ImageError, connect, places

from ..needs import lacking

pytestmark = pytest.mark.docker
INSIDE = "/codebuild/output/src123456789/src"

Make = Callable[..., Container]


@pytest.fixture
def make(tmp_path: Path, image: str) -> Iterator[Make]:
    """Makes a container with `tmp` and `src` of the test's folder; all are stopped in the end."""
    made: list[Container] = []
    (tmp_path / "tmp").mkdir()
    (tmp_path / "src").mkdir()

    def make(name: str = image, shell: str = "sh", **more: Any) -> Container:
        environment = {"GIVEN": "yes", "CODEBUILD_BUILD_ID": "a:1"}
        setting = Setting(
            shell,
            str(tmp_path / "tmp"),
            str(tmp_path / "src"),
            environment,
            "CODEBUILD_BUILD_ID=a:1",
        )
        made.append(Container(setting, ContainerOptions(name, INSIDE, **more), print))
        return made[-1]

    yield make
    for container in made:
        container.stop()


@pytest.fixture
def privileged(make: Make, monkeypatch: pytest.MonkeyPatch) -> Container:
    """A privileged container, of the engine in use or of the next one here that may start it.

    An engine may not where it has not got all capabilities itself. Where none may the test is
    skipped, in CI it fails.
    """
    in_use = os.environ.get("DOCKER_HOST") or DOCKER_SOCKET
    refusals = []
    for place in dict.fromkeys((in_use, *places({**os.environ, "DOCKER_HOST": ""}, None))):
        monkeypatch.setenv("DOCKER_HOST", place)
        container = make(privileged=True)
        try:
            container.provision()
            return container
        except HostError as error:
            if place == in_use and "unable to apply caps" not in str(error):
                raise
            refusals.append(f"{place}: {error}")
    message = "no engine here may start privileged containers:\n" + "\n".join(refusals)
    raise lacking(message)


def answer(container: Container, text: str) -> str:
    """What a command prints."""
    shell = container.start(None)
    try:
        return (shell.query(text) or b"").decode()
    finally:
        shell.close()


def test_commands_run_as_root_though_the_image_has_another_user(make: Make) -> None:
    """CB-018"""
    assert answer(make(), "id -u; echo $HOME") == "0\n/root\n"


def test_variables_of_the_image_stay_and_those_of_the_build_are_added(make: Make) -> None:
    """CB-011"""
    assert answer(make(), "echo $FROM_IMAGE $GIVEN") == "yes yes\n"


def test_nothing_of_this_machine_is_seen_but_the_two_folders(make: Make, tmp_path: Path) -> None:
    (tmp_path / "src" / "file").write_text("here")
    (tmp_path / "beside").write_text("not here")
    container = make()
    assert answer(container, "cat file; ls -A /codebuild/output") == "heresrc123456789\ntmp\n"
    found = answer(
        container, "ls /codebuild/output/src123456789 /codebuild; ls /var/run/docker.sock"
    )
    assert "beside" not in found and "docker.sock" not in found
    answer(container, "echo made >there")
    assert (tmp_path / "src" / "there").read_text() == "made\n"


def test_a_container_is_not_privileged_and_gains_no_privileges(make: Make) -> None:
    """CB-057: not privileged by default."""
    container = make()
    assert answer(container, "mkdir /mnt; mount -t tmpfs none /mnt && echo mounted") == ""
    assert answer(container, "grep NoNewPrivs /proc/self/status").split()[1] == "1"
    assert answer(container, "ls /run/engine-inside") == ""


def test_an_engine_is_asked_for_a_privileged_container_with_its_entrypoint(
    engine: Any, image: str, tmp_path: Path
) -> None:
    """CB-056, CB-057"""
    options = ContainerOptions(image, INSIDE, privileged=True)
    plan = creation(options, engine.inspect_image(image), str(tmp_path), str(tmp_path))
    container = create(engine, plan, "word")
    try:
        known = engine.inspect_container(container)
    finally:
        engine.remove_container(container, force=True, v=True)
    assert known["HostConfig"]["Privileged"]
    assert "no-new-privileges" not in (known["HostConfig"]["SecurityOpt"] or [])
    assert "/usr/local/bin/dockerd-entrypoint.sh" in known["Config"]["Entrypoint"]
    assert "/var/lib/docker" in [mount["Destination"] for mount in known["Mounts"]]


def test_a_privileged_container_may_mount_and_has_its_entrypoint_run(privileged: Container) -> None:
    """CB-056, CB-057"""
    mounting = "mkdir /mnt; mount -t tmpfs none /mnt && echo mounted"
    assert answer(privileged, mounting) == "mounted\n"
    assert answer(privileged, "ls /run/engine-inside") != ""


def test_the_entrypoint_has_done_its_work_before_the_first_command(engine: Any, image: str) -> None:
    """CB-056"""
    entrypoint = ("/usr/local/bin/dockerd-entrypoint.sh",)
    running = Running(engine, Creation(image, entrypoint, (), ContainerOptions(image, "")), print)
    try:
        assert running.administer("ls /run/engine-inside", 10) == ""
    finally:
        running.remove()


def test_an_entrypoint_that_fails_is_told_with_what_it_printed(engine: Any, image: str) -> None:
    """CB-056: after its time is over it exits 1."""
    entrypoint = ("/bin/sh", "-c", "echo no engine today >&2; exit 1", "dockerd-entrypoint.sh")
    with pytest.raises(HostError, match="no engine today"):
        Running(engine, Creation(image, entrypoint, (), ContainerOptions(image, "")), print)


def test_limits_and_labels_reach_the_engine(make: Make) -> None:
    container = make(cpus=1.5, memory=256 << 20)
    running = container.provision()
    known = running.engine.inspect_container(running.id)
    assert known["HostConfig"]["NanoCpus"] == 1_500_000_000
    assert known["HostConfig"]["Memory"] == 256 << 20
    assert known["HostConfig"]["LogConfig"]["Type"] == "none"
    assert known["Config"]["Labels"]["penstock"] == "build"
    assert "GIVEN=yes" not in str(known), "variables, some of them secret, show in docker inspect"


# Errors


def test_an_image_that_cannot_be_pulled_is_codebuilds_error(make: Make) -> None:
    """CB-042: the code of it."""
    with pytest.raises(ImageError, match="PENSTOCK_IMAGES") as raised:
        make("penstock-test.invalid/none:1").provision()
    assert raised.value.code == "BUILD_CONTAINER_UNABLE_TO_PULL_IMAGE"


def test_an_ubuntu_image_of_codebuilds_is_never_asked_of_a_stranger(make: Make) -> None:
    """CB-055: it must be built."""
    with pytest.raises(ImageError, match=r"docker build -t aws/codebuild/standard:0\.1 "):
        make("aws/codebuild/standard:0.1").provision()


def test_an_image_without_sh_is_told(make: Make, engine: Any) -> None:
    """CB-017: the image must contain sh."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    engine.import_image_from_data(archive.getvalue(), "penstock-test-empty", "latest")
    try:
        with pytest.raises(HostError, match="must have sh"):
            make("penstock-test-empty:latest").start(None)
    finally:
        engine.remove_image("penstock-test-empty:latest", force=True)


def test_a_shell_the_image_lacks_is_told(make: Make) -> None:
    """CB-017"""
    with pytest.raises(HostError, match=r"no shell zsh.*env\.shell"):
        make(shell="zsh").start(None)


def test_a_user_the_image_lacks_is_told(make: Make) -> None:
    """CB-018"""
    with pytest.raises(HostError, match=r"run-as: .*nobody-there"):
        make().start("nobody-there")


def test_a_folder_that_is_none_where_the_engine_runs_is_told(make: Make, tmp_path: Path) -> None:
    (tmp_path / "src").rmdir()
    (tmp_path / "src").symlink_to("nowhere")
    with pytest.raises(HostError, match="TMPDIR"):
        make().provision()


def test_a_folder_that_is_another_where_the_engine_runs_is_told(make: Make, tmp_path: Path) -> None:
    container = make()
    container.provision()
    (tmp_path / "tmp").rename(tmp_path / "theirs")
    (tmp_path / "tmp").mkdir()
    with pytest.raises(HostError, match="TMPDIR"):
        container.start(None)


def test_no_engine_is_told_with_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(HostError, match=r"none\.sock: No such file"):
        connect()


def test_a_container_removed_under_a_build_is_told(make: Make, engine: Any) -> None:
    container = make()
    shell = container.start(None)
    engine.remove_container(container.provision().id, force=True)
    with pytest.raises(HostError, match="ended under it"):
        shell.run("echo lost", lambda data: None, None)
    shell.close()


# What a build may do to the folder it shares with Penstock


@pytest.mark.parametrize(
    "trap",
    [
        "ln -sf /etc/passwd /codebuild/output/tmp/answer",
        "cd /codebuild/output/tmp; rm answer; mkfifo answer; cat answer & :",
        "rm /codebuild/output/tmp/answer; ln -s /dev/zero /codebuild/output/tmp/answer",
    ],
)
def test_an_answer_is_never_read_through_a_link_or_pipe(make: Make, trap: str) -> None:
    shell = make().start(None)
    assert shell.run(trap, lambda data: None, None).status == 0
    assert shell.query("echo x") is None
    shell.close()


@pytest.mark.parametrize(
    "trap",
    ["mkfifo $F", "mknod $F b 7 0", "ln -s /etc/passwd $F", "mkdir $F"],
)
def test_a_command_is_never_written_through_a_link_or_device(make: Make, trap: str) -> None:
    shell = make().start(None)
    shell.run(f"F=/codebuild/output/tmp/script.sh; rm $F; {trap}", lambda data: None, None)
    with pytest.raises(HostError, match=r"script\.sh"):
        shell.run("echo x", lambda data: None, None)
    shell.close()


# Files elsewhere in the container


def test_files_come_out_and_go_in_again(make: Make, tmp_path: Path) -> None:
    container = make()
    made = (
        "mkdir -p /root/.npm/a; cd /root/.npm; echo x >a/x; chmod 755 a/x; ln -s a/x link; ln a/x y"
    )
    answer(container, f"{made}; ln -s /etc/passwd out; ln -s ../../etc out2; mkfifo p; rm p")
    place = Path(container.fetch("/root/.npm"))
    assert sorted(path.name for path in place.iterdir()) == ["a", "link", "y"]
    assert (place / "link").read_text() == (place / "y").read_text() == "x\n"
    assert stat.S_IMODE((place / "a" / "x").stat().st_mode) == 0o755
    container.stop()
    fresh = make()
    fresh.put(str(place), "/root/.npm")
    assert answer(fresh, "cd /root/.npm; cat a/x link y; readlink link") == "x\nx\nx\na/x\n"


def test_files_come_out_of_a_frozen_build(make: Make) -> None:
    container = make()
    answer(container, "mkdir /data; echo x >/data/x")
    container.freeze()
    assert os.listdir(container.fetch("/data")) == ["x"]


def test_a_folder_that_is_not_there_comes_out_empty(make: Make) -> None:
    assert os.listdir(make().fetch("/root/none")) == []


# The end


PROGRAM = """
import os, shutil, sys
import docker.types
from penstock.runner.shells.contract import Setting
from penstock.runner.shells.docker import Container
from penstock.runner.shells.docker.creation import ContainerOptions

base, image, user, group = sys.argv[1:]
if os.geteuid() != int(user):
    # Only now: another user may not be able to read this Python.
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
os.makedirs(base + "/tmp")
os.makedirs(base + "/src")
setting = Setting("sh", base + "/tmp", base + "/src", {}, "A=1")
container = Container(setting, ContainerOptions(image, "/codebuild/output/src1/src"), print)
shell = container.start(None)
"""


def penstock(
    more: str,
    base: Path,
    image: str,
    user: int = os.geteuid(),
    group: int = os.getegid(),
    terminal: int = subprocess.PIPE,
) -> subprocess.Popen[str]:
    """A process of its own that starts a container and then does `more`."""
    program = PROGRAM + textwrap.dedent(more)
    command = [sys.executable, "-c", program, str(base), image, str(user), str(group)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        command, stdin=terminal, stdout=subprocess.PIPE, text=True, env=environment
    )


def test_an_interactive_shell_has_the_terminal_and_the_state(tmp_path: Path, image: str) -> None:
    more = """
        shell.run("cd /; X=kept", print, None)
        shell.save()
        print("status", container.attach(None))
        container.stop()
    """
    ours, theirs = os.openpty()
    with penstock(more, tmp_path / "build", image, terminal=theirs) as process:
        os.write(ours, b"echo $X in $PWD on $(tty); exit 7\n")
        printed, _ = process.communicate(timeout=20)
    os.close(ours)
    os.close(theirs)
    assert "kept in / on /dev/" in printed
    assert "status 7" in printed


@pytest.mark.parametrize("freeze", ["", "container.freeze()"])
def test_a_penstock_that_is_killed_leaves_no_container(
    tmp_path: Path, engine: Any, image: str, freeze: str
) -> None:
    more = f"""
        shell.run("sleep 1000 &", print, None)
        {freeze}
        print(container.provision().id, flush=True)
        sys.stdin.read()
    """
    from docker.errors import NotFound

    with penstock(more, tmp_path / "build", image) as process:
        assert process.stdout is not None
        container = process.stdout.readline().strip()
        assert engine.inspect_container(container)["State"]["Running"]
        process.send_signal(signal.SIGKILL)
    try:
        engine.wait(container, timeout=10, condition="removed")
    except NotFound:
        pass
    with pytest.raises(NotFound):
        engine.inspect_container(container)


def test_an_interrupt_leaves_no_container(tmp_path: Path, engine: Any, image: str) -> None:
    more = """
        print(container.provision().id, flush=True)
        try:
            shell.run("echo begun; sleep 1000", lambda data: print(data, flush=True), None)
        except KeyboardInterrupt:
            container.stop()
            print("stopped", flush=True)
    """
    from docker.errors import NotFound

    with penstock(more, tmp_path / "build", image) as process:
        assert process.stdout is not None
        container = process.stdout.readline().strip()
        assert "begun" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=2) == 0
        with pytest.raises(NotFound):
            engine.inspect_container(container)


def test_a_user_who_is_not_root_can_remove_what_root_in_the_container_made(
    open_folder: str, image: str
) -> None:
    more = """
        def run(text):
            assert shell.run(text, print, None).status == 0
        run("umask 077; mkdir -p a/b /codebuild/output/tmp/c; echo x >a/b/x; ln -s /etc a/link")
        container.reclaim(base + "/src/a")
        assert open(base + "/src/a/b/x").read() == "x\\n"
        assert shell.query("echo answered") == b"answered\\n"
        shell.save()
        assert os.path.exists(base + "/tmp/state.sh")
        run("mkdir -p more/d; sleep 60 &")
        container.freeze()
        os.listdir(base + "/src/more/d")
        container.stop()
        shutil.rmtree(base)
    """
    user, group = os.geteuid(), os.getegid()
    if user == 0:
        socket = os.environ.get("DOCKER_HOST", DOCKER_SOCKET).removeprefix("unix://")
        user, group = 65534, os.stat(socket).st_gid
        os.chmod(open_folder, 0o777)
    base = Path(open_folder) / "build"
    with penstock(more, base, image, user, group) as process:
        assert process.wait(timeout=60) == 0
    assert not base.exists()
