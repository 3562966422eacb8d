"""Botocore's models: which services there are, by which names requests ask for them."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import botocore
from botocore.loaders import Loader
from botocore.model import ServiceModel

from penstock.documents.model_shapes import AMENDED

_DATA = os.path.join(os.path.dirname(botocore.__file__), "data")
_FILE = "service-2.json.gz"
_HEAD = 8192  # characters; a model's metadata stands before all else


class Catalogue(NamedTuple):
    """The services by what a request may have of them; values are botocore's names.

    Several services share a signing name (`ses`: ses, sesv2); `versions` are of the services that
    speak the query or the ec2 protocol, by API version.
    """

    signing: Mapping[str, Sequence[str]]
    targets: Mapping[str, Sequence[str]]
    versions: Mapping[str, Sequence[str]]
    metadata: Mapping[str, Mapping[str, Any]]


@cache
def catalogue() -> Catalogue:
    """Read from the first lines of every model, in about 0.15 s, once."""
    signing, targets, versions = defaultdict(list), defaultdict(list), defaultdict(list)
    metadata = dict(_read_metadata())
    for name, about in metadata.items():
        for alias in {about["endpointPrefix"], about.get("signingName", about["endpointPrefix"])}:
            signing[alias].append(name)
        if "targetPrefix" in about:
            targets[about["targetPrefix"]].append(name)
        if {"query", "ec2"} & set(protocols(about)):
            versions[about["apiVersion"]].append(name)
    # A service that is called as requests are signed is the one most likely meant.
    for alias, names in signing.items():
        if alias in names:
            names.insert(0, names.pop(names.index(alias)))
    return Catalogue(signing, targets, versions, metadata)


class _OneModel(Loader):  # type: ignore[misc]
    def list_available_services(self, type_name: str) -> list[str]:
        """All that there may be. Which of them have a model is a look into 400 folders, for one."""
        return os.listdir(_DATA)


@cache
def load_model(service: str) -> ServiceModel:
    """A service's whole model: tens of milliseconds, and some megabytes that stay."""
    model = _without_prose(_OneModel().load_service_model(service, "service-2"))
    for name, change in AMENDED.get(service, {}).items():
        model["shapes"][name] = {**model["shapes"][name], **change}
    return ServiceModel(model, service)


def protocols(metadata: Mapping[str, Any]) -> Sequence[str]:
    return metadata.get("protocols", [metadata["protocol"]])  # type: ignore[no-any-return]


def signing_name(service: str) -> str:
    about = catalogue().metadata[service]
    return str(about.get("signingName", about["endpointPrefix"]))


def _read_metadata() -> list[tuple[str, dict[str, Any]]]:
    decoder = json.JSONDecoder()
    found = []
    for name in sorted(os.listdir(_DATA)):
        dated = os.path.join(_DATA, name)
        versions = os.listdir(dated) if os.path.isdir(dated) else []
        files = [os.path.join(dated, version, _FILE) for version in sorted(versions)]
        if files := [file for file in files if os.path.exists(file)]:
            with gzip.open(files[-1], "rt", encoding="utf-8") as file:
                text = file.read(_HEAD)
            start = text.index("{", text.index('"metadata"'))
            found.append((name, decoder.raw_decode(text, start)[0]))
    return found


def _without_prose(value: Any) -> Any:
    """Documentation is most of a model, and no request needs it."""
    if isinstance(value, dict):
        return {
            key: _without_prose(item)
            for key, item in value.items()
            if not (key == "documentation" and isinstance(item, str))
        }
    if isinstance(value, list):
        return [_without_prose(item) for item in value]
    return value
