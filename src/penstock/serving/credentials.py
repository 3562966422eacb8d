"""The key that `penstock env` hands out: issued once for a data folder, and kept in it."""

from __future__ import annotations

from datetime import datetime

from penstock.serving.credentials_file import Credentials, read_credentials, write_credentials
from penstock.serving.folder import DataFolder
from penstock.state.calls import Principal
from penstock.store import Store
from penstock.store.access_keys import find_key, issue_key
from penstock.store.sealing import SealError


def root(account: str) -> Principal:
    """The account itself, which may do everything in it."""
    return Principal(account, f"arn:aws:iam::{account}:root", account)


def user(account: str, name: str) -> Principal:
    """A person or a program with a name of its own; its unique id follows from the name."""
    from hashlib import sha256

    unique = sha256(f"{account}:{name}".encode()).hexdigest()[:17].upper()
    return Principal(account, f"arn:aws:iam::{account}:user/{name}", f"AIDA{unique}")


async def ensure_credentials(
    folder: DataFolder, store: Store, account: str, now: datetime
) -> Credentials:
    """Those in the folder, where they are still in force, else new ones."""
    kept = read_credentials(folder)
    if kept is not None and await _in_force(store, kept, account):
        return kept
    async with store.database.transaction() as connection:
        key = await issue_key(
            connection, store.sealer, root(account), now=now, description="penstock env"
        )
    fresh = Credentials(key.access_key_id, key.secret_access_key)
    write_credentials(folder, fresh)
    return fresh


async def _in_force(store: Store, kept: Credentials, account: str) -> bool:
    try:
        known = await find_key(store.database, store.sealer, kept.access_key_id)
    except SealError:
        return False
    return (
        known is not None
        and not known.revoked
        and known.secret_access_key == kept.secret_access_key
        and known.principal.account == account
    )
