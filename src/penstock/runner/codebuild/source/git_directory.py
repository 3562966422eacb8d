"""The `.git` of a source copy: builds ask it for commits, tags and differences, as in CodeBuild.

It is made from files, without `git clone`. HEAD, refs and index are copies, hooks and the rest of
the configuration are left out, and objects are read from the original or copied: nothing that a
build does to it reaches the user's repository.
"""

from __future__ import annotations

import os
import re

from penstock.runner.codebuild.source.copying import copy_bytes
from penstock.runner.codebuild.source.git import (
    Configuration,
    Git,
    Head,
    WorkTree,
    without_credentials,
)

# What git needs to read the objects and to compare files as it did in the original. Left out with
# purpose: core.worktree and core.hooksPath, which lead back to the original, and credentials.
_CORE = re.compile(
    r"core\.(repositoryformatversion|filemode|symlinks|ignorecase|precomposeunicode|autocrlf|eol)"
)
_EXTENSION = re.compile(r"extensions\.(?!worktreeconfig|relativeworktrees|refstorage)\w+")
_REMOTE = re.compile(r"remote\..+\.(url|fetch|promisor|partialclonefilter)", re.DOTALL)


def make_git_directory(
    tree: WorkTree,
    configuration: Configuration,
    head: Head,
    destination: str,
    *,
    self_contained: bool,
) -> None:
    """Makes `destination`/.git after the work tree's own, without an index. Raises OSError.

    `self_contained` copies the objects, for where the original will not be mounted.
    """
    target = os.path.join(destination, ".git")
    for name in ("", "refs", "objects", "objects/info", "objects/pack"):
        os.mkdir(os.path.join(target, name))
    _write(f"{target}/config", _configuration_text(configuration))
    _write(f"{target}/HEAD", head.content + b"\n")
    _copy_file(os.path.join(tree.common, "shallow"), f"{target}/shallow")
    if uses_reftable(configuration):
        _write(f"{target}/packed-refs", _asked_refs(tree.top))
    else:
        _copy_file(os.path.join(tree.common, "packed-refs"), f"{target}/packed-refs")
        _copy_below(os.path.join(tree.common, "refs"), f"{target}/refs")
    objects = os.path.realpath(os.path.join(tree.common, "objects"))
    if self_contained:
        _copy_objects(objects, f"{target}/objects")
    else:
        _write(f"{target}/objects/info/alternates", _alternate(objects))


def uses_reftable(configuration: Configuration) -> bool:
    """Whether the refs are in git's reftable format, which only git reads."""
    return dict(configuration).get("extensions.refstorage", "files") != "files"


def adopt_index(tree: WorkTree, destination: str) -> None:
    """Copies the index, with the shared part of a split one, into a `.git` made before.

    It keeps its time, by which git tells entries that are as young as the index, and so in doubt.
    """
    target = os.path.join(destination, ".git")
    names = [name for name in os.listdir(tree.directory) if name.startswith("sharedindex.")]
    for name in ("index", *names):
        _copy_file(os.path.join(tree.directory, name), os.path.join(target, name))


def _configuration_text(configuration: Configuration) -> bytes:
    # All files of a copy have new inodes: by time and size git knows those that did not change.
    kept = [("core.bare", "false"), ("core.checkStat", "minimal")]
    for key, value in configuration:
        if _REMOTE.fullmatch(key):
            kept.append((key, without_credentials(value) if key.endswith(".url") else value))
        elif _CORE.fullmatch(key) or _EXTENSION.fullmatch(key):
            kept.append((key, value))
    return b"".join(os.fsencode(_setting(key, value)) for key, value in kept)


def _setting(key: str, value: str) -> str:
    section, _, rest = key.partition(".")
    middle, _, name = rest.rpartition(".")
    title = f'{section} "{_escaped(middle)}"' if middle else section
    quoted = _escaped(value).replace("\n", "\\n")
    return f'[{title}]\n\t{name} = "{quoted}"\n'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _alternate(objects: str) -> bytes:
    path = os.fsencode(objects)
    if b"\n" in path:  # one line per folder: git unquotes those that begin with a quote
        path = b'"%s"' % os.fsencode(_escaped(objects)).replace(b"\n", b"\\n")
    return path + b"\n"


def _asked_refs(folder: str) -> bytes:
    answer = Git(folder, "for-each-ref", "--format=%(objectname) %(refname)").answer()
    return answer.output


def _copy_objects(objects: str, target: str) -> None:
    """The objects, and those of the repositories that this one borrows from."""
    waiting, seen = [objects], set[str]()
    while waiting:
        folder = os.path.realpath(waiting.pop())
        if folder in seen:
            continue
        seen.add(folder)
        _copy_below(folder, target)
        try:
            with open(os.path.join(folder, "info/alternates"), "rb") as file:
                lines = os.fsdecode(file.read()).splitlines()
        except FileNotFoundError:
            continue
        waiting += [os.path.join(folder, line) for line in lines if line and line[0] != "#"]
    try:
        os.unlink(f"{target}/info/alternates")
    except FileNotFoundError:
        pass


def _copy_below(source: str, target: str) -> None:
    """Copies a folder's files into another, next to what is there. Links and locks stay behind.

    Never hard links: a build that changes owner or mode of its copy would change the original's.
    """
    folders = [""]
    while folders:
        folder = folders.pop()
        os.makedirs(os.path.join(target, folder), exist_ok=True)
        with os.scandir(os.path.join(source, folder)) as entries:
            for entry in entries:
                name = os.path.join(folder, entry.name)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(name)
                elif entry.is_file(follow_symlinks=False) and not name.endswith(".lock"):
                    _copy_file(entry.path, os.path.join(target, name))


def _copy_file(source: str, target: str) -> None:
    """Copies a file and its time, unless there is none to copy or the target is there already."""
    try:
        with open(source, "rb", 0) as original, open(target, "xb", 0) as copy:
            found = os.fstat(original.fileno())
            copy_bytes(original.fileno(), copy.fileno(), found.st_size)
            os.utime(copy.fileno(), ns=(found.st_mtime_ns, found.st_mtime_ns))
    except (FileNotFoundError, FileExistsError):
        pass


def _write(path: str, content: bytes) -> None:
    with open(path, "wb", 0) as file:
        file.write(content)
