"""What the commands of a build stand on, made by DOWNLOAD_SOURCE and used to its end."""

from __future__ import annotations

from typing import NamedTuple

from penstock.documents.buildspec import Buildspec
from penstock.runner.codebuild.masking import Masker
from penstock.runner.codebuild.session import Session
from penstock.runner.codebuild.source import Source
from penstock.runner.shells.contract import Host


class Ground(NamedTuple):
    """`spec` is the order's, with the commands of chosen runtimes put in.

    `folder` is the source's path as the build sees it (CODEBUILD_SRC_DIR), `source.path` as this
    process does.
    """

    source: Source
    folder: str
    masker: Masker
    host: Host
    session: Session
    spec: Buildspec

    def here(self, path: str) -> str:
        """A path as this process sees it, where it is one of the source; else as it is."""
        if path == self.folder or path.startswith(self.folder + "/"):
            return self.source.path + path[len(self.folder) :]
        return path

    def has(self, path: str) -> bool:
        """Whether a path of the build's lies in the source."""
        return path[:1] != "/" or path == self.folder or path.startswith(self.folder + "/")
