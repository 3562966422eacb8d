"""The names CodeBuild has for images, and what an engine can pull for them."""

from __future__ import annotations

import os
from collections.abc import Mapping

from penstock.runner.shells.contract import HostError

CURATED = "aws/codebuild/"
PULLABLE = f"{CURATED}amazonlinux"
GALLERY = "public.ecr.aws/codebuild/"
VARIABLE = "PENSTOCK_IMAGES"
FILE = "penstock.toml"


def resolve_image(name: str, overrides: Mapping[str, str]) -> str:
    """The image to run for the image a project names.

    AWS serves its Amazon Linux images in a public registry and its Ubuntu ones nowhere: those must
    be built from their repository, under the very name (CB-055). `overrides` come before both.
    """
    if name in overrides:
        return overrides[name]
    if name.startswith(PULLABLE):
        return GALLERY + name.removeprefix(CURATED)
    return name


def how_to_build(image: str) -> str:
    """What to do about one of CodeBuild's images that cannot be pulled."""
    folder = "ubuntu/" + image.removeprefix(CURATED).replace(":", "/")
    return (
        "AWS publishes only its source. Build it once (it takes long, and many gigabytes):\n"
        f"  docker build -t {image} "
        f"https://github.com/aws/aws-codebuild-docker-images.git#master:{folder}\n"
        f"or have another image stand in for it: {VARIABLE}='{image}=ANOTHER'"
    )


def image_overrides(environ: Mapping[str, str], folder: str) -> dict[str, str]:
    """The images that are to stand in for others. Raises HostError where they cannot be read.

    They are in the [images] table of penstock.toml in `folder`, and in PENSTOCK_IMAGES as
    `name=image,name=image`; the latter win.
    """
    return _of_file(os.path.join(folder, FILE)) | _of_variable(environ.get(VARIABLE, ""))


def _of_variable(text: str) -> dict[str, str]:
    overrides = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        name, _, image = (part.strip() for part in pair.partition("="))
        if not name or not image:
            raise HostError(f"{VARIABLE}: {pair!r} is not NAME=IMAGE[,NAME=IMAGE…]")
        overrides[name] = image
    return overrides


def _of_file(path: str) -> dict[str, str]:
    import tomllib

    try:
        with open(path, "rb") as file:
            images = tomllib.load(file).get("images", {})
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HostError(f"{path} cannot be read: {error}") from None
    if not isinstance(images, dict) or not all(isinstance(image, str) for image in images.values()):
        raise HostError(f"{path}: [images] must map names to images, both in quotes")
    return images
