"""`penstock keys`: the access keys of an installation, and the master key of its secrets."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from penstock.cli.options import Given, Option, Usage, UsageError
from penstock.cli.server_command import (
    HELP,
    JSON,
    NOTES,
    YES,
    CommandError,
    confirmed,
    folder_of,
    options,
    settings_of,
)
from penstock.serving.credentials import ensure_credentials, root, user
from penstock.serving.credentials_file import read_credentials
from penstock.serving.folder import DataFolder
from penstock.serving.installation import alone, installed
from penstock.settings import Settings
from penstock.store.access_keys import issue_key, list_keys, revoke_key
from penstock.store.resealing import reseal
from penstock.store.sealing import Sealer, add_key, read_keys

USAGE = Usage(
    "keys",
    "Lists, creates and revokes access keys; gives secrets at rest a new master key.",
    (
        *options("data", "database", "storage", "key_file", "account"),
        Option(("--user",), "create: for a user of this name, instead of the account", "NAME"),
        Option(("--expires",), "create: a temporary key, for 30m, 12h or 7d", "TIME"),
        Option(("--description",), "create: what the key is for", "TEXT"),
        JSON,
        YES,
        HELP,
    ),
    words="list|create|revoke KEY_ID|rotate-master",
    notes=NOTES,
)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def perform(given: Given) -> int:
    action, words = (given.words or ("list",))[0], given.words[1:]
    actions: dict[str, tuple[int, Action]] = {
        "list": (0, _list),
        "create": (0, _create),
        "revoke": (1, _revoke),
        "rotate-master": (0, _rotate),
    }
    if action not in actions:
        raise UsageError(f"penstock keys has no {action!r}: it has {', '.join(actions)}")
    count, perform_it = actions[action]
    if len(words) != count:
        raise UsageError(f"penstock keys {action} takes {'a KEY_ID' if count else 'no words'}")
    settings = settings_of(given)
    asyncio.run(perform_it(given, settings, folder_of(settings)))
    return 0


Action = Callable[[Given, Settings, DataFolder], Coroutine[Any, Any, None]]


async def _list(given: Given, settings: Settings, folder: DataFolder) -> None:
    async with installed(settings, folder) as store:
        keys = await list_keys(store.database)
    if given.has("json"):
        print(json.dumps([key._asdict() for key in keys], indent=2, default=str))
        return
    for key in keys:
        who = key.arn.rpartition(":")[2]
        print(f"{key.access_key_id}  {key.created:%Y-%m-%d %H:%M}  {who}  {key.description}")


async def _create(given: Given, settings: Settings, folder: DataFolder) -> None:
    now, name = datetime.now(UTC), given.last("user")
    principal = user(settings.account, name) if name else root(settings.account)
    expires = _moment(given.last("expires"), now)
    async with (
        installed(settings, folder) as store,
        store.database.transaction() as connection,
    ):
        key = await issue_key(
            connection,
            store.sealer,
            principal,
            now=now,
            expires=expires,
            description=given.last("description") or "",
        )
    variables = {
        "AWS_ACCESS_KEY_ID": key.access_key_id,
        "AWS_SECRET_ACCESS_KEY": key.secret_access_key,
        **({"AWS_SESSION_TOKEN": key.session_token} if key.session_token else {}),
    }
    if given.has("json"):
        print(json.dumps(variables, indent=2))
    else:
        print("\n".join(f"{name}={value}" for name, value in variables.items()))


def _moment(text: str | None, now: datetime) -> datetime | None:
    if text is None:
        return None
    found = re.fullmatch("([1-9][0-9]{0,4})([mhd])", text)
    if not found:
        raise UsageError(f"--expires is a time such as 30m, 12h or 7d, not {text!r}")
    return now + timedelta(**{_UNITS[found[2]]: int(found[1])})


async def _revoke(given: Given, settings: Settings, folder: DataFolder) -> None:
    key_id, now = given.words[1], datetime.now(UTC)
    async with installed(settings, folder) as store:
        async with store.database.transaction() as connection:
            if not await revoke_key(connection, key_id, now):
                raise CommandError(f"there is no key {key_id} in force")
        own = read_credentials(folder)
        if own is not None and own.access_key_id == key_id:
            await ensure_credentials(folder, store, settings.account, now)
            print("It was the key of `penstock env`, which has a new one.")
    print(f"{key_id} is revoked; servers notice within a second.")


async def _rotate(given: Given, settings: Settings, folder: DataFolder) -> None:
    """With the server down, as each process reads the key file once, when it starts."""
    question = "All servers and workers must be down, and need the new key file afterwards."
    async with alone(settings, folder) as store:
        if settings.database and not confirmed(question, given):
            return
        path = settings.key_file or folder.file("master.keys")
        add_key(path)
        count = await reseal(store.database, Sealer(read_keys(path)))
    print(
        f"{count} secrets are sealed under a new master key. {path} still has the old ones below\n"
        "it, for backups of the database; remove their lines when you need no such backup."
    )
