"""How a worker runs builds, as its machine's owner says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class RunnerSettings(NamedTuple):
    """Strings, numbers and mappings only: it goes to the processes that builds run in.

    `where` is `container`, `host`, or `auto`: in a container if an engine answers when the worker
    starts. `folder` is the one in which builds have theirs, and local caches lie. `images` stand in
    for others. `source_rewrites` maps beginnings of source URLs to what stands in for them, such as
    `https://github.com/` to `/srv/mirrors/`. `allow_host` says whether builds may run on the host.
    """

    where: str
    folder: str
    images: Mapping[str, str] = {}
    source_rewrites: Mapping[str, str] = {}
    allow_host: bool = True
