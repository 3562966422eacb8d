"""`runtime-versions` put to work: chosen, told, and made the ones a build finds (CB-050…053)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from penstock.documents.buildspec import Command
from penstock.runner.codebuild.order import Order
from penstock.runner.codebuild.sinks import Sink
from penstock.runner.shells.contract import Host
from penstock.state.builds import PhaseContext

YAML_FILE_ERROR = "YAML_FILE_ERROR"
REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")

Wanted = tuple[tuple[str, str], ...]


def select_here(
    order: Order, sink: Sink, variables: Mapping[str, str]
) -> dict[str, str] | PhaseContext:
    """The variables that lead to the versions this machine has, or why the build fails.

    A version that is not there is a warning, as CodeBuild would have it; `strict_runtimes` makes it
    a failure.
    """
    from penstock.runner.codebuild.runtimes import select
    from penstock.runner.codebuild.runtimes.host import find, make_links

    wanted = _wanted(order, variables)
    selection = select(wanted, find((name for name, _ in wanted), variables))
    for line in selection.lines:
        sink.note(line)
    if selection.error:
        return PhaseContext(YAML_FILE_ERROR, selection.error)
    if selection.missing and order.strict_runtimes:
        return PhaseContext(YAML_FILE_ERROR, selection.missing[0].refusal())
    for missing in selection.missing:
        sink.warn(str(missing))
    links = os.path.join(order.folder, "runtimes")
    if selection.links:
        make_links(selection.links, links)
    return selection.settings(variables.get("PATH", ""), links)


def select_in_image(
    order: Order, sink: Sink, variables: Mapping[str, str], host: Host
) -> tuple[Command, ...] | PhaseContext:
    """The commands of the image's own list of runtimes, to run before those of INSTALL."""
    from penstock.runner.codebuild.runtimes.image import (
        PATH,
        UNSUPPORTED,
        Unreadable,
        read,
        select,
    )

    try:
        with open(
            os.path.join(host.fetch(os.path.dirname(PATH)), os.path.basename(PATH)), "rb"
        ) as f:
            recipes = read(f.read())
    except FileNotFoundError:
        sink.warn(UNSUPPORTED)
        return ()
    except Unreadable as error:
        return PhaseContext(YAML_FILE_ERROR, str(error))
    selection = select(_wanted(order, variables), recipes)
    for line in selection.lines:
        sink.note(line)
    if selection.error:
        return PhaseContext(YAML_FILE_ERROR, selection.error)
    at = order.spec.phase("install").runtime_versions[0].at
    return tuple(Command(command, at) for command in selection.commands)


def _wanted(order: Order, variables: Mapping[str, str]) -> Wanted:
    """Names and versions, with the variables that stand for versions put in (CB-050)."""

    def value(match: re.Match[str]) -> str:
        return variables.get(match[1] or match[2], "")

    entries = order.spec.phase("install").runtime_versions
    return tuple((entry.name, REFERENCE.sub(value, entry.value)) for entry in entries)
