"""The file of the key that `penstock env` hands out, in the data folder."""

from __future__ import annotations

from typing import NamedTuple

from penstock.serving.folder import DataFolder

FILE = "credentials.json"


class Credentials(NamedTuple):
    access_key_id: str
    secret_access_key: str


def read_credentials(folder: DataFolder) -> Credentials | None:
    found = folder.read_json(FILE)
    return Credentials(**found) if found else None


def write_credentials(folder: DataFolder, credentials: Credentials) -> None:
    folder.write_json(FILE, credentials._asdict())
