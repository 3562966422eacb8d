"""Looking for result files that no report group names (CB-072).

It runs after every build, so it is bounded: by entries looked at, by time, and to names and first
bytes of files. Nothing of XML or JSON is imported until a file looks like either.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from time import monotonic
from typing import NamedTuple

from penstock.documents.buildspec import ReportFormat

EVERYTHING = "**/*"
_HEAD = 8 * 1024
# Other people's code and history: AWS does not say that it skips them, but a report in there is
# none of this build's, and they are most of what there is to look at.
_SKIPPED = frozenset(
    (".git", ".hg", ".svn", "node_modules", "site-packages", "__pycache__", ".terraform")
)


class Limits(NamedTuple):
    entries: int = 50_000
    seconds: float = 0.25


DEFAULT_LIMITS = Limits()


class Discovery(NamedTuple):
    """Paths by format, sorted. `stopped` tells which limit ended the search, or is empty."""

    files: Mapping[ReportFormat, tuple[str, ...]]
    stopped: str = ""


def discover(
    root: str, pattern: str = EVERYTHING, newer_than: float = 0, limits: Limits = DEFAULT_LIMITS
) -> Discovery:
    """Result files below `root` that match `pattern`, an artifact pattern relative to it.

    `newer_than` (seconds since 1970) leaves out what an earlier build left in a working tree.
    Paths start with `root`. Symbolic links are not followed; folders that cannot be read count as
    empty. Never raises.
    """
    end = monotonic() + limits.seconds
    wanted = _matcher(pattern)
    found: dict[ReportFormat, list[str]] = {}
    for looked_at, entry in enumerate(_entries(root), 1):
        if looked_at > limits.entries:
            return _result(found, f"after {limits.entries:,} files and folders")
        if monotonic() > end:
            return _result(found, f"after {limits.seconds:g} s")
        if not _is_candidate(entry, newer_than) or not wanted(os.path.relpath(entry.path, root)):
            continue
        if file_format := sniff(entry.path):
            found.setdefault(file_format, []).append(entry.path)
    return _result(found)


def sniff(path: str) -> ReportFormat | None:
    """The format of a file by its name and first 8 KiB; None for anything else. Never raises."""
    from penstock.runner.codebuild.reports.files import opened
    from penstock.runner.codebuild.reports.model import Unreadable

    try:
        with opened(path, limit=1 << 62) as file:
            head = file.read(_HEAD)
    except (OSError, Unreadable):
        return None
    if path.endswith(".json"):
        return _json_format(os.path.basename(path), head)
    return _xml_format(head)


def _xml_format(head: bytes) -> ReportFormat | None:
    from penstock.runner.codebuild.reports.xml import format_of_head

    found = format_of_head(head)
    if found is ReportFormat.JACOCOXML and b"JACOCO" not in head and b"<package name=" not in head:
        return None  # <report name="…"> alone may be anything
    return found


def _json_format(name: str, head: bytes) -> ReportFormat | None:
    """By names that come early, as half a JSON document cannot be parsed."""
    if name == ".resultset.json":
        return ReportFormat.SIMPLECOV if b'"coverage"' in head else None
    is_list = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"["
    words = (b'"elements"', b'"keyword"', b'"line"')
    return ReportFormat.CUCUMBERJSON if is_list and all(word in head for word in words) else None


def _entries(root: str) -> Iterator[os.DirEntry[str]]:
    """Everything below `root`, folder by folder: what lies deepest comes last."""
    pending = [root]
    for folder in pending:
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield entry
                    if entry.is_dir(follow_symlinks=False) and entry.name not in _SKIPPED:
                        pending.append(entry.path)
        except OSError:
            continue


def _is_candidate(entry: os.DirEntry[str], newer_than: float) -> bool:
    if not entry.name.endswith((".xml", ".json", ".trx")):
        return False
    try:
        is_file = entry.is_file(follow_symlinks=False)
        return is_file and entry.stat(follow_symlinks=False).st_mtime >= newer_than
    except OSError:
        return False


def _matcher(pattern: str) -> Callable[[str], bool]:
    if pattern == EVERYTHING:
        return lambda path: True
    from penstock.runner.codebuild.patterns import matcher

    return matcher(pattern)


def _result(found: Mapping[ReportFormat, list[str]], stopped: str = "") -> Discovery:
    return Discovery({key: tuple(sorted(paths)) for key, paths in found.items()}, stopped)
