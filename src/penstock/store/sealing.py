"""Secrets at rest: AES-256-GCM under a master key that is not in the database."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY_ID = 4


class SealError(Exception):
    """A secret was sealed under a key this process does not have, or was changed since."""


class MasterKey(NamedTuple):
    """32 random bytes, and the first bytes of their hash, which every sealed value begins with."""

    identifier: bytes
    secret: bytes

    @classmethod
    def of(cls, secret: bytes) -> MasterKey:
        from hashlib import sha256

        if len(secret) != 32:
            raise SealError(f"a master key is 32 bytes, not {len(secret)}")
        return cls(sha256(secret).digest()[:KEY_ID], secret)


class Sealer:
    """Seals under the first of the keys, opens under any: so keys can be rotated.

    `about` binds a sealed value to what it is the secret of: moved to another row it does not open.
    """

    def __init__(self, keys: Sequence[MasterKey]) -> None:
        self.current = keys[0].identifier
        self._current = AESGCM(keys[0].secret)
        self._keys = {key.identifier: AESGCM(key.secret) for key in keys}

    def seal(self, secret: bytes, about: str) -> bytes:
        nonce = os.urandom(NONCE)
        return self.current + nonce + self._current.encrypt(nonce, secret, about.encode())

    def unseal(self, sealed: bytes, about: str) -> bytes:
        """Raises SealError."""
        key = self._keys.get(sealed[:KEY_ID])
        if key is None:
            raise SealError(f"the master key that sealed {about} is not among this server's keys")
        nonce, rest = sealed[KEY_ID : KEY_ID + NONCE], sealed[KEY_ID + NONCE :]
        try:
            return key.decrypt(nonce, rest, about.encode())
        except InvalidTag:
            raise SealError(f"{about} does not open: it was changed since it was sealed") from None


def read_keys(path: str) -> list[MasterKey]:
    """The keys of a key file, one in base64 a line, the newest first. Raises SealError, OSError."""
    with open(path, encoding="ascii") as file:
        try:
            keys = [
                MasterKey.of(base64.b64decode(line, validate=True)) for line in file.read().split()
            ]
        except ValueError as error:
            raise SealError(f"{path}: not a key file: {error}") from None
    if not keys:
        raise SealError(f"{path}: no key in it")
    return keys


def add_key(path: str) -> None:
    """Puts a new key above those of a key file, or makes the file; only its owner may read it."""
    old = ""
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            old = file.read()
    fresh = f"{path}.{os.getpid()}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="ascii") as file:
        file.write(base64.b64encode(os.urandom(32)).decode() + "\n" + old)
        file.flush()
        os.fsync(file.fileno())
    os.replace(fresh, path)
