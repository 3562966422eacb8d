"""The versions of runtimes that a machine has, and how its programs lead to them.

Folders tell nearly all of it. A program is started only if PATH leads to one that no folder
explains: at most one for each runtime wanted, all at once.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Mapping

from penstock.runner.codebuild.runtimes import Installed, Link, version_parts
from penstock.runner.codebuild.runtimes.layouts import LAYOUTS
from penstock.runner.codebuild.source.program import Program

# The program that stands for a runtime comes first.
_PROGRAMS = {
    "dotnet": ("dotnet",),
    "golang": ("go", "gofmt"),
    "java": ("java", "javac", "jar", "jshell", "keytool"),
    "nodejs": ("node", "npm", "npx", "corepack"),
    "php": ("php",),
    "python": ("python3", "python", "pip", "pip3"),
    "ruby": ("ruby", "gem", "bundle", "bundler", "irb", "rake"),
    "rust": ("rustc", "cargo"),
}
_QUESTIONS = {"golang": "version", "java": "-version"}
_HOMES = {"java": ("JAVA_HOME", "JRE_HOME", "JDK_HOME"), "golang": ("GOROOT",)}
_DOTNET_ROOTS = ("$DOTNET_ROOT", "~/.dotnet", "/usr/share/dotnet", "/usr/lib/dotnet")
_VERSIONED = ("php", "python", "ruby")  # Debian installs several, as php8.2 and php8.3

_FOLDER = re.compile(r"(?:v|go-?|ruby-)?(\d+(?:\.\d+)+)(?:-(?:x86_64|aarch64)-.*)?")
_GO_VERSION = re.compile(r"go(\d+(?:\.\d+)+)")
_JAVA_VERSION = re.compile(r'(?:^JAVA_VERSION=|version )"(?:1\.(?=\d))?([\d.]+)', re.MULTILINE)
_VERSION = re.compile(r"(\d+\.\d+[\d.]*)")


def find(
    names: Iterable[str], environ: Mapping[str, str], root: str = "", *, patience: float = 5.0
) -> list[Installed]:
    """What is installed of the named runtimes, as seen with the variables `environ`.

    `root` is put before absolute paths of the system, where that is mounted elsewhere. Programs
    have `patience` seconds to tell their versions.
    """
    machine = _Machine(environ, root)
    found: list[Installed] = []
    asked: list[tuple[str, str, Program]] = []
    for name in dict.fromkeys(names):
        if name not in _PROGRAMS:
            continue
        there = machine.in_folders(name)
        found += there
        path = machine.which(_PROGRAMS[name][0])
        if path and name != "dotnet" and not any(one.first for one in there):
            asked += machine.ask(name, path)
    deadline = time.monotonic() + patience
    for name, path, program in asked:
        answer = program.answer(deadline)
        version = _version_in(name, answer.output.decode("utf-8", "replace") + answer.complaint)
        if version:
            links = machine.links(name, path)
            found.append(Installed(name, version, path, links=links, first=True))
    return found


def make_links(links: Iterable[Link], folder: str) -> None:
    """Puts programs under their names into a new folder. Raises OSError."""
    os.makedirs(folder)
    for link in links:
        path = os.path.join(folder, link.name)
        if not link.arguments:
            os.symlink(link.program, path)
            continue
        quoted = link.program.replace("'", "'\\''")
        with open(path, "w", opener=_executable) as script:
            script.write(f"#!/bin/sh\nexec '{quoted}' {' '.join(link.arguments)} \"$@\"\n")


class _Machine:
    """Folders and programs as one set of variables shows them."""

    def __init__(self, environ: Mapping[str, str], root: str) -> None:
        self._environ = environ
        self._root = root
        self._path = [folder for folder in environ.get("PATH", "").split(":") if folder]

    def in_folders(self, runtime: str) -> list[Installed]:
        """What folders tell; `first` where PATH leads to it."""
        if runtime == "dotnet":
            found = self._sdks()
        else:
            found = self._laid_out(runtime)
            found += self._versioned(runtime, {one.directory for one in found})
        leading = os.path.dirname(self._leading(runtime))
        stays = runtime == "python" and self._has_virtual_environment()
        return [
            one._replace(first=True, directory="" if stays else one.directory)
            if one.directory and os.path.realpath(one.directory) == leading
            else one
            for one in found
        ]

    def which(self, name: str, *, shims: bool = False) -> str:
        """The program that PATH leads to, past the shims of version managers; empty if none.

        Shims choose by the folder they are called in, and their managers' versions are listed.
        """
        for folder in self._path:
            path = os.path.join(folder, name)
            if (shims or os.path.basename(folder) != "shims") and _runs(path):
                return path
        return ""

    def ask(self, runtime: str, path: str) -> list[tuple[str, str, Program]]:
        """Starts a program that is to tell its version; none where it does not start."""
        try:
            program = Program((path, _QUESTIONS.get(runtime, "--version")), self._environ)
        except OSError:
            return []
        return [(runtime, path, program)]

    def links(self, runtime: str, program: str) -> tuple[Link, ...]:
        """The names by which PATH does not lead to the program and its companions."""
        links = []
        for name in _PROGRAMS[runtime]:
            own = os.path.join(os.path.dirname(program), name)
            if _runs(own):
                if self.which(name, shims=True) != own:
                    links.append(Link(name, own))
            elif runtime == "python":
                links.append(_python_link(name, program))
        return tuple(links)

    def _leading(self, runtime: str) -> str:
        """Where the program that PATH leads to really is; empty if there is none."""
        path = self.which(_PROGRAMS[runtime][0])
        return os.path.realpath(path) if path else ""

    def _has_virtual_environment(self) -> bool:
        """Whether one comes first on PATH. It stays there: its pip is to install into it."""
        path = self.which("python3", shims=True)
        return os.path.exists(os.path.join(os.path.dirname(path), "../pyvenv.cfg"))

    def _laid_out(self, runtime: str) -> list[Installed]:
        """The versions that have a folder each."""
        found: dict[str, Installed] = {}
        for source, folder in (*self._folders(runtime), *self._homes(runtime)):
            real = os.path.realpath(folder)
            version = _version_of(runtime, real)
            programs = os.path.join(real, "bin")
            if real in found or not version or not _runs(f"{programs}/{_PROGRAMS[runtime][0]}"):
                continue
            environment = tuple((name, real) for name in _HOMES.get(runtime, ()))
            found[real] = Installed(runtime, version, source or real, programs, environment)
        return list(found.values())

    def _folders(self, runtime: str) -> list[tuple[str, str]]:
        """Sources and folders. A link among them is another name for one of the others."""
        found = []
        for layout in LAYOUTS:
            if layout.runtime != runtime:
                continue
            for root in filter(None, map(self._expanded, layout.roots)):
                for entry in _scan(root):
                    if entry.is_dir(follow_symlinks=False):
                        found.append((layout.source, os.path.join(entry.path, layout.inner)))
        return found

    def _homes(self, runtime: str) -> list[tuple[str, str]]:
        """The folders that variables and PATH lead to, of a runtime that is told by its home."""
        if runtime not in _HOMES:
            return []
        homes = [self._environ.get(_HOMES[runtime][0], "")]
        homes.append(os.path.dirname(os.path.dirname(self._leading(runtime))))
        return [("", home) for home in homes if home]

    def _versioned(self, runtime: str, known: set[str]) -> list[Installed]:
        """The programs on PATH that have a version in their names."""
        if runtime not in _VERSIONED:
            return []
        name = re.compile(rf"{runtime}(\d+\.\d+)")
        found: dict[str, Installed] = {}
        for folder in dict.fromkeys(map(os.path.realpath, self._path)):
            if folder in known or os.path.basename(folder) == "shims":
                continue
            for entry in _scan(folder):
                if match := name.fullmatch(entry.name):
                    one = self._named(runtime, match[1], entry.path)
                    found.setdefault(os.path.realpath(entry.path), one)
        return [one for real, one in found.items() if _runs(real)]

    def _named(self, runtime: str, version: str, path: str) -> Installed:
        if os.path.realpath(path) != self._leading(runtime):
            links = _versioned_links(runtime, version, path)
            return Installed(runtime, version, path, links=links)
        links = self.links(runtime, self.which(_PROGRAMS[runtime][0]))
        return Installed(runtime, version, path, links=links, first=True)

    def _sdks(self) -> list[Installed]:
        """The newest SDK of each .NET folder: the one that its `dotnet` takes by itself."""
        roots = [os.path.dirname(self._leading("dotnet")), *map(self._expanded, _DOTNET_ROOTS)]
        found = []
        for root in dict.fromkeys(os.path.realpath(root) for root in roots if root):
            versions = [e.name for e in _scan(f"{root}/sdk") if _VERSION.fullmatch(e.name)]
            if versions and _runs(f"{root}/dotnet"):
                newest = max(versions, key=version_parts)
                found.append(Installed("dotnet", newest, root, root, (("DOTNET_ROOT", root),)))
        return found

    def _expanded(self, path: str) -> str:
        """A folder of LAYOUTS on this machine; empty where its variable is not set."""
        if path[0] == "/":
            return self._root + path
        head, _, rest = path.partition("/")
        value = self._environ.get("HOME" if head == "~" else head[1:])
        return os.path.join(value, rest) if value else ""


def _version_of(runtime: str, folder: str) -> str:
    """The version of the installation in a folder: by its own file, or the folder's name."""
    if runtime == "java":
        return _version_in(runtime, _read(f"{folder}/release"))
    if runtime == "golang" and (found := _GO_VERSION.match(_read(f"{folder}/VERSION"))):
        return found[1]
    for part in (os.path.basename(folder), os.path.basename(os.path.dirname(folder))):
        if found := _FOLDER.fullmatch(part):
            return found[1]
    return ""


def _version_in(runtime: str, text: str) -> str:
    found = (_JAVA_VERSION if runtime == "java" else _VERSION).search(text)
    return found[1].rstrip(".") if found else ""


def _versioned_links(runtime: str, version: str, program: str) -> tuple[Link, ...]:
    if runtime == "python":
        return tuple(_python_link(name, program) for name in _PROGRAMS[runtime])
    folder = os.path.dirname(program)
    pairs = ((name, os.path.join(folder, name + version)) for name in _PROGRAMS[runtime])
    return tuple(Link(name, path) for name, path in pairs if _runs(path))


def _python_link(name: str, program: str) -> Link:
    return Link(name, program, ("-m", "pip") if name.startswith("pip") else ())


def _runs(path: str) -> bool:
    return os.access(path, os.X_OK) and os.path.isfile(path)


def _scan(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(4096)
    except OSError:
        return ""


def _executable(path: str, flags: int) -> int:
    return os.open(path, flags, 0o755)
