"""Which files are a build's artifact (CB-080 to CB-086, CB-208)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence
from typing import NamedTuple

from penstock.documents.buildspec import Artifact
from penstock.runner.archives import Entry, UnsafeArchive, safe_link
from penstock.runner.codebuild import patterns
from penstock.state.builds import PhaseContext


class Selection(NamedTuple):
    """What to pack, lines for the build log, and why the phase fails (empty where it does not)."""

    files: tuple[Entry, ...] = ()
    notes: tuple[str, ...] = ()
    context: PhaseContext = PhaseContext()


class _Place(NamedTuple):
    """A pattern made relative to the folder below which it is matched; names start there too."""

    folder: str
    pattern: str


def select(
    artifact: Artifact,
    root: str,
    resolve: Callable[[str], str] = str,
    sources: Sequence[str] = (),
) -> Selection:
    """The files of one artifact, named as they stand in its archive, in the order of the names.

    `root` is the original source location; the artifact's strings are already expanded. `sources`
    are the secondary sources' folders. Nothing outside these is ever read, symbolic links resolved:
    the build chose the paths, but it is not the build that reads them. `resolve` turns an absolute
    path of the build into one readable here. The build must have ended: its tree is read by path.
    """
    base = _readable(artifact.base_directory or ".", resolve)
    bases, problem = _bases(base, root, sources)
    if not bases:
        return _failed(artifact.base_directory or ".", problem)
    allowed = tuple(os.path.realpath(folder).rstrip("/") + "/" for folder in (root, *bases))
    excluded = [patterns.matcher(text.value) for text in artifact.exclude_paths]
    chosen: dict[str, Entry] = {}
    notes: list[str] = []
    for text in artifact.files:
        places = _places(_readable(text.value, resolve), bases, root)
        found = [(place.folder, path) for place in places for path in patterns.find(*place)]
        if not found:
            notes.append(_skipped(text.value, places))
        for folder, path in found:
            if not any(excludes(path) for excludes in excluded):
                notes += _add(artifact, chosen, folder, path, allowed)
    files = tuple(chosen[name] for name in sorted(chosen))
    context = PhaseContext()
    if not files:
        context = PhaseContext("CLIENT_ERROR", "no matching artifact paths found")
    return Selection(files, tuple(dict.fromkeys(notes)), context)


def _readable(pattern: str, resolve: Callable[[str], str]) -> str:
    return resolve(pattern) if pattern.startswith("/") else pattern


def _bases(base: str, root: str, sources: Sequence[str]) -> tuple[list[str], str]:
    """The folders that `base-directory` names, and why there are none."""
    within = [folder for folder in (root, *sources) if patterns.inside(base, folder) is not None]
    if not within:
        return [], "it is outside the source"
    found = patterns.find_folders(within[0], base)
    return [os.path.normpath(os.path.join(within[0], path)) for path in found], ""


def _failed(base: str, problem: str) -> Selection:
    """AWS's words, as seen in public build logs; the row names only those about files."""
    note = f"Skipping invalid file path {base}" + (f": {problem}" if problem else "")
    message = f"no matching base directory path found for {base}"
    return Selection(notes=(note,), context=PhaseContext("CLIENT_ERROR", message))


def _places(pattern: str, bases: Sequence[str], root: str) -> tuple[_Place, ...]:
    """Below each base directory; a path that leaves those is taken while it stays in the source.

    Whether AWS takes absolute paths elsewhere is unspecified; refusing keeps the machine's own
    files out of artifacts.
    """
    below = [(base, patterns.inside(pattern, base)) for base in bases]
    places = tuple(_Place(base, relative) for base, relative in below if relative is not None)
    if places:
        return places
    relative = patterns.inside(os.path.join(bases[0], pattern), root)
    return () if relative is None else (_Place(root, relative),)


def _skipped(pattern: str, places: Sequence[_Place]) -> str:
    """CB-081; the reason is ours, where there is one to tell."""
    note = f"Skipping invalid file path {pattern}"
    if not places:
        return f"{note}: it is outside the source"
    if os.path.isdir(os.path.join(*places[0])):
        return f"{note}: it is a folder; write {pattern.rstrip('/')}/**/* for its files"
    return note


def _add(
    artifact: Artifact,
    chosen: dict[str, Entry],
    folder: str,
    path: str,
    allowed: Sequence[str],
) -> list[str]:
    """Adds a file unless something speaks against it, which is returned as a note."""
    name = os.path.basename(path) if artifact.discard_paths else path
    # A link is packed flat as what it points to: its target's path means nothing there.
    keep_link = artifact.enable_symlinks and not artifact.discard_paths
    entry = _entry(os.path.join(folder, path), name, allowed, keep_link)
    if isinstance(entry, str):
        return [f"Skipping {path}: {entry}"]
    other = chosen.setdefault(name, entry)
    if other.source != entry.source:
        # Unspecified by AWS (CB-083). The first by pattern, then by path, is a stable choice.
        return [f"Skipping {path}: {other.source} is already in the artifact as {name}"]
    return []


def _entry(source: str, name: str, allowed: Sequence[str], keep_link: bool) -> Entry | str:
    """The entry, or why there is none. A link is followed only to a file inside the source."""
    if not os.path.islink(source):
        return Entry(source, name)
    real = os.path.realpath(source)
    if not real.startswith(tuple(allowed)):
        return "it is a symbolic link to outside the source"
    if keep_link:
        try:
            return Entry(source, name, safe_link(name, os.readlink(source)))
        except UnsafeArchive:
            pass  # inside the source, yet outside the archive: its file is packed instead
    try:
        mode = os.lstat(real).st_mode
    except OSError:
        return "it is a symbolic link to nothing"
    if not stat.S_ISREG(mode):
        return "it is a symbolic link to a folder (enable-symlinks keeps such links)"
    return Entry(real, name)
