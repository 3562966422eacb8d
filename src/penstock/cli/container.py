"""The container that `penstock run --docker` asks for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import penstock.runner.codebuild as codebuild
from penstock.cli.options import Given
from penstock.runner.shells.contract import Host, Setting
from penstock.runner.shells.docker import Container
from penstock.runner.shells.docker.creation import ContainerOptions
from penstock.runner.shells.images import image_overrides, resolve_image

DEFAULT_IMAGE = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
PROGRAMS = "/usr/local/bin"


def image_of(given: Given) -> str:
    """The image's name as a project would give it."""
    return given.last("image") or DEFAULT_IMAGE


def make_container(
    given: Given,
    environ: Mapping[str, str],
    folder: str,
    setting: Setting,
    source: str,
    note: Callable[[str], None],
) -> Host:
    """A container with CodeBuild's own programs in it. Raises HostError."""
    image = resolve_image(image_of(given), image_overrides(environ, folder))
    options = ContainerOptions(image, source, privileged=given.has("privileged"))
    container = Container(setting, options, note)
    container.put(os.path.join(codebuild.__path__[0], "tools"), PROGRAMS)
    return container
