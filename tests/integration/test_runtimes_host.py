"""Runtimes found on machines that are made of folders and real programs."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from penstock.runner.codebuild.runtimes import Installed, Link, select
from penstock.runner.codebuild.runtimes.host import find, make_links


def program(path: Path, prints: str = "", *, log: Path | None = None, error: bool = False) -> None:
    """A program that prints something, whatever it is asked, and leaves a trace of having run."""
    path.parent.mkdir(parents=True, exist_ok=True)
    trace = f"echo {path.name} >> '{log}'\n" if log else ""
    path.write_text(f"#!/bin/sh\n{trace}cat <<'END'{' >&2' if error else ''}\n{prints}\nEND\n")
    path.chmod(0o755)


def look(root: Path, runtime: str, **variables: str) -> list[Installed]:
    environ = {"HOME": f"{root}/home", "PATH": f"{root}/usr/bin:/bin", **variables}
    environ["PATH"] = environ["PATH"].replace(":/bin", f":{root}/bin")
    return find([runtime], environ, str(root))


@pytest.mark.parametrize(
    ("runtime", "program_path", "version", "source"),
    [
        ("python", "home/.pyenv/versions/3.12.1/bin/python3", "3.12.1", "pyenv"),
        ("python", "home/.asdf/installs/python/3.11.4/bin/python3", "3.11.4", "asdf"),
        ("python", "home/.local/share/mise/installs/python/3.9.2/bin/python3", "3.9.2", "mise"),
        ("nodejs", "home/.nvm/versions/node/v18.19.0/bin/node", "18.19.0", "nvm"),
        ("nodejs", "home/.volta/tools/image/node/20.1.0/bin/node", "20.1.0", "volta"),
        ("nodejs", "home/.fnm/node-versions/v18.1.0/installation/bin/node", "18.1.0", "fnm"),
        ("nodejs", "usr/local/n/versions/node/16.2.0/bin/node", "16.2.0", "n"),
        ("golang", "home/.asdf/installs/golang/1.22.1/go/bin/go", "1.22.1", "asdf"),
        ("golang", "home/.goenv/versions/1.21.0/bin/go", "1.21.0", "goenv"),
        ("golang", "usr/lib/go-1.19/bin/go", "1.19", "{root}/usr/lib/go-1.19"),
        ("ruby", "home/.rbenv/versions/3.2.2/bin/ruby", "3.2.2", "rbenv"),
        ("php", "home/.phpenv/versions/8.2.1/bin/php", "8.2.1", "phpenv"),
        (
            "rust",
            "home/.rustup/toolchains/1.75.0-x86_64-unknown-linux-gnu/bin/rustc",
            "1.75.0",
            "rustup",
        ),
    ],
)
def test_a_folder_tells_the_version(
    tmp_path: Path, runtime: str, program_path: str, version: str, source: str
) -> None:
    """CB-050: nothing is started to know it."""
    program(tmp_path / program_path, log=tmp_path / "ran")
    (found,) = look(tmp_path, runtime)
    assert (found.version, found.source) == (version, source.format(root=tmp_path))
    assert found.directory == str((tmp_path / program_path).parent)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "name", ["pypy3.9-7.3.9", "myenv", "3.13-dev", "3.14.0rc1", "miniconda3-4.7.12"]
)
def test_a_folder_of_another_name_is_not_taken_for_a_version(tmp_path: Path, name: str) -> None:
    program(tmp_path / f"home/.pyenv/versions/{name}/bin/python3")
    assert look(tmp_path, "python") == []


def test_a_version_without_its_program_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "home/.nvm/versions/node/v18.19.0/bin").mkdir(parents=True)
    assert look(tmp_path, "nodejs") == []


def test_a_manager_may_be_where_its_variable_says(tmp_path: Path) -> None:
    program(tmp_path / "opt/nvm/versions/node/v18.19.0/bin/node")
    (found,) = look(tmp_path, "nodejs", NVM_DIR=f"{tmp_path}/opt/nvm")
    assert found.source == "nvm"


def test_another_name_for_a_version_is_not_another_installation(tmp_path: Path) -> None:
    installs = tmp_path / "home/.local/share/mise/installs/node"
    program(installs / "20.1.0/bin/node")
    (installs / "20").symlink_to("20.1.0")
    (installs / "20.1").symlink_to("20.1.0")
    assert [one.version for one in look(tmp_path, "nodejs")] == ["20.1.0"]


@pytest.mark.parametrize(
    ("line", "version"),
    [('JAVA_VERSION="17.0.15"', "17.0.15"), ('JAVA_VERSION="1.8.0_392"', "8.0"), ("", None)],
)
def test_a_jdk_tells_its_version_by_its_release_file(
    tmp_path: Path, line: str, version: str | None
) -> None:
    home = tmp_path / "usr/lib/jvm/java-x-amazon-corretto"
    program(home / "bin/java")
    (home / "release").write_text(f'IMPLEMENTOR="Amazon.com Inc."\n{line}\n')
    found = look(tmp_path, "java")
    assert [one.version for one in found] == ([version] if version else [])
    for one in found:
        assert dict(one.environment) == dict.fromkeys(
            ["JAVA_HOME", "JRE_HOME", "JDK_HOME"], str(home)
        )


def test_the_home_that_a_variable_or_path_leads_to_is_found(tmp_path: Path) -> None:
    for name in ("one", "two"):
        program(tmp_path / name / "bin/java", log=tmp_path / "ran")
        (tmp_path / name / "release").write_text('JAVA_VERSION="21.0.1"')
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "usr/bin/java").symlink_to(tmp_path / "two/bin/java")
    found = look(tmp_path, "java", JAVA_HOME=f"{tmp_path}/one")
    assert [(one.source, one.first) for one in found] == [
        (f"{tmp_path}/one", False),
        (f"{tmp_path}/two", True),
    ]
    assert not (tmp_path / "ran").exists()


def test_a_go_folder_tells_its_patch_version(tmp_path: Path) -> None:
    program(tmp_path / "usr/local/go/bin/go")
    (tmp_path / "usr/local/go/VERSION").write_text("go1.22.5\ntime 2024-06-27T20:11:12Z\n")
    (found,) = look(tmp_path, "golang")
    assert (found.version, found.environment) == (
        "1.22.5",
        (("GOROOT", f"{tmp_path}/usr/local/go"),),
    )


def test_a_dotnet_folder_offers_the_sdk_that_it_would_take(tmp_path: Path) -> None:
    root = tmp_path / "usr/share/dotnet"
    program(root / "dotnet", log=tmp_path / "ran")
    for version in ("6.0.400", "8.0.100", "10.0.1"):
        (root / "sdk" / version).mkdir(parents=True)
    (found,) = look(tmp_path, "dotnet")
    assert (found.version, found.directory) == ("10.0.1", str(root))
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("runtime", "name", "prints", "error", "version"),
    [
        ("nodejs", "node", "v18.19.0", False, "18.19.0"),
        ("golang", "go", "go version go1.22.2 linux/amd64", False, "1.22.2"),
        ("python", "python3", "Python 3.12.1", False, "3.12.1"),
        ("python", "python3", "Python 2.7.18", True, "2.7.18"),
        ("ruby", "ruby", "ruby 3.1.2p20 (2022-04-12 revision 4491bb740a)", False, "3.1.2"),
        ("php", "php", "PHP 8.2.7 (cli) (built: Jun  9 2023 19:37:27)", False, "8.2.7"),
        ("rust", "rustc", "rustc 1.75.0 (82e1608df 2023-12-21)", False, "1.75.0"),
        (
            "java",
            "java",
            'Picked up JAVA_TOOL_OPTIONS: -Xmx512m\nopenjdk version "17.0.15" 2025-04-15',
            True,
            "17.0.15",
        ),
        ("java", "java", 'java version "1.8.0_392"', True, "8.0"),
        ("java", "java", 'openjdk version "21" 2023-09-19', True, "21"),
        ("nodejs", "node", "cannot open shared object file", True, None),
    ],
)
def test_a_program_that_no_folder_explains_is_asked_once(
    tmp_path: Path, runtime: str, name: str, prints: str, error: bool, version: str | None
) -> None:
    program(tmp_path / "usr/bin" / name, prints, log=tmp_path / "ran", error=error)
    found = look(tmp_path, runtime, PATH=f"{tmp_path}/usr/bin:/usr/bin")
    told = [one for one in found if one.source == f"{tmp_path}/usr/bin/{name}"]
    assert [(one.version, one.first, one.directory) for one in told] == (
        [(version, True, "")] if version else []
    )
    assert (tmp_path / "ran").read_text() == f"{name}\n"


def test_a_program_that_says_nothing_is_given_up(tmp_path: Path) -> None:
    silent = tmp_path / "usr/bin/node"
    silent.parent.mkdir(parents=True)
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    environ = {"PATH": f"{tmp_path}/usr/bin:/bin", "HOME": str(tmp_path)}
    began = time.monotonic()
    assert find(["nodejs"], environ, str(tmp_path), patience=0.2) == []
    assert time.monotonic() - began < 30


def test_a_program_that_does_not_start_is_not_there(tmp_path: Path) -> None:
    broken = tmp_path / "usr/bin/node"
    broken.parent.mkdir(parents=True)
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    assert look(tmp_path, "nodejs") == []


def test_a_shim_is_passed_by(tmp_path: Path) -> None:
    """It would tell the version of the folder it is called in, and its own manager's."""
    program(tmp_path / "shims/python3", "Python 3.8.0", log=tmp_path / "ran")
    program(tmp_path / "usr/bin/python3", "Python 3.11.2")
    (found,) = look(tmp_path, "python", PATH=f"{tmp_path}/shims:{tmp_path}/usr/bin:/usr/bin")[-1:]
    assert found.version == "3.11.2"
    assert Link("python3", f"{tmp_path}/usr/bin/python3") in found.links
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("base", "version"), [("usr/bin", "3.12"), ("home/.pyenv/versions/3.12.1/bin", "3.12.1")]
)
def test_a_virtual_environment_that_path_leads_to_stays_first(
    tmp_path: Path, base: str, version: str
) -> None:
    """A link to its python from another folder would lead out of it, and so would its base."""
    program(tmp_path / base / "python3.12")
    (tmp_path / base / "python3").symlink_to("python3.12")
    (tmp_path / "venv/bin").mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").touch()
    for name in ("python", "python3", "python3.12"):
        (tmp_path / "venv/bin" / name).symlink_to(tmp_path / base / "python3")
    program(tmp_path / "venv/bin/pip")
    program(tmp_path / "venv/bin/pip3")
    path = f"{tmp_path}/venv/bin:{tmp_path}/usr/bin"
    selection = select([("python", "3.12")], look(tmp_path, "python", PATH=path))
    (chosen,) = selection.chosen
    assert (chosen.version, chosen.first) == (version, True)
    assert selection.settings(path, "/links") == {}


