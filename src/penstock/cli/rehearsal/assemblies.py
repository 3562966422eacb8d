"""A CDK app as `cdk synth` leaves it (cdk.out): its stacks in order, and the files they need."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from penstock.cli.rehearsal.subjects import Subject, SubjectError

_ASSETS = "aws:cdk:asset-manifest"
_CLOUDFORMATION = "aws:cloudformation:stack"
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
BOOTSTRAP_VERSION = "99"
"""What an app finds in place of the version of its bootstrap stack, which nobody has made here."""


class Asset(NamedTuple):
    """A file, or a folder that is packed, and the object it is to be."""

    path: str
    packed: bool
    bucket: str
    key: str


class Assembly(NamedTuple):
    """`versions` are the names of parameters in which the app looks for its bootstrap's version."""

    subjects: tuple[Subject, ...]
    assets: tuple[Asset, ...]
    versions: tuple[str, ...]


def read_assembly(
    folder: str,
    place: tuple[str, str],
    *,
    stacks: Sequence[str] = (),
    parameters: Mapping[str, str] = {},
) -> Assembly:
    """The stacks named, with those they depend on, or all; `place` is account and Region.

    Raises SubjectError.
    """
    manifest = _json(os.path.join(folder, "manifest.json"))
    artifacts = manifest.get("artifacts", {})
    made = {id_: one for id_, one in artifacts.items() if one.get("type") == _CLOUDFORMATION}
    names = {id_: one.get("properties", {}).get("stackName", id_) for id_, one in made.items()}
    for stack in stacks:
        if stack not in names.values() and stack not in names:
            known = ", ".join(sorted(names.values()))
            raise SubjectError(f"{folder} has no stack {stack}: it has {known}")
    wanted = [id_ for id_ in made if not stacks or {id_, names[id_]} & set(stacks)]
    ordered = list(dict.fromkeys(one for id_ in wanted for one in _with_needs(id_, artifacts)))
    chosen = [id_ for id_ in ordered if id_ in made]
    return Assembly(
        tuple(_subject(folder, names[id_], made[id_], parameters) for id_ in chosen),
        tuple(_assets(folder, [artifacts[id_] for id_ in ordered], place)),
        tuple(dict.fromkeys(_versions(made[id_] for id_ in chosen))),
    )


def _with_needs(id_: str, artifacts: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """It, after all that it depends on."""
    if id_ in above or id_ not in artifacts:
        return []
    needs = artifacts[id_].get("dependencies", ())
    return [*(one for need in needs for one in _with_needs(need, artifacts, (*above, id_))), id_]


def _subject(
    folder: str, name: str, artifact: Mapping[str, Any], parameters: Mapping[str, str]
) -> Subject:
    asked = artifact["properties"]
    file = os.path.join(folder, asked["templateFile"])
    try:
        with open(file, encoding="utf-8") as opened:
            body = opened.read()
    except OSError as error:
        raise SubjectError(f"{file} cannot be read: {error.strerror}") from None
    known = json.loads(body).get("Parameters", {})
    given = {key: text for key, text in parameters.items() if key in known}
    return Subject(name, file, body, asked.get("parameters", {}) | given, asked.get("tags", {}))


def _assets(
    folder: str, artifacts: Sequence[Mapping[str, Any]], place: tuple[str, str]
) -> Iterator[Asset]:
    account, region = place
    for artifact in artifacts:
        if artifact.get("type") != _ASSETS:
            continue
        manifest = _json(os.path.join(folder, artifact["properties"]["file"]))
        for asset in manifest.get("files", {}).values():
            source = asset["source"]
            if "path" not in source:
                raise SubjectError(f"not implemented: assets made by a program ({source})")
            for to in asset["destinations"].values():
                bucket, key = (
                    _filled(to[name], account, region) for name in ("bucketName", "objectKey")
                )
                packed = source.get("packaging") == "zip"
                yield Asset(os.path.join(folder, source["path"]), packed, bucket, key)


def _versions(artifacts: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for artifact in artifacts:
        if name := artifact["properties"].get("bootstrapStackVersionSsmParameter"):
            yield name


def _filled(text: str, account: str, region: str) -> str:
    values = {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws"}
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


def publish(assembly: Assembly, clients: Mapping[str, Any]) -> None:
    """Puts the files where the stacks look for them, as `cdk deploy` would."""
    s3 = clients["s3"]
    for bucket in dict.fromkeys(asset.bucket for asset in assembly.assets):
        if bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=bucket)
    for asset in assembly.assets:
        with _content(asset) as body:
            s3.put_object(Bucket=asset.bucket, Key=asset.key, Body=body)
    for name in assembly.versions:
        clients["ssm"].put_parameter(
            Name=name, Value=BOOTSTRAP_VERSION, Type="String", Overwrite=True
        )


def _content(asset: Asset) -> Any:
    if not asset.packed:
        return open(asset.path, "rb")
    packed = tempfile.TemporaryFile()  # noqa: SIM115 - its caller closes it
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, path in _files(asset.path):
            about = zipfile.ZipInfo(name, _LONG_AGO)
            about.external_attr = (os.stat(path).st_mode & 0o777 | 0o100000) << 16
            about.compress_type = zipfile.ZIP_DEFLATED
            with open(path, "rb") as file:
                archive.writestr(about, file.read())
    packed.seek(0)
    return packed


def _files(path: str) -> Iterator[tuple[str, str]]:
    if os.path.isfile(path):
        yield os.path.basename(path), path
    for parent, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            whole = os.path.join(parent, name)
            yield os.path.relpath(whole, path), whole


def _json(path: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as file:
            found = json.load(file)
    except OSError as error:
        raise SubjectError(f"{path} cannot be read: {error.strerror}: run `cdk synth`") from None
    except ValueError as error:
        raise SubjectError(f"{path} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise SubjectError(f"{path} is no manifest")
    return found