def test_nothing_is_looked_for_beyond_the_runtimes_wanted(tmp_path: Path) -> None:
    program(tmp_path / "usr/bin/node", "v18.19.0", log=tmp_path / "ran")
    assert look(tmp_path, "docker") == look(tmp_path, "ruby") == []
    assert not (tmp_path / "ran").exists()


class TestDebiansPythons:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        for minor in ("11", "12"):
            program(tmp_path / f"usr/bin/python3.{minor}", f"3.{minor}", log=tmp_path / "ran")
        (tmp_path / "usr/bin/python3").symlink_to("python3.11")
        return tmp_path

    def test_are_found_by_their_names(self, root: Path) -> None:
        found = look(root, "python")
        assert [(one.version, one.first) for one in found] == [("3.11", True), ("3.12", False)]
        assert not (root / "ran").exists()

    def test_are_had_as_python_and_pip(self, root: Path, tmp_path: Path) -> None:
        selection = select([("python", "3.12")], look(root, "python"))
        folder = str(tmp_path / "it's here")
        make_links(selection.links, folder)
        settings = selection.settings("/usr/bin:/bin", folder)
        for name in ("python", "python3", "pip", "pip3"):
            done = subprocess.run([name], env=settings, capture_output=True, text=True, check=True)
            assert done.stdout == "3.12\n"


def test_the_python_of_this_machine_is_had_with_its_pip(tmp_path: Path) -> None:
    """The real one that runs these tests, by the name that PATH has for it."""
    real = os.path.realpath("/usr/bin/python3")
    if not os.path.exists(real):
        pytest.skip("no system python here")
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    selection = select([("python", "3.x")], find(["python"], environ))
    folder = str(tmp_path / "links")
    make_links(selection.links, folder)
    environ |= selection.settings(environ["PATH"], folder)
    script = "python -c 'import sys; print(sys.version_info[0])'; command -v python; command -v pip"
    done = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True)
    assert done.stdout.startswith("3\n")
    assert len(done.stdout.splitlines()) == 3
